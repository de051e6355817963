// Old spellings, and keys that are ignored or refused, as data. Paths are relative to `gateway`; `[]` is each element
// of a list, `*` each key of a mapping.

import { AUTH_ALIASES } from "./auth-aliases.ts";
import { LLM_NOT_YET } from "./llm.ts";

const RULE = "router.rules.[]";
const INSTANCE = "registry.static.services.[].instances.[]";
const UPSTREAM_TLS = "backend.http.tls";
/** Everywhere settings of circuit breakers stand. */
const BREAKERS = [
  "circuitBreaker.default",
  "circuitBreaker.routes.*",
  "circuitBreaker.services.*",
  `${RULE}.circuitBreaker`,
];

/** Everywhere settings of retries stand. */
const BUDGET = ["budgetRatio", "minRetryTokens"];
const OLD_RETRIES = [
  ["initialInterval", "initialDelay"],
  ["maxInterval", "maxDelay"],
  ["backoffMultiplier", "multiplier"],
  ["jitterFactor", "jitter"],
  ["budget.enabled", "budgetEnabled"],
  ["budget.ratio", "budgetRatio"],
  ["budget.minRetryTokens", "minRetryTokens"],
  ["budget.minRetries", "minRetryTokens"],
  ["budget.minRequests", "minRetryTokens"],
  ["budget.window", "budgetWindow"],
] as const;
const RETRIES = ["retry.default", "retry.routes.*", "retry.services.*", `${RULE}.retry`];

/** Everywhere a Redis is described. */
const REDIS = ["redis", "rateLimitStorage.stores.*.redis"] as const;

/** Old spelling → canonical key. Each spelling warns once; both with different values is an error. */
export const ALIASES: readonly (readonly [string, string])[] = [
  ["logging.level", "telemetry.logging.level"],
  ["logging.format", "telemetry.logging.format"],
  ["logging.output", "telemetry.logging.output"],
  ["health.endpoint", "health.healthPath"],
  ["frontend.http.tls.clientCAs", "frontend.http.tls.clientCAFile"],
  [`${UPSTREAM_TLS}.caFile`, `${UPSTREAM_TLS}.rootCAFile`],
  [`${UPSTREAM_TLS}.certFile`, `${UPSTREAM_TLS}.clientCertFile`],
  [`${UPSTREAM_TLS}.keyFile`, `${UPSTREAM_TLS}.clientKeyFile`],
  [`${INSTANCE}.metadata.weight`, `${INSTANCE}.weight`],
  ["frontend.websocket.pingInterval", "frontend.websocket.pingPeriod"],
  ["frontend.websocket.pongTimeout", "frontend.websocket.pongWait"],
  ["frontend.websocket.messageLimit", "frontend.websocket.maxMessageSize"],
  ["frontend.websocket.tls.clientCAs", "frontend.websocket.tls.clientCAFile"],
  ["frontend.grpc.tls.clientCAs", "frontend.grpc.tls.clientCAFile"],
  ["management.tls.clientCAs", "management.tls.clientCAFile"],
  ["frontend.sse.keepAliveInterval", "frontend.sse.keepaliveTimeout"],
  ["frontend.sse.keepaliveInterval", "frontend.sse.keepaliveTimeout"],
  ["backend.websocket.dialTimeout", "backend.websocket.connectionTimeout"],
  ["backend.websocket.pingPeriod", "backend.websocket.pingInterval"],
  ["backend.websocket.pongWait", "backend.websocket.pongTimeout"],
  ["backend.sse.dialTimeout", "backend.sse.connectTimeout"],
  ["backend.sse.responseTimeout", "backend.sse.readTimeout"],
  ["backend.sse.reconnectInterval", "backend.sse.retryInterval"],
  ["backend.sse.maxReconnectAttempts", "backend.sse.maxRetries"],
  ["backend.grpc.keepAlive.time", "backend.grpc.keepAliveTime"],
  ["backend.grpc.keepAlive.timeout", "backend.grpc.keepAliveTimeout"],
  [`${RULE}.rateLimit.rps`, `${RULE}.rateLimit.requestsPerSecond`],
  [`${RULE}.stickySession`, `${RULE}.sessionAffinity`],
  ["router.stickySession", "router.sessionAffinity"],
  ...[`${RULE}.sessionAffinity`, "router.sessionAffinity"].flatMap((block): [string, string][] => [
    [`${block}.type`, `${block}.source`],
    [`${block}.method`, `${block}.source`],
    [`${block}.duration`, `${block}.ttl`],
    [`${block}.cookie.name`, `${block}.cookieName`],
    [`${block}.header.name`, `${block}.headerName`],
  ]),
  [`${RULE}.backend`, `${RULE}.protocol`],
  [`${RULE}.grpc.transcoding`, `${RULE}.grpc.enableTranscoding`],
  [`${RULE}.metadata.grpcService`, `${RULE}.grpc.service`],
  [`${RULE}.metadata.grpcMethod`, `${RULE}.grpc.method`],
  [`${RULE}.metadata.grpc.dynamicDescriptors`, `${RULE}.grpc.dynamicDescriptors`],
  [`${RULE}.grpc.dynamicDescriptors.descriptorFiles`, `${RULE}.grpc.dynamicDescriptors.files`],
  [`${RULE}.grpc.dynamicDescriptors.descriptorDirs`, `${RULE}.grpc.dynamicDescriptors.directories`],
  ["middleware.circuitbreaker", "circuitBreaker"],
  [`${RULE}.metadata.circuitBreaker`, `${RULE}.circuitBreaker`],
  ...[
    "maxFailures",
    "failureThreshold",
    "minRequests",
    "timeout",
    "interval",
    "maxRequests",
    "successThreshold",
    "failureStatusCodes",
  ].map((key) => [`circuitBreaker.${key}`, `circuitBreaker.default.${key}`] as const),
  ["circuitBreaker.halfOpenRequests", "circuitBreaker.default.maxRequests"],
  ["circuitBreaker.observabilityWindow", "circuitBreaker.default.interval"],
  ...BREAKERS.flatMap((block) => [
    [`${block}.halfOpenRequests`, `${block}.maxRequests`] as const,
    [`${block}.observabilityWindow`, `${block}.interval`] as const,
  ]),
  ["middleware.retry", "retry"],
  ["middleware.cors", "cors"],
  ...AUTH_ALIASES,
  [`${RULE}.metadata.requiredPermission`, `${RULE}.requiredPermissions`],
  ["middleware.authz.rbac", "authz.rbac"],
  ["authz.rbac.cache.ttl", "authz.rbac.cacheTTL"],
  ["authz.rbac.cache.maxEntries", "authz.rbac.cacheSize"],
  ["authz.rbac.policies.[].id", "authz.rbac.policies.[].name"],
  ...["cors", `${RULE}.cors`].flatMap((place) =>
    [
      ["allowOrigins", "allowedOrigins"],
      ["allowMethods", "allowedMethods"],
      ["allowHeaders", "allowedHeaders"],
      ["exposeHeaders", "exposedHeaders"],
    ].map(([old, key]) => [`${place}.${old}`, `${place}.${key}`] as const),
  ),
  [`${RULE}.metadata.retry`, `${RULE}.retry`],
  ...["maxAttempts", "initialDelay", "maxDelay", "multiplier", "jitter", "retryableStatusCodes", ...BUDGET].map(
    (key) => [`retry.${key}`, `retry.default.${key}`] as const,
  ),
  ...OLD_RETRIES.map(([from, to]) => [`retry.${from}`, `retry.default.${to}`] as const),
  ...RETRIES.flatMap((block) => OLD_RETRIES.map(([from, to]) => [`${block}.${from}`, `${block}.${to}`] as const)),
  ...REDIS.flatMap((redis): [string, string][] => [
    [`${redis}.poolSize`, `${redis}.maxActive`],
    [`${redis}.dialTimeout`, `${redis}.connectTimeout`],
    [`${redis}.sentinelAddresses`, `${redis}.sentinelNodes`],
  ]),
];

