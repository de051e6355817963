// Limits: requests per time (`rateLimit`, `rateLimits`, `middleware.ratelimit`) and at a time (`concurrency`).
import type { Field, Infer } from "./field.ts";
import { listOf, noteOrigins, object, optional } from "./fields.ts";
import { bool, dur, int, num, oneOf, str, strings } from "./scalars.ts";

const ALGORITHMS = ["token_bucket", "leaky_bucket", "sliding_window"] as const;
const KEY = "`ip`, `subject`, `apiKey`, `header:<name>`, `route`; several form one combined key";

const rateKeys = {
  rate: optional(num("requests per `period`; 0 = no limit")),
  requestsPerSecond: optional(num("requests per second; for other periods write `rate` and `period`")),
  period: optional(dur("default 1s")),
  burst: optional(
    num(
      "`token_bucket`: requests admitted at once, default the rate · `leaky_bucket`: requests that may wait, default the rate · otherwise unused",
    ),
  ),
  key: strings(`what has its own budget: ${KEY}`, ["ip"]),
  algorithm: optional(oneOf("default `middleware.ratelimit.algorithm`", ALGORITHMS)),
  storage: str("name of a store; default `rateLimitStorage` of the rule, else the default store", ""),
  cost: str("`header:<name>`: cost of a request as set by a trusted proxy; otherwise each costs 1", ""),
};

/** One limit of a rule. */
const rateBlock = object("Rate limit", rateKeys);

/** A limit whose keys are all left out. */
export const UNSAID_RATE: RateSection = rateBlock.fallback!;

/** `10/s`, `100/minute`; `r` as nginx writes it. */
const PER = /^(\d+(?:\.\d+)?)r?\/(s|sec|second|m|min|minute|h|hour|d|day)$/i;
const PERIODS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `rules[].rateLimit`: a number means requests per second, `100/m` per minute. */
export const ruleRateLimit: Field<Infer<typeof rateBlock>> = {
  ...rateBlock,
  type: "number, `10/s`, `100/m` or block",
  json: {
    anyOf: [
      { type: "number", minimum: 0 },
      { type: "string", pattern: "^\\d+(\\.\\d+)?(r?/(s|sec|second|m|min|minute|h|hour|d|day))?$" },
      rateBlock.json,
    ],
  },
  read(node, path, reading) {
    if (node.kind !== "scalar" || node.value === null) return rateBlock.read(node, path, reading);
    const [, rate, unit] = PER.exec(String(node.value)) ?? [];
    if (rate !== undefined) {
      noteOrigins(node, `${path}.rate`, reading);
      noteOrigins(node, `${path}.period`, reading);
      return { ...rateBlock.fallback!, rate: Number(rate), period: PERIODS_MS[unit![0]!.toLowerCase()]! };
    }
    noteOrigins(node, `${path}.requestsPerSecond`, reading);
    return { ...rateBlock.fallback!, requestsPerSecond: num("").read(node, path, reading) };
  },
};

/** `rules[].rateLimits`. */
export const ruleRateLimits = listOf(
  "Further limits; a request must be within all, and is charged to all or none",
  object("One limit", { id: str("name in headers and metrics; default its number", ""), ...rateKeys }),
);

const concurrencyBlock = object("Limit on concurrent requests", {
  max: int("maximum concurrent requests, further ones are refused", undefined, 1),
  key: strings(`what is counted separately: ${KEY}`, ["route"]),
});

/** `rules[].concurrency`: a number bounds the route. */
export const ruleConcurrency: Field<Infer<typeof concurrencyBlock>> = {
  ...concurrencyBlock,
  type: "int or block",
  json: { anyOf: [{ type: "integer", minimum: 1 }, { type: "string", pattern: "^\\d+$" }, concurrencyBlock.json] },
  read(node, path, reading) {
    if (node.kind !== "scalar" || node.value === null) return concurrencyBlock.read(node, path, reading);
    noteOrigins(node, `${path}.max`, reading);
    return { max: int("", undefined, 1).read(node, path, reading), key: ["route"] };
  },
};

const overall = {
  enabled: bool("false: disabled", true),
  rate: num("requests per `period`; 0 = no limit", 0),
  burst: optional(num("as in a rule")),
  period: dur("time to which `rate` refers", 1_000),
};

/** `middleware.ratelimit`. */
export const middlewareRateLimit = object("Limits for all rules", {
  enabled: bool("apply `global`, `perIP` and `perRoute`", false),
  algorithm: oneOf("default of limits that do not set it", ALGORITHMS, "token_bucket"),
  global: object("All requests together", overall),
  perIP: object("Each client address, over all rules", overall),
  perRoute: object("Rules without their own limit: each client address, per rule", {
    enabled: bool("enable it", false),
    defaultRate: num("requests per `defaultPeriod`; 0 = no limit", 0),
    defaultBurst: optional(num("as in a rule")),
    defaultPeriod: dur("time to which `defaultRate` and `metadata.rateLimit` refer", 1_000),
  }),
});

/** A limit as written. */
export type RateSection = Infer<typeof rateBlock>;
