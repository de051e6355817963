// The CORS filter: the answer to a preflight, and the fields of every other reply (Fetch standard, "CORS protocol").
import type { ReplyFilter, RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Reply } from "../core/reply.ts";
import type { PreflightRule } from "../core/route.ts";
import { dropFields, getField, joinField } from "../wire/fields.ts";
import { addVary } from "../wire/vary.ts";
import type { CorsPolicy } from "./cors-policy.ts";

/** What a service says of CORS itself: it does not know who may ask the gateway. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-expose-headers",
  "access-control-allow-methods",
  "access-control-allow-headers",
  "access-control-max-age",
  "access-control-allow-private-network",
]);

/** The fields of all replies of a route, the gateway's own errors included: a page could not read them without. */
export function corsFilter(policy: CorsPolicy): Filter & ReplyFilter {
  return {
    name: "cors",
    phase: "edge",
    onReply(ctx, { fields }) {
      // Answered below, or by the service.
      if (ctx.preflight !== "") return undefined;
      dropFields(fields, OWN_NAMES);
      addFields(ctx, policy, fields);
      return undefined;
    },
  };
}

/** The same for replies to requests that found no route. */
export function unroutedCors(policy: CorsPolicy): ReplyFilter {
  return {
    onReply(ctx, { fields }) {
      if (ctx.route === null) addFields(ctx, policy, fields);
      return undefined;
    },
  };
}

function addFields(ctx: RequestContext, policy: CorsPolicy, fields: string[]): void {
  if (policy.varies) addVary(fields, "Origin");
  const origin = joinField(ctx.fields, "origin"); // two of them make none that is listed
  if (origin === undefined || !grantOrigin(policy, origin, fields)) return;
  const { exposedHeaders } = policy.settings;
  if (exposedHeaders.length > 0) fields.push("Access-Control-Expose-Headers", exposedHeaders.join(", "));
}

/** @returns whether the origin may read the reply */
function grantOrigin(policy: CorsPolicy, origin: string, fields: string[]): boolean {
  const allowed = policy.allowedOrigin(origin);
  if (allowed === null) return false;
  fields.push("Access-Control-Allow-Origin", allowed);
  if (policy.mayShowCredentials(origin)) fields.push("Access-Control-Allow-Credentials", "true");
  return true;
}

/** Answers preflights of a route; null: they go to its service. */
export function preflightOf(policy: CorsPolicy): PreflightRule {
  if (policy.settings.optionsPassthrough) return { answer: () => null };
  return { answer: (ctx) => answer(ctx, policy) };
}

function answer(ctx: RequestContext, policy: CorsPolicy): Reply {
  const { settings } = policy;
  const fields: string[] = [];
  for (const name of ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"])
    addVary(fields, name);
  const origin = joinField(ctx.fields, "origin") ?? "";
  const names = policy.allowedHeaders(joinField(ctx.fields, "access-control-request-headers") ?? "");
  const reply = { status: settings.optionsSuccessStatus, fields, body: "" };
  // A browser that finds no fields does not send the request.
  if (names === null || !policy.allowsMethod(ctx.preflight) || !grantOrigin(policy, origin, fields)) return reply;
  fields.push("Access-Control-Allow-Methods", methodsFor(ctx.preflight, settings.allowedMethods));
  if (names.length > 0) fields.push("Access-Control-Allow-Headers", names.join(", "));
  if (settings.maxAgeS > 0) fields.push("Access-Control-Max-Age", String(settings.maxAgeS));
  const asksForPrivate = getField(ctx.fields, "access-control-request-private-network") === "true";
  if (asksForPrivate && settings.allowPrivateNetwork) fields.push("Access-Control-Allow-Private-Network", "true");
  return reply;
}

/** A star counts for nothing where credentials are sent, so that the method is named. */
function methodsFor(asked: string, allowed: readonly string[]): string {
  return allowed.includes("*") ? asked : allowed.join(", ");
}
