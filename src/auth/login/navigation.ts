// Classifies requests of browsers by Fetch Metadata: page loads, and requests from the own site.
import type { RequestContext } from "../../core/context.ts";
import { getField } from "../../wire/fields.ts";
import { grpcKind } from "../../wire/grpc.ts";

/**
 * Whether the request is a page load, which can be redirected to a login; scripts, WebSockets, gRPC and forms could not
 * continue from there. Without Fetch Metadata (old browsers, plain HTTP), `Accept` decides.
 */
export function isNavigation({ method, upgrade, fields }: RequestContext): boolean {
  if (method !== "GET" || upgrade || grpcKind(fields) !== null) return false;
  if (getField(fields, "sec-purpose") !== undefined) return false; // a prefetch, which may never be shown
  const mode = getField(fields, "sec-fetch-mode");
  if (mode !== undefined) return mode === "navigate";
  if (getField(fields, "x-requested-with") !== undefined) return false;
  return /\btext\/html\b/.test(getField(fields, "accept") ?? "");
}

/** Whether the request was made by a page of the same site or directly by the user; null: unknown. */
export function isFromOwnSite({ fields, authority }: RequestContext): boolean | null {
  const site = getField(fields, "sec-fetch-site");
  if (site !== undefined) return site !== "cross-site";
  const from = getField(fields, "origin") ?? getField(fields, "referer");
  if (from === undefined) return null;
  return URL.canParse(from) && new URL(from).host === authority.toLowerCase();
}