/** Old spellings that mean another key only with certain values, and which those are. */
export const ALIASES_BY_VALUE: readonly (readonly [string, string, (value: unknown) => boolean, string])[] =
  BREAKERS.map((block) => [
    `${block}.failureThreshold`,
    `${block}.maxFailures`,
    (value) => Number(value) > 1,
    "above 1",
  ]);

/** Names in a rule's `middleware`, folded, of `rbac` with each key of its block → the rule's own key for it. */
export const RULE_MIDDLEWARE: ReadonlyMap<string, string> = new Map([
  ["circuitbreaker", "circuitBreaker"],
  ["retry", "retry"],
  ["ratelimit", "rateLimit"],
  ["rbacrequiredpermissions", "requiredPermissions"],
  ["rbacrequireall", "requireAllPermissions"],
  ["jwt", "auth.jwt"],
  ["oauth2", "auth.oauth2"],
  ["cors", "cors"],
]);

/** Other names there, folded → what to write instead. */
export const RULE_MIDDLEWARE_CURES: ReadonlyMap<string, string> = new Map([
  ["auth", 'write "authRequired: true" in the rule'],
  ["apikey", 'write "authType: apikey" in the rule'],
  ["basic", 'write "authType: basic" in the rule'],
]);

/** Accepted for the sake of old files, without effect, warned about once. */
export const NO_EFFECT: readonly string[] = [
  "backend.sse.writeTimeout",
  "backend.sse.flushInterval",
  "backend.sse.keepalive",
  "backend.sse.keepaliveInterval",
  "backend.sse.keepaliveTimeout",
  "backend.websocket.poolSize",
  // Reads share one buffer, and what waits for a slow reader is bounded by its socket.
  "frontend.websocket.readBufferSize",
  "frontend.websocket.writeBufferSize",
  "backend.websocket.readBufferSize",
  "backend.websocket.writeBufferSize",
  "backend.sse.bufferSize",
  `${RULE}.grpc.dynamicDescriptors.reloadInterval`,
  ...["circuitBreaker", ...BREAKERS].flatMap((block) =>
    [
      "slowCallThreshold",
      "slowCallDuration",
      "slowCallRate",
      "slowCallDurationThreshold",
      "slowCallRateThreshold",
      "notifications",
      "healthCheck",
    ].map((key) => `${block}.${key}`),
  ),
  ...["retry", ...RETRIES].flatMap((block) =>
    ["serviceBudgets", "idempotency", "respectRetryAfter", "tryDifferentInstance", "conditions"].map(
      (key) => `${block}.${key}`,
    ),
  ),
  "auth.oauth2.claimsKey",
  "auth.oauth2.jwksRefreshInterval",
  "auth.oauth2.providers.[].jwksRefreshInterval",
  // They describe the gateway in traces, which are a feature of their own.
  ...["service", "serviceName", "version", "serviceVersion", "environment", "attributes", "logging.correlation"].map(
    (key) => `telemetry.${key}`,
  ),
  ...["baggage", "correlation", "performance", "resources", "errors", "serviceMap"].map((key) => `telemetry.${key}`),
  // Policies are part of the configuration, which is reloaded as a whole.
  "authz.rbac.policyRefreshInterval",
  "authz.rbac.extractPermissions",
  "backend.http.disableHTTP2",
  `${UPSTREAM_TLS}.renegotiation`,
  `${UPSTREAM_TLS}.preferServerCipher`,
  ...REDIS.flatMap((redis) => ["maxIdle", "minIdleConns", "idleTimeout", "maxConnAge"].map((key) => `${redis}.${key}`)),
  "session",
  "websocket.sessions",
  "diagnostics",
  "debug.replay",
  "management.cors",
  "emergency",
  "config.schema",
  "config.validation",
  "config.templates",
  "config.updates",
  "config.versioning",
  "config.backup",
  "config.audit",
  "config.features",
  "config.cache",
  "config.lazy",
  "config.debug",
  "logging.modules",
  ...["transitions", "dependencies", "scoring", "batching", "cache", "jitter", "custom", "notifications", "debug"].map(
    (key) => `health.${key}`,
  ),
  "router.healthAware",
  "router.outlierDetection",
  "router.connectionPool",
  "router.retry",
  "router.analytics",
  "router.dynamic",
  "router.debug",
  ...[
    "leastConnections",
    "responseTime",
    "resourceBased",
    "ipHash",
    "adaptive",
    "canary",
    "abTest",
    "abTesting",
    "hedging",
    "connectionPool",
    "geographic",
    "geoRouting",
  ].map((key) => `${RULE}.${key}`),
];

