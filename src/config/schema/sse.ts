// `frontend.sse`, `backend.sse` and the event stream settings of a rule.

import { object, optional } from "./fields.ts";
import { urlPath } from "./grammar-scalars.ts";
import { bool, dur, int, size } from "./scalars.ts";
import { ruleTokenValidation, tokenValidation } from "./token-validation.ts";

/** `frontend.sse`. */
export const frontendSse = object("Event streams to clients", {
  enabled: optional(
    bool("heartbeat comments: true = on every event stream, absent = on rules for event streams, false = never"),
  ),
  path: urlPath("requests at or below this path count as requests for an event stream whatever their `Accept`", ""),
  keepaliveTimeout: dur("time without data after which a comment is sent, between events", 30_000),
  writeTimeout: dur("disconnect a client that does not read for this long; 0 = never", 60_000),
  maxConnections: int("maximum open streams on rules for event streams, more are answered 503; 0 = no limit", 0),
  bufferSize: size("data buffered for a slow client before its backend is paused", 64 * 1024),
  ...tokenValidation,
});

/** `backend.sse`. */
export const backendSse = object("Event streams of services", {
  enabled: bool("false: requests for event streams match no route", true),
  connectTimeout: dur("timeout for connecting, and for the response head", 10_000),
  readTimeout: dur("maximum time without data from the backend; 0 = no limit", 0),
  maxEventSize: optional(
    size(
      "a larger event ends the stream; 0 = no limit. Default: no limit, or 1mb if `maxRetries` requires events to be buffered",
    ),
  ),
  retryInterval: dur("delay before a lost stream is resumed, unless the stream set `retry:`", 5_000),
  maxRetries: int(
    "maximum consecutive attempts to resume a lost stream that has ids; 0 = end the client's stream instead",
    0,
  ),
});

/** `rules[].sse`. */
export const ruleSse = object("Event streams of this rule", {
  keepaliveTimeout: optional(dur("instead of `frontend.sse.keepaliveTimeout`; 0 = none")),
  maxAge: dur("end the stream at this age, ± 10 %, so that clients are redistributed; 0 = never", 0),
  retryInterval: optional(dur("instead of `backend.sse.retryInterval`")),
  maxRetries: optional(int("instead of `backend.sse.maxRetries`")),
  ...ruleTokenValidation("frontend.sse"),
});
