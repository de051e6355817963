// What `gateway explain` says about authorization: the permission a request needs, and the decision for a given client.
import { claimAt } from "../auth/jwt/claim-path.ts";
import { actionOf } from "../authz/action.ts";
import { authorize } from "../authz/authorize.ts";
import { PREFIXES, type Principal, PrincipalError, parsePrincipal } from "../authz/principal.ts";
import { Rbac } from "../authz/rbac.ts";
import { fill } from "../authz/template.ts";
import type { Config, RuleConfig } from "../config/config.ts";
import { didYouMean } from "../config/text/suggest.ts";
import { ERRORS } from "../core/errors.ts";
import type { Filter } from "../core/filter.ts";
import { type Identity, identityOf } from "../core/identity.ts";
import { isRefusal, type Refusal } from "../core/reply.ts";
import { contextOf, type DryRequest } from "../snapshot/check/dry-run.ts";
import { demandOf } from "../snapshot/routes/authz.ts";
import { isSkipped } from "../wire/skipped-paths.ts";
import { UsageError } from "./flags.ts";

/** What is to be printed. */
export interface Authorization {
  readonly lines: readonly string[];
  readonly denied: boolean;
}

/**
 * Explains the authorization of a request on the rule that matched.
 * @param matched rule and canonical path; null for those there are none of
 * @param who principals of the client in the notation of bindings; empty: only the permission is explained
 * @throws UsageError for an invalid principal
 */
export function explainAuthorization(
  { rbac: settings }: Config,
  { rule, path }: { readonly rule: RuleConfig | null; readonly path: string | null },
  request: DryRequest,
  who: readonly string[],
): Authorization {
  const principals = who.map(principalOf);
  if (rule === null || path === null) return { lines: [], denied: false };
  const as = `  as ${who.join(", ")}:`;
  if (settings === null || rule.authz === null)
    return { lines: who.length === 0 ? [] : [`${as} allowed, this rule requires no permission`], denied: false };
  const demand = demandOf(rule, rule.authz);
  const exempt = demand.skips !== null && isSkipped(path, demand.skips) === true;
  const identity = identityFrom(principals, settings.subjectKey);
  const ctx = Object.assign(contextOf(request), { path, identity });
  const rbac = new Rbac(settings, claimAt);
  const { subject } = rbac.holderOf(identity);
  const values = { path, action: actionOf(ctx, demand.grpc), method: ctx.method, subject };
  const texts = exempt ? [] : demand.permissions.map((template) => fill(template, values) ?? template.text);
  const required = exempt ? "none, by authz.rbac.skipPaths" : texts.join(demand.requireAll ? " and " : " or ");
  const needs = `  permission      ${required}`;
  if (who.length === 0) return { lines: [needs], denied: false };
  const verdict = authorize({ ...demand, stranger: () => STRANGER }, { rbac, enforces: true, ...UNOBSERVED })
    .onRequest!(ctx);
  const reasons = texts.map(
    (text) => `    ${text}: ${reasonFor(rbac, rbac.grantFor(rbac.holderOf(identity), text), text)}`,
  );
  return {
    lines: [needs, `${as} ${outcomeOf(verdict, settings.enforces)}`, ...reasons],
    denied: verdict !== undefined && settings.enforces,
  };
}

const STRANGER: Refusal = { code: "missing_credentials" };
const UNOBSERVED = { decided: () => undefined, wouldDeny: () => undefined };

function outcomeOf(verdict: ReturnType<NonNullable<Filter["onRequest"]>>, enforces: boolean): string {
  if (verdict === undefined || verdict instanceof Promise || !isRefusal(verdict)) return "allowed";
  const refused = `${ERRORS[verdict.code].status} ${verdict.code}`;
  return enforces ? refused : `allowed in permissive mode, otherwise ${refused}`;
}

function reasonFor(rbac: Rbac, granted: ReturnType<Rbac["grantFor"]>, permission: string): string {
  if (granted === null)
    return rbac.passesUnspoken(permission)
      ? "no role grants it, and defaultAllow is set"
      : "not granted by any role of this client";
  const { role, grant } = granted;
  const about = role.description === "" ? "" : ` (${role.description})`;
  return `granted by role "${role.name}"${about} of policy "${role.policy}": ${grant}`;
}

function principalOf(text: string): Principal {
  try {
    return parsePrincipal(text);
  } catch (error) {
    if (!(error instanceof PrincipalError)) throw error;
    throw new UsageError(
      `-as "${text}": ${error.message}${error.prefix === "" ? "" : didYouMean(error.prefix, PREFIXES)}`,
    );
  }
}

/** A client that is all of these. */
function identityFrom(principals: readonly Principal[], subjectKey: string): Identity {
  const valuesOf = (kind: Principal["kind"]) => principals.flatMap((each) => (each.kind === kind ? [each.value] : []));
  const named = principals.find(({ kind }) => ["subject", "user", "service", "device", "oauth2"].includes(kind));
  const claims = principals.flatMap(({ kind, name, value }) => (kind === "claim" ? [[name, value] as const] : []));
  const [apiKey = ""] = valuesOf("apikey");
  const subject = named?.value ?? "";
  return identityOf({
    subject,
    type: named?.kind === "service" || named?.kind === "device" ? named.kind : "user",
    method: apiKey === "" ? "jwt" : "apikey",
    apiKey,
    provider: named?.kind === "oauth2" ? named.name : "",
    groups: valuesOf("group"),
    roles: valuesOf("role"),
    scopes: valuesOf("scope"),
    claims: {
      email_verified: true,
      ...(subjectKey === "" ? {} : { [subjectKey]: subject }),
      ...Object.fromEntries(claims),
    },
  });
}
