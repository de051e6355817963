// What a limit counts by: the client's address, its identity, a field it sent, the route, or several of these together.
import { hash } from "node:crypto";
import type { RequestContext } from "../core/context.ts";
import { getField } from "../wire/fields.ts";
import { networkOf } from "../wire/network.ts";

/** One thing to count by. `field` is the lower-case name of a header; "" with any other kind. */
export interface KeySource {
  readonly kind: "ip" | "subject" | "apiKey" | "header" | "route";
  readonly field: string;
}

/** The key of a request. Never throws. Bounded in length; requests that differ in a source have different keys. */
export type KeyOf = (ctx: RequestContext) => string;

/** A longer key is replaced by its digest: clients choose how long their headers are. */
const MAX_LENGTH = 64;

/** Reads `ip`, `subject`, `apiKey`, `route` or `header:<name>`; null if it is none of them. */
export function parseKeySource(text: string): KeySource | null {
  if (text === "ip" || text === "subject" || text === "apiKey" || text === "route") return { kind: text, field: "" };
  const header = /^header:([!#$%&'*+.^_`|~0-9A-Za-z-]+)$/.exec(text);
  return header === null ? null : { kind: "header", field: header[1]!.toLowerCase() };
}

/** Whether the key is known only after authentication. */
export function needsIdentity(sources: readonly KeySource[]): boolean {
  return sources.some(({ kind }) => kind === "subject" || kind === "apiKey");
}

/** Whether all clients of the route share one key. */
export function isShared(sources: readonly KeySource[]): boolean {
  return sources.every(({ kind }) => kind === "route");
}

/** Compiles a key. What a request lacks is replaced by its address, so that leaving it out opens no second budget. */
export function keyBy(sources: readonly KeySource[]): KeyOf {
  const parts = sources.map(partBy);
  if (parts.length === 1) {
    const only = parts[0]!;
    return (ctx) => bounded(only(ctx));
  }
  // With its length before it, the end of one part cannot be taken for the beginning of the next.
  return (ctx) => bounded(parts.reduce((all, part) => withLength(all, part(ctx)), ""));
}

/** Every kind but the address begins with a letter that no address has, so that a header holding an address has its own key. */
function partBy({ kind, field }: KeySource): KeyOf {
  switch (kind) {
    case "ip":
      return byAddress;
    case "subject":
      return (ctx) => (ctx.identity === null ? byAddress(ctx) : `s${ctx.identity.subject}`);
    case "apiKey":
      return (ctx) =>
        ctx.identity === null || ctx.identity.apiKey === "" ? byAddress(ctx) : `k${ctx.identity.apiKey}`;
    case "header":
      return (ctx) => {
        const value = getField(ctx.fields, field);
        return value === undefined || value === "" ? byAddress(ctx) : `h${value}`;
      };
    case "route":
      return () => "r";
  }
}

function byAddress(ctx: RequestContext): string {
  return networkOf(ctx.clientIp);
}

function withLength(all: string, part: string): string {
  return `${all}${part.length}:${part}`;
}

function bounded(key: string): string {
  return key.length <= MAX_LENGTH ? key : `#${hash("sha256", key, "base64url")}`;
}
