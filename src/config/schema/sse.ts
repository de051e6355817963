// `frontend.sse`, `backend.sse` and what a rule says about event streams.

import { object, optional } from "./fields.ts";
import { urlPath } from "./grammar-scalars.ts";
import { bool, dur, int, size } from "./scalars.ts";
import { ruleTokenValidation, tokenValidation } from "./token-validation.ts";

/** `frontend.sse`. */
export const frontendSse = object("Event streams to clients", {
  enabled: optional(
    bool("keep-alive comments: true on every event stream, absent on rules for event streams, false nowhere"),
  ),
  path: urlPath("requests at or below it count as wanting an event stream whatever their `Accept`", ""),
  keepaliveTimeout: dur("silence after which a comment is sent, between events", 30_000),
  writeTimeout: dur("a client that reads nothing for this long is dropped; 0 = none", 60_000),
  maxConnections: int("streams open at once on rules for event streams, more are answered 503; 0 = no limit", 0),
  bufferSize: size("kept for a slow client before its backend is paused", 64 * 1024),
  ...tokenValidation,
});

/** `backend.sse`. */
export const backendSse = object("Event streams of services", {
  enabled: bool("false: requests for event streams find no route", true),
  connectTimeout: dur("time to connect, and time to the response head", 10_000),
  readTimeout: dur("longest silence of the backend; 0 = none", 0),
  maxEventSize: optional(
    size(
      "a larger event ends the stream; 0 = no limit. Absent: no limit, and 1mb where `maxRetries` makes events be held",
    ),
  ),
  retryInterval: dur("wait before a lost stream is taken up again, unless it said otherwise", 5_000),
  maxRetries: int("reconnects of a lost stream that has ids, in a row; 0 = end the client's stream instead", 0),
});

/** `rules[].sse`. */
export const ruleSse = object("Event streams of this rule", {
  keepaliveTimeout: optional(dur("instead of `frontend.sse.keepaliveTimeout`; 0 = none")),
  maxAge: dur("the stream ends after this long, give or take a tenth, so that clients spread anew; 0 = never", 0),
  retryInterval: optional(dur("instead of `backend.sse.retryInterval`")),
  maxRetries: optional(int("instead of `backend.sse.maxRetries`")),
  ...ruleTokenValidation("frontend.sse"),
});
