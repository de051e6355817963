// How an instance is chosen: sessions and hashing of a rule, and `loadBalancing` for whole services.
import type { Infer } from "./field.ts";
import { mapOf, object, optional } from "./fields.ts";
import { bool, dur, int, num, oneOf, str } from "./scalars.ts";

/** `rules[].sessionAffinity`, `router.sessionAffinity`. */
export const sessionAffinity = object("Which session a client is in, for `loadBalance: sticky_session`", {
  enabled: bool("false: nobody is remembered", true),
  ttl: dur("from the last use", 3_600_000),
  source: optional(
    oneOf("where the client says it; default the one whose name is given below, else `cookie`", [
      "cookie",
      "header",
      "query",
    ]),
  ),
  cookieName: optional(str("default `GATEWAY_SESSION`")),
  headerName: optional(str("default `X-Session-Id`")),
  queryParam: optional(str("default `session_id`")),
  maxEntries: int("sessions remembered at most; what a signed cookie says needs no memory", 10_000, 1, 10_000_000),
  issueCookie: optional(bool("set a signed cookie where the service sets none; default only for `GATEWAY_SESSION`")),
  secret: str(
    "signs these cookies, at least 16 characters; the same for gateways that share clients. Default that of `router.sessionAffinity`, else one drawn at the start",
    "",
  ),
});

/** `rules[].consistentHash`. */
export const consistentHash = object("What is hashed, for `loadBalance: consistent_hash`", {
  key: str(
    "`ip`, `path`, `header:<name>` or `cookie:<name>`; default `X-Session-Id`, then cookie `session`, then ip",
    "",
  ),
  replicaCount: int("points on the ring for each unit of weight", 150, 1, 10_000),
  maxLoad: num("an instance with more than this times its share of what is under way is passed over; 0 = never", 1.25),
});

const service = object("What holds for one service instead of `default`", {
  slowStart: optional(dur("instead of the default")),
  panicThreshold: optional(num("instead of the default", undefined, 0, 1)),
  overflow: optional(bool("instead of the default")),
});

/** `loadBalancing`. */
export const loadBalancing = object("Which instances of a service the balancer chooses from", {
  zone: str(
    'where this gateway stands: instances of the same `zone` come first within their `priority`; "" = no matter',
    "",
  ),
  default: object("For all services", {
    slowStart: dur("a new or recovered instance gets its share little by little over this time; 0 = at once", 0),
    panicThreshold: num(
      "below this share of fit instances all are used, whatever their checks say; 0 = never",
      0,
      0,
      1,
    ),
    overflow: bool("what a group cannot carry goes to the next; false = only when it has no fit instance left", true),
  }),
  services: mapOf("service → what differs", service),
});

/** Effective `sessionAffinity`. */
export type SessionAffinitySection = Infer<typeof sessionAffinity>;
/** Effective `consistentHash`. */
export type ConsistentHashSection = Infer<typeof consistentHash>;
