// `management`: the port for operators.

import type { Infer } from "./field.ts";
import { mapOf, object, optional } from "./fields.ts";
import { host } from "./grammar-scalars.ts";
import { managementTls } from "./listener-tls.ts";
import { bool, int, oneOf, str, strings } from "./scalars.ts";

/** `management`. */
export const management = object("Management API, on a separate listener", {
  enabled: bool("serve it", false),
  host: host("address to bind", "127.0.0.1"),
  port: int("port to bind; 0 = any free port", 9090, 0, 65535),
  basePath: str("prefix of every path", "/management"),
  auth: object("Access control", {
    enabled: bool("false: no authentication; the host must then be a loopback address", true),
    type: optional(
      oneOf(
        "`token` = bearer token, `basic` = name and password; default by the keys present",
        ["token", "basic"],
        undefined,
        {
          bearer: "token",
        },
      ),
    ),
    token: str(
      "token of clients; without any usable credential one is generated at start and printed to standard error",
      "",
    ),
    users: mapOf("name → password", str("password")),
  }),
  endpoints: object("Groups of paths; disabled ones are answered 404", {
    health: bool("`/health`, `/health/live`, `/health/ready`, `/info`, `/certificates`", true),
    metrics: bool("`/metrics`, `/stats`", true),
    routes: bool("`/routes`, `/routes/reload`, `/rate-limits`", true),
    services: bool("`/services`, `/circuit-breakers`", true),
    config: bool("`/config`, `/config/reload`, `/debug/log-level`", true),
  }),
  allowedIPs: strings("CIDR ranges of peers that may use it, others are answered 403; empty = any"),
  tls: managementTls,
});

/** Effective `management`. */
export type ManagementSection = Infer<typeof management>;
