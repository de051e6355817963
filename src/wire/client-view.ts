// Scheme and host used by the client: those of its connection, or as reported by a trusted peer.
import type { RequestContext } from "../core/context.ts";
import { getField } from "./fields.ts";

/** The scheme the client used: `X-Forwarded-Proto` of trusted peers, else that of the connection. */
export function clientScheme(ctx: RequestContext): "http" | "https" {
  const told = reported(ctx, "x-forwarded-proto").toLowerCase();
  return told === "http" || told === "https" ? told : ctx.peer.scheme;
}

/** Host and port the client used: `X-Forwarded-Host` of trusted peers, else `Host` as sent; "" when it named none. */
export function clientAuthority(ctx: RequestContext): string {
  const told = reported(ctx, "x-forwarded-host");
  return /^[\w.[\]:-]+$/.test(told) ? told : ctx.authority;
}

/** The first of a list: each proxy on the way adds to its end. */
function reported(ctx: RequestContext, name: string): string {
  const list = ctx.peerTrusted ? (getField(ctx.fields, name) ?? "") : "";
  return list.split(",", 1)[0]!.trim();
}
