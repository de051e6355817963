// The format of log lines when the configuration does not name one.
import type { Config } from "../config/config.ts";

/** `text` on a terminal, else `json`; a file is never a terminal. */
export function loggingFormat(config: Config, terminal: boolean): "json" | "text" {
  const { format, output } = config.written.telemetry.logging;
  const shown = terminal && (output === "stdout" || output === "stderr");
  return format ?? (shown ? "text" : "json");
}
