// What `gateway explain` says about authorization: the permission a request needs, and the decision for a given client.
import { claimAt } from "../auth/jwt/claim-path.ts";
import { actionOf } from "../authz/action.ts";
import { authorize, type PermissionDemand } from "../authz/authorize.ts";
import { PREFIXES, type Principal, PrincipalError, parsePrincipal } from "../authz/principal.ts";
import { Rbac } from "../authz/rbac.ts";
import type { RbacSettings } from "../authz/settings.ts";
import { fill } from "../authz/template.ts";
import type { Config, RuleConfig } from "../config/config.ts";
import { didYouMean } from "../config/text/suggest.ts";
import type { RequestContext } from "../core/context.ts";
import { ERRORS } from "../core/errors.ts";
import type { Filter } from "../core/filter.ts";
import { type Identity, identityOf } from "../core/identity.ts";
import { isRefusal, type Refusal } from "../core/reply.ts";
import { contextOf, type DryRequest, indexRules } from "../snapshot/check/dry-run.ts";
import { demandOf } from "../snapshot/routes/authz.ts";
import { isRestricted, pathGuard } from "../snapshot/routes/demands.ts";
import { isSkipped } from "../wire/skipped-paths.ts";
import { UsageError } from "./flags.ts";

/** What is to be printed. */
export interface Authorization {
  readonly lines: readonly string[];
  readonly denied: boolean;
}

const NOTHING: Authorization = { lines: [], denied: false };
const UNAUTHENTICATED: Refusal = { code: "missing_credentials" };

/**
 * Explains the authorization of a request on the rule that matched.
 * @param matched rule and canonical path, each null if there is none
 * @param who principals of the client in the notation of bindings; empty: only the permission is explained
 * @throws UsageError for an invalid principal
 */
export function explainAuthorization(
  config: Config,
  { rule, path }: { readonly rule: RuleConfig | null; readonly path: string | null },
  request: DryRequest,
  who: readonly string[],
): Authorization {
  const identity = identityOfClient(config, who);
  if (rule === null || path === null) return NOTHING;
  const ctx = Object.assign(contextOf(request), { path, identity });
  const guard = isRestricted(config) ? pathGuard(indexRules(config.rules), (each) => each) : null;
  if (guard?.onRequest?.(ctx) !== undefined)
    return { lines: [`  rejected        400 invalid_path, ${ctx.detail}`], denied: true };
  const as = `  as ${who.join(", ")}:`;
  if (config.rbac !== null && rule.authz !== null)
    return decisionFor(config.rbac, demandOf(rule, rule.authz), ctx, who.length === 0 ? null : as);
  return who.length === 0 ? NOTHING : { lines: [`${as} this rule requires no permission`], denied: false };
}

/** @param as begins the line with the decision; null: none is made */
function decisionFor(
  settings: RbacSettings,
  demand: Omit<PermissionDemand, "unauthenticated">,
  ctx: RequestContext,
  as: string | null,
): Authorization {
  const rbac = new Rbac(settings, claimAt);
  const assignment = rbac.assignmentOf(ctx.identity!);
  const { path, method } = ctx;
  const values = { path, method, action: actionOf(ctx, demand.grpc), subject: assignment.subject };
  const exempt = demand.skips !== null && isSkipped(path, demand.skips) === true;
  const texts = exempt ? [] : demand.permissions.map((template) => fill(template, values) ?? template.text);
  const required = exempt ? "none, by authz.rbac.skipPaths" : texts.join(demand.requireAll ? " and " : " or ");
  const permission = `  permission      ${required}`;
  if (as === null) return { lines: [permission], denied: false };
  const shared = { rbac, enforces: true, decided: () => undefined, denied: () => undefined };
  const verdict = authorize({ ...demand, unauthenticated: () => UNAUTHENTICATED }, shared).onRequest!(ctx);
  const reasons = texts.map((text) => `    ${text}: ${reasonFor(rbac, rbac.grantFor(assignment, text), text)}`);
  return {
    lines: [permission, `${as} ${outcomeOf(verdict, settings.enforces)}`, ...reasons],
    denied: verdict !== undefined && settings.enforces,
  };
}

function outcomeOf(verdict: ReturnType<NonNullable<Filter["onRequest"]>>, enforces: boolean): string {
  if (verdict === undefined || verdict instanceof Promise || !isRefusal(verdict)) return "allowed";
  const rejected = `${ERRORS[verdict.code].status} ${verdict.code}`;
  return enforces ? rejected : `allowed in permissive mode, otherwise ${rejected}`;
}

function reasonFor(rbac: Rbac, granted: ReturnType<Rbac["grantFor"]>, permission: string): string {
  if (granted === null)
    return rbac.allowsByDefault(permission)
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

/**
 * The client that `-as` describes.
 * @param who principals in the notation of bindings
 * @throws UsageError for an invalid one
 */
export function identityOfClient(config: Config, who: readonly string[]): Identity {
  return identityFrom(who.map(principalOf), config);
}

/** A client that is all of these; an API key of the configuration with everything known about it. */
function identityFrom(principals: readonly Principal[], { auth, rbac }: Config): Identity {
  const valuesOf = (kind: Principal["kind"]) => principals.flatMap((each) => (each.kind === kind ? [each.value] : []));
  const named = principals.find(({ kind }) => ["subject", "user", "service", "device", "oauth2"].includes(kind));
  const claims = principals.flatMap(({ kind, name, value }) => (kind === "claim" ? [[name, value] as const] : []));
  const [apiKey = ""] = valuesOf("apikey");
  const key = auth.apikey?.keys.find(({ name, identity }) => [identity.apiKey, `name:${name}`].includes(apiKey));
  const subject = named?.value ?? key?.identity.subject ?? "";
  return identityOf({
    type: named?.kind === "service" || named?.kind === "device" ? named.kind : "user",
    provider: named?.kind === "oauth2" ? named.name : "",
    ...key?.identity,
    subject,
    method: apiKey === "" ? "jwt" : "apikey",
    apiKey: key?.identity.apiKey ?? apiKey,
    groups: valuesOf("group"),
    roles: valuesOf("role"),
    scopes: [...(key?.identity.scopes ?? []), ...valuesOf("scope")],
    claims: {
      email_verified: true,
      ...(rbac === null || rbac.subjectKey === "" ? {} : { [rbac.subjectKey]: subject }),
      ...key?.identity.claims,
      ...Object.fromEntries(claims),
    },
  });
}
