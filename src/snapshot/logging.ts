// Where log lines go, and in which format where the configuration does not name one.
import type { Config } from "../config/config.ts";

/** `text` on a terminal, else `json`; a file is never a terminal. @param output where the lines go */
export function loggingFormat(config: Config, output: string, terminal: boolean): "json" | "text" {
  return config.logging.format ?? (terminal && isStandard(output) ? "text" : "json");
}

/** Output of the application log: beside the access lines, but not in a file of theirs. */
export function applicationOutput(config: Config): string {
  const { output, applicationOutput: own } = config.logging;
  return own || (isStandard(output) ? output : "stdout");
}

function isStandard(output: string): boolean {
  return output === "stdout" || output === "stderr";
}
