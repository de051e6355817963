// How an instance is chosen: sessions and hashing of a rule, and `loadBalancing` for whole services.
import type { Infer } from "./field.ts";
import { mapOf, object, optional } from "./fields.ts";
import { bool, dur, int, num, oneOf, str } from "./scalars.ts";

/** `rules[].sessionAffinity`, `router.sessionAffinity`. */
export const sessionAffinity = object("How sessions are identified, for `loadBalance: sticky_session`", {
  enabled: bool("false: no session affinity", true),
  ttl: dur("lifetime of a session after its last use", 3_600_000),
  source: optional(
    oneOf("where the session id is; default the one whose name is set below, else `cookie`", [
      "cookie",
      "header",
      "query",
    ]),
  ),
  cookieName: optional(str("default `GATEWAY_SESSION`")),
  headerName: optional(str("default `X-Session-Id`")),
  queryParam: optional(str("default `session_id`")),
  maxEntries: int("maximum sessions in memory; those in a signed cookie need no memory", 10_000, 1, 10_000_000),
  issueCookie: optional(bool("set a signed cookie if the service sets none; default only for `GATEWAY_SESSION`")),
  secret: str(
    "key that signs these cookies, at least 16 characters; must be the same for gateways that share clients. Default that of `router.sessionAffinity`, else a random one per process",
    "",
  ),
});

/** `rules[].consistentHash`. */
export const consistentHash = object("What is hashed, for `loadBalance: consistent_hash`", {
  key: str(
    "`ip`, `path`, `header:<name>` or `cookie:<name>`; default `X-Session-Id`, then cookie `session`, then ip",
    "",
  ),
  replicaCount: int("points on the ring per unit of weight", 150, 1, 10_000),
  maxLoad: num(
    "skip an instance that has more than this multiple of its share of the requests in progress; 0 = never",
    1.25,
  ),
});

const service = object("Settings that differ from `default` for one service", {
  slowStart: optional(dur("instead of the default")),
  panicThreshold: optional(num("instead of the default", undefined, 0, 1)),
  overflow: optional(bool("instead of the default")),
});

/** `loadBalancing`. */
export const loadBalancing = object("Which instances of a service are considered by the balancer", {
  zone: str(
    'zone of this gateway: instances of the same `zone` come first within their `priority`; "" = no preference',
    "",
  ),
  default: object("For all services", {
    slowStart: dur("time over which a new or recovered instance gradually reaches its share; 0 = at once", 0),
    panicThreshold: num(
      "below this share of available instances all are used, whatever their health; 0 = never",
      0,
      0,
      1,
    ),
    overflow: bool(
      "send what a group cannot handle to the next; false = only when no instance of the group is available",
      true,
    ),
  }),
  services: mapOf("service → settings that differ", service),
});

/** Effective `sessionAffinity`. */
export type SessionAffinitySection = Infer<typeof sessionAffinity>;
/** Effective `consistentHash`. */
export type ConsistentHashSection = Infer<typeof consistentHash>;
