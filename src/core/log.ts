// The application log as the rest of the house sees it; what writes it (pino) is known to `observe/` alone.

/** Levels of the application log. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes a line: a sentence and the facts beside it. */
export type LogLine = (message: string, facts?: Readonly<Record<string, unknown>>) => void;

/** Structured log. No secret and no upstream text goes in. */
export interface Log {
  /** null unless the level is `debug`: `log.debug?.(message, facts)` then does not even make the facts. */
  readonly debug: LogLine | null;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}
