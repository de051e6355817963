// The interface of the application log. Only `observe/` depends on the library that writes it (pino).

/** Levels of the application log. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes a line: a message and structured fields. */
export type LogLine = (message: string, facts?: Readonly<Record<string, unknown>>) => void;

/** Structured log. No secret and no upstream text goes in. */
export interface Log {
  /** null unless the level is `debug`, so that `log.debug?.(message, facts)` does not evaluate its arguments. */
  readonly debug: LogLine | null;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}
