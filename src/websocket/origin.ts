// Which handshakes are accepted, by path and by `Origin` (RFC 6455 §10.2).
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Refusal } from "../core/reply.ts";
import { joinField } from "../wire/fields.ts";

/** Handshakes outside `prefix` find no route. */
export function onlyBelow(prefix: string): Filter {
  const folder = prefix.endsWith("/") ? prefix : `${prefix}/`;
  return {
    name: "websocket-path",
    phase: "edge",
    onRequest: (ctx) => (ctx.path === prefix || ctx.path.startsWith(folder) ? undefined : { code: "no_route" }),
  };
}

/** A page of another origin is refused unless its origin is listed. Clients that are no browser send none and pass. */
export function sameOrigin(allowed: readonly string[]): Filter {
  return { name: "websocket-origin", phase: "edge", onRequest: originCheck(allowed) };
}

/** What {@link sameOrigin} goes by. */
export function originCheck(allowed: readonly string[]): (ctx: RequestContext) => Refusal | undefined {
  const any = allowed.includes("*");
  const listed = new Set(allowed.map((origin) => origin.toLowerCase()));
  return (ctx) => {
    const origin = joinField(ctx.fields, "origin"); // two of them make none that is listed
    if (any || origin === undefined || listed.has(origin.toLowerCase()) || isOwn(ctx, origin)) return undefined;
    return { code: "origin_not_allowed" };
  };
}

function isOwn(ctx: RequestContext, origin: string): boolean {
  const at = origin.indexOf("://");
  return (
    at !== -1 && withPort(origin.slice(at + 3), origin.startsWith("https:")) === withPort(ctx.authority, secure(ctx))
  );
}

function secure(ctx: RequestContext): boolean {
  return ctx.peer.scheme === "https";
}

function withPort(authority: string, https: boolean): string {
  const lower = authority.toLowerCase();
  return /:\d+$/.test(lower) ? lower : `${lower}:${https ? 443 : 80}`;
}
