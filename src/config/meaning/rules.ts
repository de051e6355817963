// Infers and checks the rules, those that `protocols.grpc.services` adds among them.

import type { LlmSettings } from "../../llm/settings.ts";
import type { Conditions } from "../../routing/conditions.ts";
import { type Pattern, parsePattern } from "../../routing/pattern.ts";
import type { PlainRule, Protocol, RuleConfig, ServiceConfig } from "../config.ts";
import { type RuleSection, ruleDefaults } from "../schema/router.ts";
import { Claims } from "../text/claims.ts";
import type { Position } from "../text/problem.ts";
import { didYouMean, didYouMeanOf } from "../text/suggest.ts";
import { backendOf, type ServiceBackend } from "./backends.ts";
import { readBalancing } from "./balancing.ts";
import { readRuleCors } from "./cors.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { readJsonRule } from "./json-rule.ts";
import { VisibleServices } from "./known.ts";
import { LimitReader } from "./limits.ts";
import type { ListenerDraft } from "./listeners.ts";
import { readStrategy, STRATEGY_TIMEOUT_MS } from "./llm/strategy.ts";
import { checkHosts, checkListeners, matchKeys, readConditions, readPattern } from "./match.ts";
import { readRuleAuth } from "./rule-auth.ts";
import { readRuleAuthz } from "./rule-authz.ts";
import { INTERNAL } from "./services.ts";
import type { RuleEventStreamConfig, RuleWebSocketConfig } from "./stream-config.ts";
import { recheckMs } from "./token-validation.ts";

const ALIKE = "; distinguish them by path, listeners, methods, hosts or match, or remove one of them";
/** Keys that work on whole messages: setting one selects the mode `messages`. */
const MESSAGE_SIZES = ["frontend.websocket.maxMessageSize", "backend.websocket.maxMessageSize"];

/** Infers and checks all rules: those of the file, then those that it leaves to be made. @param names that services may have */
export function readRules(
  draft: Draft,
  services: readonly ServiceConfig[],
  names: ReadonlySet<string>,
  listeners: readonly ListenerDraft[],
  llm: LlmSettings | null,
): RuleConfig[] {
  const limits = new LimitReader(draft);
  const claims: RuleClaims = {
    ids: new Claims(draft.problems),
    matches: new Claims(draft.problems),
    listeners: new Set(listeners.flatMap(({ name }) => name ?? [])), // a missing one is reported already
  };
  const rules = readWritten(draft, services, claims, limits, llm);
  return [...rules, ...readGrpcServices(draft, names, rules, claims, limits)];
}

/** What one rule only can have, and where it may hold. */
interface RuleClaims {
  readonly ids: Claims;
  readonly matches: Claims;
  /** Names of those there are. */
  readonly listeners: Set<string>;
}

/** `router.rules`. */
function readWritten(
  draft: Draft,
  services: readonly ServiceConfig[],
  claims: RuleClaims,
  limits: LimitReader,
  llm: LlmSettings | null,
): RuleConfig[] {
  const { written, problems } = draft;
  const visible = new VisibleServices(draft, services);
  const counts = new Map<string, number>();
  return written.router.rules.flatMap((section, i) => {
    const place = ["router", "rules", i];
    const at = draft.at(place);
    const { serviceName } = section;
    const count = (counts.get(serviceName) ?? 0) + 1;
    counts.set(serviceName, count);
    const id = section.id || `${section.strategy === null ? serviceName : "llm"}-${count}`;
    claims.ids.claim(id, at, `rule id "${id}"`);
    // When the services could not be read, that is reported already.
    const unread = problems.saidAt(draft.at(["registry", "static", "services"]));
    const strategy = readStrategy(draft, section, place, id, llm);
    const isService = serviceName !== INTERNAL && serviceName !== undefined && section.strategy === null;
    if (isService && !visible.mayName(serviceName, at) && !unread) {
      const hint = didYouMeanOf(serviceName, visible.names(at), "registry.static.services has");
      draft.error([...place, "serviceName"], `rule "${id}": unknown service "${serviceName}"${hint}`);
    }
    checkRewrites(draft, section, place, id);
    checkHosts(draft, section, place, id);
    checkListeners(draft, section, place, id, claims.listeners);
    const pattern = readPattern(draft, section, place, id);
    if (pattern === null) return [];
    const protocol = protocolOf(section, visible.find(serviceName, at));
    const conditions = readConditions(section, protocol, written.frontend.sse.path);
    claimMatch(claims, section.path, pattern, conditions, at);
    return [readRule(draft, section, place, { id, protocol, pattern, conditions, strategy }, limits)];
  });
}

