// Keys of other gateways for retries, limits, timeouts and the like, and what to write instead.
import { type ForeignRow, HTTP, INSTANCE, LIMIT, RULE, SERVICE, TOPS } from "./foreign-sections.ts";

const LIMITS_CURE = "write rateLimit: { rate: 10, period: 1s, burst: 20, key: ip }";

/** Rows of the table in foreign-keys.ts. */
export const POLICY_WORDS: readonly ForeignRow[] = [
  [[`${RULE}.concurrency`], "limit limits maximum value count", "write max: 100", "max"],
  [
    [RULE],
    "retries retrypolicy tries maxretries proxynextupstream numretries attempts lbtryduration retryon",
    "write retry: { maxAttempts: 3 }, including the first attempt",
  ],
  [
    [RULE],
    "proxyreadtimeout proxysendtimeout readtimeout sendtimeout responsetimeout requesttimeout timeouts timeoutserver servertimeout upstreamtimeout writetimeout timeoutms",
    "write timeout: 30s, from the request to the end of the response; retry.perTryTimeout limits one attempt",
  ],
  [
    [RULE, SERVICE],
    "proxyconnecttimeout connecttimeout dialtimeout timeoutconnect",
    "backend.http.dialTimeout limits the time to connect",
  ],
  [
    [RULE, HTTP, ...TOPS],
    "clientmaxbodysize requestbody maxbodysize bodylimit bodysize maxbody maxrequestbytes allowedpayloadsize requestsizelimiting buffering limits",
    "write maxRequestSize: 10mb, in a rule or in frontend.http",
  ],
  [
    [RULE],
    "ratelimiting limitreq limit limits ratelimiter throttle throttling rate rps requestspersecond localratelimit inflightreq limitconn",
    `${LIMITS_CURE}; concurrency limits simultaneous requests`,
  ],
  [
    [...TOPS, "router", HTTP],
    "ratelimit ratelimits limitreq limitreqzone ratelimiting throttle",
    `${LIMITS_CURE} in a rule, or middleware.ratelimit for all rules`,
  ],
  [
    [LIMIT, `${RULE}.rateLimits[]`],
    "limit limits average max count requests perunit rps quota maxrequests events amount",
    "write rate: 10",
    "rate",
  ],
  [
    [LIMIT, `${RULE}.rateLimits[]`],
    "per window interval unit timeunit every time duration second minute hour policy",
    "write period: 1s, 1m or 1h",
  ],
  [
    [LIMIT, `${RULE}.rateLimits[]`],
    "by keys limitby sourcecriterion zone identifier",
    "write key: ip, route or header:NAME",
  ],
  [
    [`${RULE}.retry`, "retry", "retry.default"],
    "attempts retries count tries numretries max maxretries",
    "write maxAttempts: 3, including the first attempt",
  ],
  [
    [`${RULE}.retry`, "retry", "retry.default"],
    "on retryon statuses statuscodes codes status retriablestatuscodes",
    "write retryableStatusCodes: [ 502, 503, 504 ]",
  ],
  [
    [`${RULE}.retry`, "retry", "retry.default"],
    "delay backoff interval wait baseinterval",
    "write initialDelay: 100ms and maxDelay: 1s",
  ],
  [
    [`${RULE}.circuitBreaker`, "circuitBreaker", "circuitBreaker.default"],
    "expression threshold errorthreshold failures consecutive5xx consecutiveerrors maxpendingrequests",
    "write maxFailures: 5, or failureThreshold: 0.5 with minRequests: 10",
  ],
  [
    [`${RULE}.circuitBreaker`, "circuitBreaker", "circuitBreaker.default"],
    "cooldown opentime sleepwindow recoveryduration fallbackduration resettimeout duration",
    "write timeout: 30s, the time it stays open",
  ],
  [[`${INSTANCE}.health`, "health.checks"], "uri url endpoint requestpath httppath httpget", "write path: /health"],
  [
    [`${INSTANCE}.health`],
    "status statuses expectstatus expectedstatuses codes httpstatus",
    "write expectedStatus: 200-299",
  ],
  [[`${INSTANCE}.health`], "rise passes successthreshold successes", "write healthyThreshold: 2"],
  [[`${INSTANCE}.health`], "fall fails failurethreshold failures maxfails", "write unhealthyThreshold: 3"],
  [[`${INSTANCE}.health`], "inter every period periodseconds", "write interval: 10s"],
];
