// `router`: which service receives which requests.
import { METHODS } from "node:http";
import { BALANCER_NAMES } from "../../catalog.ts";
import { didYouMean } from "../text/suggest.ts";
import { textOf } from "../text/tree.ts";
import { ruleAuth } from "./auth.ts";
import { ruleAuthz } from "./authz.ts";
import { consistentHash, sessionAffinity } from "./balancing.ts";
import { ruleCircuitBreaker } from "./breaker.ts";
import { ruleCors } from "./cors.ts";
import { ruleFallback } from "./fallback.ts";
import type { Field, Infer } from "./field.ts";
import { listOf, mapOf, noteOrigins, object, optional } from "./fields.ts";
import { ipLists } from "./ip-list.ts";
import { ruleConcurrency, ruleRateLimit, ruleRateLimits } from "./limits.ts";
import { ruleTier } from "./overload.ts";
import { ruleRetry } from "./retry.ts";
import { bool, dur, free, int, num, oneOf, size, str, strings } from "./scalars.ts";
import { ruleSse } from "./sse.ts";
import { ruleStrategy } from "./strategy.ts";
import { ruleGrpc, ruleTranscoding } from "./transcoding.ts";
import { ruleWebsocket } from "./websocket.ts";

const LOAD_BALANCE = BALANCER_NAMES;
const BALANCE_ALIASES = {
  sticky: "sticky_session",
  weighted: "weighted_round_robin",
  least_connection: "least_connections",
  resource_based: "least_connections",
  health_weighted: "least_connections",
} as const;

/** HTTP methods a rule may name. CONNECT is excluded, because the gateway does not open tunnels. */
const RULE_METHODS = [...METHODS.filter((m) => m !== "CONNECT"), "WEBSOCKET", "SSE"];

const valueTest = object("Condition on a value; a plain text means `exact`", {
  exact: optional(str("the whole value")),
  prefix: optional(str("start of the value")),
  suffix: optional(str("end of the value")),
  contains: optional(str("part of the value")),
  present: optional(bool("true: present with any value; false: absent")),
});

/** A text, or a block with exactly one test. */
const valueCondition: Field<Infer<typeof valueTest>> = {
  ...valueTest,
  type: "string or block",
  json: { anyOf: [{ type: "string" }, valueTest.json] },
  read(node, path, reading) {
    if (node.kind === "scalar" && node.value !== null) {
      noteOrigins(node, `${path}.exact`, reading);
      return { exact: textOf(node), prefix: null, suffix: null, contains: null, present: null };
    }
    const test = valueTest.read(node, path, reading);
    const given = Object.values(test).filter((v) => v !== null).length;
    if (given !== 1)
      reading.problems.error(node.at, `${path}: exactly one of exact, prefix, suffix, contains, present`);
    return test;
  },
};

const methods: Field<readonly string[]> = {
  ...strings(
    "HTTP methods, `WEBSOCKET` = upgrades, `SSE` = GET wanting an event stream; empty = all. `GET` admits `HEAD`",
  ),
  json: { anyOf: [{ type: "array", items: { enum: RULE_METHODS } }, { enum: RULE_METHODS }] },
  read(node, path, reading) {
    const upper = strings("")
      .read(node, path, reading)
      .map((m) => m.toUpperCase());
    for (const m of upper) {
      if (!RULE_METHODS.includes(m)) {
        reading.problems.error(node.at, `${path}: unknown method "${m}"${methodMeant(m)}`);
      }
    }
    return upper;
  },
};

function methodMeant(method: string): string {
  if (/^(\*|ANY|ALL)$/.test(method)) return "; omit methods to allow all";
  if (/[\s,|]/.test(method)) return "; write several methods as a list: [ GET, POST ]";
  if (method === "CONNECT") return "; the gateway does not open tunnels";
  return didYouMean(method, RULE_METHODS) || "; it must be an HTTP method, WEBSOCKET or SSE";
}