/** `protocols.grpc.services`: a rule for each service that no rule of the files has. */
function readGrpcServices(
  draft: Draft,
  names: ReadonlySet<string>,
  rules: readonly RuleConfig[],
  claims: RuleClaims,
  limits: LimitReader,
): RuleConfig[] {
  const { grpc } = draft.written.protocols;
  if (!grpc.enabled) return [];
  const ofFiles = rules.filter((r) => r.at.fragment === undefined);
  const ids = new Set(ofFiles.map((r) => r.id));
  const taken = new Set(ofFiles.map((r) => r.pattern.canonical));
  return grpc.services.flatMap(({ name, backend }, i) => {
    const place = ["protocols", "grpc", "services", i];
    if (!/^[A-Za-z_][\w.]*$/.test(name)) {
      draft.error(place, `"${name}" is not the name of a gRPC service`);
      return [];
    }
    if (!names.has(backend)) {
      draft.error(place, `unknown service "${backend}"${didYouMean(backend, names)}`);
      return [];
    }
    const path = `/${name}/*`;
    const pattern = parsePattern(path);
    if (taken.has(pattern.canonical)) return [];
    taken.add(pattern.canonical);
    const section: RuleSection = { ...ruleDefaults(), path, serviceName: backend };
    const conditions = readConditions(section, "grpc", "");
    const id = `grpc:${name}`;
    claimMatch(claims, path, pattern, conditions, draft.at(place));
    if (!ids.has(id)) claims.ids.claim(id, draft.at(place), `rule id "${id}"`);
    return [readRule(draft, section, place, { id, protocol: "grpc", pattern, conditions, strategy: null }, limits)];
  });
}

function claimMatch({ matches }: RuleClaims, path: string, pattern: Pattern, c: Conditions, at: Position): void {
  for (const key of matchKeys(path, pattern, c)) matches.claim(key.text, at, key.shown, ALIKE);
}

/** The rest of a rule. @param rule what is known of it */
function readRule(
  draft: Draft,
  section: RuleSection,
  place: Place,
  rule: Pick<RuleConfig, "id" | "protocol" | "pattern" | "conditions" | "strategy">,
  limits: LimitReader,
): RuleConfig {
  const key = dotted(place);
  const { id, protocol, strategy } = rule;
  const auth = readRuleAuth(draft, section, place, id);
  const timeoutWritten = draft.isGiven(`${key}.timeout`);
  const backend = backendOf(draft.written, section.serviceName);
  return {
    ...plainOf(section),
    ...rule,
    preserveHost: section.preserveHost ?? (section.rewriteHost === "" && backend.http.preserveHost),
    key,
    at: draft.at(place),
    ...readBalancing(draft, section, place, id),
    maxBodyBytes: section.maxRequestSize ?? defaultBodyBytes(draft, rule),
    timeoutMs: strategy === null || timeoutWritten ? section.timeout : STRATEGY_TIMEOUT_MS,
    timeoutWritten,
    ...limits.read(section, id, place),
    websocket: readWebSocket(draft, section, backend),
    auth,
    authz: readRuleAuthz(draft, section, place, { ...rule, auth }),
    cors: readRuleCors(draft, section.cors, place),
    transcoding: readJsonRule(draft, section, rule, backend),
    descriptors: section.grpc,
    eventStreams: readEventStreams(draft, section, protocol, backend),
    callRecheckMs: recheckMs(draft.written.frontend.grpc, section.grpc),
  };
}

function defaultBodyBytes(
  { written }: Draft,
  { protocol, strategy }: Pick<RuleConfig, "protocol" | "strategy">,
): number {
  if (strategy !== null && written.llm !== null) return written.llm.maxBodySize;
  return protocol === "grpc" ? 0 : written.frontend.http.maxRequestSize;
}

