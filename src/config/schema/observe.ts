// Observability: request ids, metrics, logs.

import { object, optional } from "./fields.ts";
import { fieldName, urlPath } from "./grammar-scalars.ts";
import { middlewareRateLimit } from "./limits.ts";
import { bool, int, numbers, oneOf, str } from "./scalars.ts";

/** `middleware`. */
export const middleware = object("Policies for all routes", {
  tracking: object("Request ids", {
    enabled: bool("give every request an id", true),
    headerName: fieldName("header that carries it", "X-Request-ID"),
    generateIfMissing: bool("generate one if the client sends none", true),
    propagateToBackend: bool("send it to the backend", true),
  }),
  ratelimit: middlewareRateLimit,
});

/** `metrics`. */
export const metrics = object("Prometheus metrics", {
  enabled: bool("collect metrics and serve the scrape endpoint", false),
  path: urlPath("path of the scrape endpoint", "/metrics"),
  port: int("0 = main listener, else a separate listener on the same host", 0, 0, 65535),
  includePathLabel: bool("include the route and path labels", true),
  includeMethodLabel: bool("include the method label", true),
  includeStatusLabel: bool("include the status label", true),
  buckets: numbers(
    "bounds of the duration histograms, seconds",
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  ),
});

/** `telemetry`. */
export const telemetry = object("Logs", {
  logging: object("Access and application log", {
    enabled: bool("write access lines", true),
    level: oneOf(
      "level of the application log; access lines are always written",
      ["debug", "info", "warn", "error"],
      "info",
    ),
    format: optional(oneOf("default json, text on a terminal", ["json", "text"])),
    output: str("access lines: `stdout`, `stderr` or a file", "stdout"),
    applicationOutput: str(
      "application lines: `stdout`, `stderr` or a file; default that of the access lines, but stdout if those go to a file",
      "",
    ),
    skipProbes: bool(
      "omit access lines for successful probes and scrapes: the gateway's own health and metrics paths, and user agents of known probes",
      false,
    ),
  }),
});
