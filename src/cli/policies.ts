// What `gateway explain` says a route does beyond sending: limits, circuits, retries and the rest, each as it takes effect.

import { hasIpLists, type IpLists } from "../auth/ip-list.ts";
import type { Config, FallbackConfig, RateConfig, RuleConfig, ServiceConfig } from "../config/config.ts";
import { adaptiveLimitOf } from "../config/meaning/adaptive-limit.ts";
import type { RuleAuthConfig } from "../config/meaning/auth-config.ts";
import type { RuleAuthzConfig } from "../config/meaning/authz-config.ts";
import { groupingOf, type SessionConfig } from "../config/meaning/balancing.ts";
import { checksOf } from "../config/meaning/health-config.ts";
import { outlierSettings } from "../config/meaning/outliers.ts";
import { breakerOf, retryOf } from "../config/meaning/resilience.ts";
import { storeTitle } from "../config/meaning/stores.ts";
import { showDuration, showSize } from "../config/text/units.ts";
import type { HeadLimits } from "../limits/head-size.ts";
import type { KeySource } from "../limits/keys.ts";
import type { CorsSettings } from "../shaping/cors-policy.ts";

/** Most entries of a list that are shown. */
const MAX_SHOWN = 8;

/** A name and what holds under it. */
type Policy = readonly [name: string, text: string];

/** Policies of a rule, in the order a request meets them; what is off is left out. */
export function policiesOf(config: Config, rule: RuleConfig, service: ServiceConfig | undefined): Policy[] {
  return [
    ...on("addresses", addressesText(rule)),
    ...on("header limit", headText(rule)),
    ...on("authentication", rule.auth && authText(rule.auth)),
    ...on("authorization", rule.authz && authzText(config, rule.authz)),
    ...on("cors", rule.cors && corsText(rule.cors)),
    ...on("tier", rule.tier === "normal" ? null : rule.tier),
    ...on("concurrency", rule.concurrency && `${rule.concurrency.max} concurrent by ${keyText(rule.concurrency.key)}`),
    ...rule.rateLimits.map((limit): Policy => ["rate limit", limitText(config, limit)]),
    ...on("balancing", balancingText(config, rule)),
    ...on("adaptive limit", adaptiveText(config, rule.serviceName)),
    ...on("circuit", circuitText(config, rule)),
    ...on("outliers", outlierText(config, rule.serviceName)),
    ...on("retry", retryText(config, rule)),
    ...on("fallback", rule.fallback && fallbackText(rule.fallback)),
    ...checkTexts(config, service).map((text): Policy => ["check", text]),
  ];
}

/** The addresses that lists let pass; null: all. */
export function addressesText(lists: IpLists): string | null {
  if (!hasIpLists(lists)) return null;
  const { allowedIPs, deniedIPs } = lists;
  return [
    ...(allowedIPs.length > 0 ? [`only ${shortList(allowedIPs)}`] : []),
    ...(deniedIPs.length > 0 ? [`not ${shortList(deniedIPs)}`] : []),
  ].join("; ");
}