/** The keys that mean what they say: a new one passes by itself. */
function plainOf(section: RuleSection): PlainRule {
  const { id, listeners, hosts, methods, match, protocol, timeout, maxRequestSize, ...more } = section;
  const { websocket, sse, preserveHost, loadBalance, sessionAffinity, consistentHash, ...rest } = more;
  const { rateLimit, rateLimitBurst, rateLimitStorage, rateLimitExpiration, rateLimits, concurrency, ...own } = rest;
  const { grpc, transcoding, strategy, cors, authRequired, authType, authService, requiredScopes, auth, ...other } =
    own;
  const { requiredPermissions, requireAllPermissions, ...plain } = other;
  return plain;
}

/** The mode `messages` where a setting needs messages to be read, otherwise `tunnel`. */
function readWebSocket(draft: Draft, rule: RuleSection, backend: ServiceBackend): RuleWebSocketConfig {
  const { mode, maxMessageSize } = rule.websocket;
  const { frontend } = draft.written;
  const given = [...MESSAGE_SIZES, `backend.services.${rule.serviceName}.websocket.maxMessageSize`];
  const sized = maxMessageSize !== null || given.some((key) => draft.isGiven(key));
  const compressed = frontend.websocket.enableCompression || backend.websocket.enableCompression;
  return {
    mode: mode ?? (sized || compressed ? "messages" : "tunnel"),
    maxClientMessageBytes: maxMessageSize ?? frontend.websocket.maxMessageSize,
    maxBackendMessageBytes: maxMessageSize ?? backend.websocket.maxMessageSize,
    recheckMs: recheckMs(frontend.websocket, rule.websocket),
  };
}

/** Event streams that end with their first response. */
const NO_STREAMS = { heartbeatMs: 0, maxAgeMs: 0, maxRetries: 0, retryMs: 0 } as const;

/** Rules for event streams keep them alive and take lost ones up again; others do where they say so. */
function readEventStreams(
  draft: Draft,
  rule: RuleSection,
  protocol: Protocol,
  backend: ServiceBackend,
): RuleEventStreamConfig {
  const { frontend } = draft.written;
  const { sse: own } = rule;
  // Streams of models are kept alive and ended by what sends them.
  if (rule.strategy !== null) return { ...NO_STREAMS, recheckMs: recheckMs(frontend.sse, rule.sse) };
  const beats = own.keepaliveTimeout !== null || (frontend.sse.enabled ?? protocol === "sse");
  return {
    heartbeatMs: beats ? (own.keepaliveTimeout ?? frontend.sse.keepaliveTimeout) : 0,
    maxAgeMs: own.maxAge,
    maxRetries: own.maxRetries ?? (protocol === "sse" ? backend.sse.maxRetries : 0),
    retryMs: own.retryInterval ?? backend.sse.retryInterval,
    recheckMs: recheckMs(frontend.sse, own),
  };
}

function checkRewrites(draft: Draft, section: RuleSection, place: Place, id: string): void {
  const { preserveHost, rewriteHost, stripPrefix, rewritePrefix } = section;
  const fault = (message: string) => draft.error(place, `rule "${id}": ${message}`);
  if (preserveHost === true && rewriteHost !== "") fault("preserveHost and rewriteHost are mutually exclusive");
  if (rewriteHost !== "" && !/^[A-Za-z0-9.\-_[\]:]+$/.test(rewriteHost)) fault("rewriteHost is not a host name");
  if (stripPrefix && rewritePrefix !== "") fault("rewritePrefix already replaces the prefix; remove stripPrefix");
  if (rewritePrefix !== "" && !/^\/[^\s?#]*$/.test(rewritePrefix)) {
    fault('rewritePrefix must begin with "/" and hold no query or blank');
  }
}

/** Refuses a configuration without rules. */
export function checkAnyRule(draft: Draft): void {
  if (draft.written.router.rules.length > 0 || draft.problems.errors.length > 0) return;
  draft.error(["router", "rules"], "router.rules is empty");
}

/** What is written, else what the service speaks, else what the methods say. */
function protocolOf(section: RuleSection, service: ServiceConfig | undefined): Protocol {
  if (section.protocol !== null) return section.protocol;
  if (section.grpc !== null || section.transcoding !== null) return "grpc";
  if (service?.endpoints.some((e) => e.grpc) === true) return "grpc";
  return section.methods.length === 1 && section.methods[0] === "SSE" ? "sse" : "http";
}
