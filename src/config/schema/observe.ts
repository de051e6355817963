// What is seen from outside: request ids, metrics, logs.

import { object, optional } from "./fields.ts";
import { fieldName, urlPath } from "./grammar-scalars.ts";
import { middlewareRateLimit } from "./limits.ts";
import { bool, int, numbers, oneOf, str } from "./scalars.ts";

/** `middleware`. */
export const middleware = object("Policies of every route", {
  tracking: object("Request ids", {
    enabled: bool("give every request an id", true),
    headerName: fieldName("header that carries it", "X-Request-ID"),
    generateIfMissing: bool("make one when the client sent none", true),
    propagateToBackend: bool("send it upstream", true),
  }),
  ratelimit: middlewareRateLimit,
});

/** `metrics`. */
export const metrics = object("Prometheus metrics", {
  enabled: bool("count, and serve the scrape endpoint", false),
  path: urlPath("path of the scrape endpoint", "/metrics"),
  port: int("0 = main listener, else a listener of its own on the same host", 0, 0, 65535),
  includePathLabel: bool("keep the route and path labels", true),
  includeMethodLabel: bool("keep the method label", true),
  includeStatusLabel: bool("keep the status label", true),
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
      "level of the application log; access lines are written at any",
      ["debug", "info", "warn", "error"],
      "info",
    ),
    format: optional(oneOf("default json, text on a terminal", ["json", "text"])),
    output: str("access lines: `stdout`, `stderr` or a file", "stdout"),
    applicationOutput: str(
      "application lines: `stdout`, `stderr` or a file; default that of the access lines, but stdout where those go to a file",
      "",
    ),
    skipProbes: bool(
      "write no access lines for probes and scrapes that went well: the gateway's own health and metrics paths, and user agents of known probes",
      false,
    ),
  }),
});