/** Refused with their own reason: ignoring them would widen a match or drop a protection. */
export const REFUSED: readonly (readonly [string, string])[] = [
  [`${RULE}.headers`, 'write conditions below "match.headers"; adding fields to messages is not supported'],
  [`${RULE}.queryParams`, 'write the conditions below "match.query"'],
  [`${RULE}.pathType`, "the pattern determines how it matches: /a exactly, /a/* and below, /a* as a prefix"],
  [`${RULE}.priority`, "the most specific rule applies; the order cannot be configured"],
  [`${RULE}.methodConfig`, "write one rule per method"],
  [`${RULE}.contentType`, 'write it below "match.headers" as content-type'],
  [`${RULE}.conditions`, 'write them below "match"'],
  [`${RULE}.transform`, "transforms are not part of a rule"],
  [`${RULE}.validation`, "the gateway does not validate bodies"],
  [
    "backend.services.*.http.maxIdleConns",
    "it limits the connections of all services together; write it below backend.http",
  ],
  ["backend.services.*.grpc.descriptors", "it applies to all services; write it below backend.grpc"],
  ["auth.oidc", 'write it as "auth.oauth2"'],
  ["router.groups", "write each rule separately, with YAML anchors for shared parts"],
  ["config.sources", "use include"],
  ["config.merge", "use include"],
  ["config.profiles", "use one file per environment and include"],
  ["config.encryption", "use ${file:…} for secrets"],
  ["config.access", "use file permissions to restrict access to a configuration"],
];

/** Sections of the format whose feature this version does not have. Refused: a policy must not be dropped in silence. */
export const NOT_YET: readonly string[] = [
  "openapi",
  "versioning",
  "protocols.openapi",
  ...LLM_NOT_YET,
  "backend.grpc.enableTracing",
  "registry.docker",
  "registry.dockerCompose",
  "registry.kubernetes",
  "router.kubernetes",
  "telemetry.tracing",
  "telemetry.otlp",
  "telemetry.metrics",
  "middleware.auth",
  "middleware.transform",
  ...["errorFormat", "redis", "compression", "cache"].map((key) => `${RULE}.${key}`),
];