function shortList(entries: readonly string[]): string {
  const more = entries.length - MAX_SHOWN;
  return entries.slice(0, MAX_SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function headText({ maxHeaderSize, maxHeaders }: HeadLimits): string | null {
  const parts = [
    ...(maxHeaderSize === null ? [] : [showSize(maxHeaderSize)]),
    ...(maxHeaders === null ? [] : [`${maxHeaders} fields`]),
  ];
  return parts.length === 0 ? null : parts.join(", ");
}

function authText({ optional, methods, scopes, service, skipPaths, jwt, oauth2 }: RuleAuthConfig): string {
  const ways = methods.map((method) => (method === "forward" && service ? `forward (${service})` : method));
  const parts = [`${optional ? "optional" : "required"}, by ${ways.join(" or ")}`];
  if (jwt !== "") parts.push("jwt with keys of the rule");
  if (oauth2 !== null) parts.push(...oauth2Parts(oauth2));
  if (scopes.length > 0) parts.push(`scopes ${scopes.join(" ")}`);
  if (skipPaths.length > 0) parts.push("except auth.skipPaths");
  return parts.join(", ");
}

function oauth2Parts({ provider, scopes, audience }: NonNullable<RuleAuthConfig["oauth2"]>): readonly string[] {
  return [
    ...(provider === "" ? [] : [`oauth2 tokens of ${provider}`]),
    ...(scopes.length === 0 ? [] : [`oauth2 scopes ${scopes.join(" ")}`]),
    ...(audience.length === 0 ? [] : [`oauth2 audience ${audience.join(" or ")}`]),
  ];
}

function authzText({ rbac }: Config, { permissions, requireAll, skipPaths }: RuleAuthzConfig): string {
  const parts = [permissions.map(({ text }) => text).join(requireAll ? " and " : " or ")];
  if (rbac?.enforces === false) parts.push("permissive");
  if (skipPaths.length > 0) parts.push("except authz.rbac.skipPaths");
  return parts.join(", ");
}

function corsText({ allowedOrigins, allowCredentials, optionsPassthrough }: CorsSettings): string {
  const parts = [`pages of ${allowedOrigins.join(", ")}`];
  if (allowCredentials) parts.push("with credentials");
  if (optionsPassthrough) parts.push("preflights are forwarded to the service");
  return parts.join(", ");
}

function on(name: string, text: string | null): Policy[] {
  return text === null ? [] : [[name, text]];
}

function limitText(config: Config, { limit, key, store, costField }: RateConfig): string {
  const { id, algorithm, rate, periodMs, burst } = limit;
  const spare = algorithm === "sliding_window" ? [] : [`burst ${burst}`];
  const cost = costField === "" ? [] : [`cost from ${costField}`];
  const parts = [
    `${rate} per ${showDuration(periodMs)}`,
    ...spare,
    algorithm,
    ...cost,
    storeTitle(config.stores, store),
  ];
  return `${id}: ${parts.join(", ")}, by ${keyText(key)}`;
}

function keyText(key: readonly KeySource[]): string {
  return key.map(({ kind, field }) => (kind === "header" ? `header:${field}` : kind)).join(" + ");
}

function balancingText(config: Config, { loadBalance, hash, sessions, serviceName }: RuleConfig): string | null {
  const { slowStartMs, panicShare } = groupingOf(config, serviceName);
  const parts = [
    ...(loadBalance === "sticky_session" && sessions !== null ? [sessionText(sessions)] : []),
    ...(loadBalance === "consistent_hash" ? [`by hash of ${hash.key || "session or address"}`] : []),
    ...(slowStartMs > 0 ? [`slow start ${showDuration(slowStartMs)}`] : []),
    ...(panicShare > 0 ? [`all instances when fewer than ${percent(panicShare)} are healthy`] : []),
  ];
  return parts.length === 0 ? null : parts.join(", ");
}

function sessionText({ rule: { cookie, header, query, byAddress, ttlMs } }: SessionConfig): string {
  const marks = [
    ...(cookie === "" ? [] : [`cookie ${cookie}`]),
    ...(header === "" ? [] : [`header ${header}`]),
    ...(query === "" ? [] : [`query parameter ${query}`]),
    ...(byAddress ? ["address"] : []),
  ];
  return `sessions by ${marks.join(" or ")} for ${showDuration(ttlMs)}`;
}

function adaptiveText(config: Config, service: string): string | null {
  const limits = adaptiveLimitOf(config, service);
  return limits && `${limits.minLimit} to ${limits.maxLimit} concurrent, initially ${limits.initialLimit}`;
}

function circuitText(config: Config, rule: RuleConfig): string | null {
  const settings = breakerOf(config, rule.serviceName, rule);
  if (settings === null) return null;
  const { scope, options } = settings;
  const { maxFailures, failureRatio, minRequests, windowMs, openMs } = options;
  const opens = [
    ...(maxFailures > 0 ? [`${maxFailures} failures`] : []),
    ...(failureRatio > 0 ? [`${percent(failureRatio)} of at least ${minRequests} requests`] : []),
  ];
  const within = windowMs > 0 ? ` within ${showDuration(windowMs)}` : "";
  return `opens after ${opens.join(" or ")}${within}, for ${showDuration(openMs)}; per ${SCOPES[scope]}`;
}

const SCOPES = { service: "service", endpoint: "instance", both: "service and instance" } as const;

function outlierText(config: Config, service: string): string | null {
  const settings = outlierSettings(config, service);
  if (settings === null) return null;
  return `ejected for at least ${showDuration(settings.ejectionMs)}, at most ${percent(settings.maxEjectedShare)} of the instances`;
}

function retryText(config: Config, rule: RuleConfig): string | null {
  const settings = retryOf(config, rule.serviceName, rule);
  if (settings === null) return null;
  const { maxAttempts, statuses, perTryMs, hedgeAfterMs, budget } = settings;
  const parts = [
    `${maxAttempts} tries`,
    ...(statuses.length > 0 ? [`after ${statuses.join(" ")}`] : []),
    ...(perTryMs > 0 ? [`${showDuration(perTryMs)} each`] : []),
    ...(hedgeAfterMs > 0 ? [`hedged after ${showDuration(hedgeAfterMs)}`] : []),
    ...(budget !== null ? [`${percent(budget.ratio)} additional requests at most`] : []),
  ];
  return parts.join(", ");
}

function fallbackText({ on: codes, serviceName, status }: FallbackConfig): string {
  return `${serviceName === null ? `${status}, made here,` : `service ${serviceName}`} after ${codes.join(" ")}`;
}

/** Equal checks of several instances are shown once. */
function checkTexts({ health }: Config, service: ServiceConfig | undefined): string[] {
  const texts = (service?.endpoints ?? []).flatMap((spec) =>
    checksOf(health, service!.name, spec).map(([, { type, path, intervalMs, timeoutMs }]) => {
      const what = type === "http" ? `${type} ${path}` : type;
      return `${what} every ${showDuration(intervalMs)}, within ${showDuration(timeoutMs)}`;
    }),
  );
  return [...new Set(texts)];
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
