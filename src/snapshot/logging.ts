// Log outputs, and their default format.
import type { Config } from "../config/config.ts";

/** `text` on a terminal, else `json`; a file is never a terminal. @param output where the lines go */
export function loggingFormat(config: Config, output: string, terminal: boolean): "json" | "text" {
  return config.logging.format ?? (terminal && isStandard(output) ? "text" : "json");
}

/**
 * Output of the application log: as configured, else that of the access log, or standard output when the access log is a
 * file.
 */
export function applicationOutput(config: Config): string {
  const { output, applicationOutput: own } = config.logging;
  return own || (isStandard(output) ? output : "stdout");
}

function isStandard(output: string): boolean {
  return output === "stdout" || output === "stderr";
}
