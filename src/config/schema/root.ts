// The whole configuration: all sections. A new feature adds its file here.

import { auth } from "./auth.ts";
import { authz } from "./authz.ts";
import { backend } from "./backend.ts";
import { loadBalancing } from "./balancing.ts";
import { circuitBreaker } from "./breaker.ts";
import { cors } from "./cors.ts";
import type { Infer } from "./field.ts";
import { listOf, object, optional } from "./fields.ts";
import { frontend } from "./frontend.ts";
import { health } from "./health.ts";
import { llm } from "./llm.ts";
import { management } from "./management.ts";
import { metrics, middleware, telemetry } from "./observe.ts";
import { outlierDetection } from "./outliers.ts";
import { adaptiveConcurrency, overload } from "./overload.ts";
import { rateLimitStorage, redis } from "./redis.ts";
import { registry } from "./registry.ts";
import { retry } from "./retry.ts";
import { router } from "./router.ts";
import { dur, free, int, str, strings } from "./scalars.ts";
import { protocols } from "./transcoding.ts";

const shutdown = object("Graceful shutdown", {
  delay: dur(
    "keep accepting connections for this time after the signal, while telling clients to reconnect; ends early when none is left",
    1_000,
  ),
  timeout: dur("maximum wait for requests in progress", 30_000),
});

const tests = listOf(
  "Requests with their expected outcome; run by `check` and before a reload is accepted",
  object("One test", {
    name: str("shown if the test fails", ""),
    request: str("`METHOD /path?query`"),
    listener: str("name of the listener that receives it; empty = the first one", ""),
    headers: free("request headers; `Host` selects by host"),
    expect: object("Expected outcome", {
      route: optional(str("id of the rule that must match")),
      status: optional(int("status of the gateway's own answer: 400, 404, 405 or 426", undefined, 100, 599)),
    }),
  }),
);

/** Everything below the root key `gateway`. */
export const gateway = object("Gateway configuration", {
  include: {
    ...strings("further files, merged in order: mappings by key, lists by concatenation"),
    addressable: false, // files are joined before the environment is looked at
  },
  frontend,
  backend,
  registry,
  router,
  llm: optional(llm),
  loadBalancing,
  protocols,
  circuitBreaker,
  retry,
  adaptiveConcurrency,
  overload,
  auth,
  authz,
  cors,
  middleware,
  redis,
  rateLimitStorage,
  health,
  outlierDetection,
  metrics,
  telemetry,
  management,
  shutdown,
  tests,
});

/** A configuration file. */
export const root = object("Configuration file of the gateway", { gateway });

/** Effective configuration as read, before inference. */
export type Written = Infer<typeof gateway>;