const ruleBlock = object("One route", {
  id: str("unique; generated as `<service>-<n>`", ""),
  path: str("path pattern: `/a`, `/a/*`, `/a/{x}`, `/a*`, `/a/{$}`"),
  listeners: strings(
    "names of listeners the rule applies to: `http`, `websocket`, `grpc` or one of `frontend.listeners`; empty = all",
  ),
  hosts: strings("host names, exact or `*.example.org`; empty = any"),
  methods,
  match: object("Further conditions, all must be met", {
    headers: mapOf("header → value", valueCondition),
    query: mapOf("query parameter → value", valueCondition),
  }),
  serviceName: str(
    "service to send to; `_internal` = the built-in answer at that path; required unless the rule has a `strategy`",
  ),
  strategy: optional(ruleStrategy),
  loadBalance: optional(
    oneOf("how an instance is chosen; default `router.defaultLoadBalance`", LOAD_BALANCE, undefined, BALANCE_ALIASES),
  ),
  sessionAffinity: optional(sessionAffinity),
  consistentHash: optional(consistentHash),
  protocol: optional(
    oneOf("`websocket` = upgrades only; `sse`, `grpc` = protocol of the backend; default by service and keys", [
      "http",
      "websocket",
      "sse",
      "grpc",
    ]),
  ),
  timeout: dur(
    "total time until the end of the response, for streams until the head; 0 = no limit; default with a `strategy` 600s",
    30_000,
  ),
  stripPrefix: bool("remove the pattern's literal prefix before forwarding", false),
  rewritePrefix: str("replace the pattern's literal prefix with this", ""),
  preserveHost: optional(bool("forward the client's Host; default that of the service in `backend`")),
  rewriteHost: str("send this Host", ""),
  maxRequestSize: optional(
    size(
      "maximum request body; default `frontend.http.maxRequestSize`, with a `strategy` `llm.maxBodySize`; 0 = no limit",
    ),
  ),
  maxHeaderSize: optional(
    size(
      "maximum size of path and header fields, less than `frontend.http.maxHeaderSize`, which applies before the rule is known",
    ),
  ),
  maxHeaders: optional(int("maximum number of header fields, less than `frontend.http.maxHeaders`", undefined, 1)),
  ...ipLists,
  rateLimit: optional(ruleRateLimit),
  rateLimitBurst: optional(num("`burst` of `rateLimit`")),
  rateLimitStorage: str("store of this rule's limits", ""),
  rateLimitExpiration: optional(dur("keep idle keys for this time; default as long as they have an effect")),
  rateLimits: ruleRateLimits,
  concurrency: optional(ruleConcurrency),
  accessLog: bool("write access lines for this route", true),
  websocket: ruleWebsocket,
  sse: ruleSse,
  grpc: optional(ruleGrpc),
  transcoding: optional(ruleTranscoding),
  circuitBreaker: optional(ruleCircuitBreaker),
  retry: ruleRetry,
  fallback: optional(ruleFallback),
  ...ruleAuth,
  ...ruleAuthz,
  cors: ruleCors,
  tier: ruleTier,
  metadata: free(
    "arbitrary, except `rateLimit` (requests per second), `skipRateLimit` (true: no rate limits), `skipAuth` (true: no authentication), `skipAuthz` (true: no authorization) and `resourcePrefix` (permissions are `<prefix>:{action}`)",
  ),
});

/** Name in place of that of a service in rules with a strategy. */
export const LLM = "_llm";

/** One entry of `router.rules`. */
export const rule: Field<Infer<typeof ruleBlock>> = {
  ...ruleBlock,
  json: {
    ...ruleBlock.json,
    required: ["path"],
    anyOf: [{ required: ["serviceName"] }, { required: ["strategy"] }],
  },
  read(node, path, reading) {
    const strategy = node.kind === "map" ? node.entries.get("strategy") : undefined;
    const isOff = strategy === undefined || (strategy.value.kind === "scalar" && strategy.value.value === null);
    if (node.kind !== "map" || isOff || node.entries.has("serviceName")) return ruleBlock.read(node, path, reading);
    const { keyAt } = strategy;
    const value = { kind: "scalar", at: keyAt, value: LLM } as const;
    const section = ruleBlock.read(
      { ...node, entries: new Map([...node.entries, ["serviceName", { keyAt, value }]]) },
      path,
      reading,
    );
    reading.origins.delete(`${path}.serviceName`);
    return section;
  },
  show(section) {
    const shown = ruleBlock.show(section) as Record<string, unknown>;
    if (section.serviceName === LLM) delete shown.serviceName;
    return shown;
  },
};

/** A rule with only its required keys. */
export function ruleDefaults(): RuleSection {
  const pairs = Object.entries(rule.fields!).map(([key, field]) => [key, field.fallback] as const);
  return Object.fromEntries(pairs) as RuleSection;
}

/** `router`. */
export const router = object("Which service receives which requests", {
  defaultLoadBalance: oneOf("for rules without their own", LOAD_BALANCE, "round_robin", BALANCE_ALIASES),
  sessionAffinity: optional(sessionAffinity),
  rules: listOf("routes; the most specific one applies", rule),
});

/** Effective `router`, before inference. */
export type RouterSection = Infer<typeof router>;
/** One rule as written. */
export type RuleSection = Infer<typeof rule>;
/** Test of one value. */
export type ValueTestSection = Infer<typeof valueTest>;
