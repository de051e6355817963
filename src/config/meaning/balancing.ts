// Infers how a rule balances from `loadBalance` and its session and hash blocks, and checks that they fit together.
import { hashKeyFault } from "../../balancing/hash-key.ts";
import type { SessionRule } from "../../balancing/sessions.ts";
import type { BalancerName } from "../../catalog.ts";
import { type ConsistentHashSection, consistentHash, type SessionAffinitySection } from "../schema/balancing.ts";
import type { Written } from "../schema/root.ts";
import type { RouterSection, RuleSection } from "../schema/router.ts";
import { didYouMean } from "../text/suggest.ts";
import type { Draft, Place } from "./draft.ts";

/** What is hashed, and how. */
export interface HashConfig {
  /** A text that {@link hashKeyFault} accepts. */
  readonly key: string;
  readonly replicas: number;
  /** Times its share; 0 no bound. */
  readonly maxLoad: number;
}

/** How sessions are recognised and kept. */
export interface SessionConfig {
  readonly rule: SessionRule;
  /** Signs cookies; "" = a random one, made at the start. */
  readonly secret: string;
}

/** The part of a rule that is about balancing. */
export interface RuleBalancing {
  readonly loadBalance: BalancerName;
  readonly hash: HashConfig;
  readonly sessions: SessionConfig | null;
}

const COOKIE = "GATEWAY_SESSION";
const HEADER = "X-Session-Id";
const QUERY = "session_id";
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const SHORTEST_SECRET = 16;

/** Which instances of a service the balancer chooses from. */
interface GroupingConfig {
  /** Zone of this gateway; "" = zones are ignored. */
  readonly zone: string;
  /** A new or recovered instance gets its share little by little over this time; 0 at once. */
  readonly slowStartMs: number;
  /** Below this share of fit instances all are used; 0 never. */
  readonly panicShare: number;
  /** What a group cannot carry goes to the next. */
  readonly overflow: boolean;
}

/** What `loadBalancing` says of a service. */
export function groupingOf({ loadBalancing }: Pick<Written, "loadBalancing">, service: string): GroupingConfig {
  const { zone, default: common, services } = loadBalancing;
  const own = Object.hasOwn(services, service) ? services[service] : undefined;
  return {
    zone,
    slowStartMs: own?.slowStart ?? common.slowStart,
    panicShare: own?.panicThreshold ?? common.panicThreshold,
    overflow: own?.overflow ?? common.overflow,
  };
}

/** Infers and checks what a rule says of balancing. */
export function readBalancing(draft: Draft, section: RuleSection, place: Place, id: string): RuleBalancing {
  const { router } = draft.written;
  const fault = (key: string, message: string) => draft.error([...place, key], `rule "${id}": ${message}`);
  const { sessionAffinity: own, consistentHash: hash } = section;
  const sticks = own?.enabled === true;
  const written = section.loadBalance;
  if (sticks && written !== null && written !== "sticky_session") {
    fault("sessionAffinity", "sessionAffinity needs loadBalance: sticky_session");
  }
  if (hash !== null && ((written !== null && written !== "consistent_hash" && written !== "ip_hash") || sticks)) {
    fault("consistentHash", "consistentHash needs loadBalance: consistent_hash");
  }
  const wrong = hash === null ? null : hashKeyFault(hash.key);
  if (wrong !== null) fault("consistentHash", `consistentHash.key "${hash!.key}" ${wrong}`);
  if (hash !== null && hash.maxLoad > 0 && hash.maxLoad <= 1) {
    fault("consistentHash", "consistentHash.maxLoad must be above 1, or 0");
  }
  if (own !== null) checkSessions(draft, own, [...place, "sessionAffinity"], `rule "${id}": `);
  const inferred = sticks ? "sticky_session" : hash !== null ? "consistent_hash" : router.defaultLoadBalance;
  return {
    loadBalance: written ?? inferred,
    hash: hashConfig(hash),
    sessions: sessionConfig(own ?? router.sessionAffinity, router),
  };
}

/** What holds for services that are asked for without a rule. */
export function defaultBalancing(router: RouterSection): RuleBalancing {
  const sessions = sessionConfig(router.sessionAffinity, router);
  return { loadBalance: router.defaultLoadBalance, hash: hashConfig(null), sessions };
}

/** Checks what belongs to no rule: `loadBalancing` and `router.sessionAffinity`. */
export function checkLoadBalancing(draft: Draft, { serviceNames: names }: { serviceNames: ReadonlySet<string> }): void {
  const { written } = draft;
  for (const name of Object.keys(written.loadBalancing.services)) {
    if (names.has(name)) continue;
    const place = ["loadBalancing", "services", name];
    draft.error(place, `loadBalancing.services: unknown service "${name}"${didYouMean(name, names)}`);
  }
  const { sessionAffinity } = written.router;
  if (sessionAffinity !== null) checkSessions(draft, sessionAffinity, ["router", "sessionAffinity"], "router: ");
}

function hashConfig(section: ConsistentHashSection | null): HashConfig {
  const { key, replicaCount, maxLoad } = section ?? consistentHash.fallback!;
  return { key, replicas: replicaCount, maxLoad };
}

function sessionConfig(section: SessionAffinitySection | null, router: RouterSection): SessionConfig | null {
  if (section === null) return { rule: ANY_SOURCE, secret: "" };
  if (!section.enabled) return null;
  const source = sourceOf(section);
  const cookie = source === "cookie" ? (section.cookieName ?? COOKIE) : "";
  return {
    rule: {
      cookie,
      issues: cookie !== "" && (section.issueCookie ?? cookie === COOKIE),
      header: source === "header" ? (section.headerName ?? HEADER).toLowerCase() : "",
      query: source === "query" ? (section.queryParam ?? QUERY) : "",
      byAddress: false,
      ttlMs: section.ttl,
      maxEntries: section.maxEntries,
    },
    secret: section.secret || (router.sessionAffinity?.secret ?? ""),
  };
}

/** Sessions of a rule without a session block: by the cookie of the gateway, else the usual header, else the address. */
const ANY_SOURCE: SessionRule = {
  cookie: COOKIE,
  issues: true,
  header: HEADER.toLowerCase(),
  query: "",
  byAddress: true,
  ttlMs: 3_600_000,
  maxEntries: 10_000,
};

function sourceOf(section: SessionAffinitySection): "cookie" | "header" | "query" {
  if (section.source !== null) return section.source;
  if (section.cookieName !== null) return "cookie";
  if (section.headerName !== null) return "header";
  return section.queryParam === null ? "cookie" : "query";
}

function checkSessions(draft: Draft, section: SessionAffinitySection, place: Place, whose: string): void {
  const source = sourceOf(section);
  const { cookieName, headerName, queryParam, secret } = section;
  for (const [key, name] of Object.entries({ cookieName, headerName })) {
    if (name === null || TOKEN.test(name)) continue;
    draft.error(place, `${whose}sessionAffinity.${key}: "${name}" is not a valid name of a ${key.replace("Name", "")}`);
  }
  const idle = Object.entries({ cookieName, headerName, queryParam, issueCookie: section.issueCookie })
    .filter(([key, value]) => value !== null && !key.toLowerCase().includes(source))
    .map(([key]) => key);
  for (const key of idle) draft.warn(place, `${whose}sessionAffinity.${key} has no effect with source ${source}`);
  if (section.ttl === 0) draft.error(place, `${whose}sessionAffinity.ttl must be above 0`);
  if (secret !== "" && secret.length < SHORTEST_SECRET) {
    draft.error(place, `${whose}sessionAffinity.secret needs at least ${SHORTEST_SECRET} characters`);
  }
}
