// The application log: implements `Log` with pino, as JSON lines or readable text.
import { createRequire } from "node:module";
import pino from "pino";
import type * as Pretty from "pino-pretty";
import type { Log, LogLevel, LogLine } from "../core/log.ts";
import type { LineSink } from "./line-sink.ts";

/** Field names whose values never reach a log, wherever they stand in the facts. */
const REDACTED = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "password",
  "secret",
  "token",
  "key",
  "apiKey",
  "apiKeys",
  "api-key",
  "x-api-key",
  "x-goog-api-key",
  "x-openai-api-key",
  "openai-api-key",
];
const MASK = "***";
/** A shorter secret is hidden by the name of its field only: its letters may be part of any word. */
const SHORTEST = 8;

/** A log whose level, form and output can be changed while it is in use. */
export interface AppLog extends Log {
  setLevel(level: LogLevel): void;
  /** Writes there from now on. @param text readable lines instead of JSON */
  writeTo(sink: LineSink, text: boolean): void;
  /** Texts that are masked wherever they stand, such as keys that a provider may repeat; those given before are kept once. */
  hide(secrets: readonly string[]): void;
}

/** @param text readable lines instead of JSON */
export function createLog(sink: LineSink, level: LogLevel, text: boolean): AppLog {
  let hidden: readonly string[] = [];
  let before: readonly string[] = [];
  const hide = (line: string): string => {
    let shown = line;
    for (const secret of hidden) if (shown.includes(secret)) shown = shown.replaceAll(secret, MASK);
    for (const secret of before) if (shown.includes(secret)) shown = shown.replaceAll(secret, MASK);
    return shown;
  };
  let logger = loggerTo(sink, level, text, hide);
  const debug: LogLine = (message, facts) => logger.debug(facts ?? {}, message);
  const log: { debug: LogLine | null } & Omit<AppLog, "debug"> = {
    debug: level === "debug" ? debug : null,
    info: (message, facts) => logger.info(facts ?? {}, message),
    warn: (message, facts) => logger.warn(facts ?? {}, message),
    error: (message, facts) => logger.error(facts ?? {}, message),
    setLevel: (next) => {
      logger.level = next;
      log.debug = next === "debug" ? debug : null;
    },
    writeTo: (next, asText) => {
      logger = loggerTo(next, logger.level as LogLevel, asText, hide);
    },
    hide(secrets) {
      before = hidden; // requests that began with them may still be under way
      hidden = secrets.filter((secret) => secret.length >= SHORTEST);
    },
  };
  return log;
}

function loggerTo(sink: LineSink, level: LogLevel, text: boolean, hide: (line: string) => string): pino.Logger {
  const redact = { paths: REDACTED.flatMap((k) => [`["${k}"]`, `*["${k}"]`]), censor: MASK };
  const options = {
    level,
    base: null,
    redact,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const target = { write: (line: string) => sink.write(hide(line)) };
  return text ? pino(options, readable(target)) : pino(options, target);
}

function readable(target: { write(line: string): void }): { write(line: string): void } {
  // Loaded when it is wanted: most logs are JSON, and it takes as long as a tenth of the start.
  const { prettyFactory } = createRequire(import.meta.url)("pino-pretty") as typeof Pretty;
  const format = prettyFactory({ colorize: false, translateTime: "SYS:HH:MM:ss.l", singleLine: true });
  return {
    write(line) {
      // Problems of a configuration are shown as `check` shows them, not as one line of JSON.
      const { problems, ...rest } = JSON.parse(line) as { problems?: readonly string[] };
      const below = problems === undefined ? "" : `${problems.join("\n")}\n`;
      target.write(format(JSON.stringify(rest)) + below);
    },
  };
}
