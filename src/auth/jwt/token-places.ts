// Where clients send tokens, and how tokens are removed before a request is forwarded.
import type { RequestContext } from "../../core/context.ts";
import { cookieValues } from "../../wire/cookies.ts";
import { isField, joinField } from "../../wire/fields.ts";
import { queryValues } from "../../wire/query.ts";
import { AMBIGUOUS } from "../authenticator.ts";
import { authorizationOf } from "../authorization.ts";
import { dropCookie, dropParameter } from "../strip.ts";

/** Where a token may be sent; "" = not there. */
export interface TokenPlaces {
  /** Header, in lower case. */
  readonly header: string;
  /** Scheme before the token in the header, in lower case. `Authorization` with another scheme contains no token. */
  readonly prefix: string;
  readonly cookie: string;
  readonly query: string;
}

/** The subprotocol before a token: browsers cannot set headers of handshakes, but can offer subprotocols. */
const BEARER = "bearer";

/** The token of a request. It may be sent in several places if the value is the same. */
export function tokenIn(places: readonly TokenPlaces[], ctx: RequestContext): string | null | typeof AMBIGUOUS {
  const found = outsideCookies(places, ctx);
  for (const { cookie } of places) if (cookie !== "") found.push(...cookieValues(ctx.fields, cookie));
  if (found.length === 0) return null;
  return found.every((token) => token === found[0]) ? found[0]! : AMBIGUOUS;
}

/** Whether the token is only in a cookie, which browsers also send for pages of other origins. */
export function isByCookie(places: readonly TokenPlaces[], ctx: RequestContext): boolean {
  return places.some(({ cookie }) => cookie !== "") && outsideCookies(places, ctx).length === 0;
}

/** Removes the token from all these places in the forwarded request. */
export function removeToken({ header, prefix, cookie, query }: TokenPlaces, ctx: RequestContext): void {
  const edit = ctx.edited();
  if (header !== "" && (header !== "authorization" || inHeader(header, prefix, ctx.fields).length > 0))
    edit.drop(header);
  if (query !== "") dropParameter(ctx, query);
  if (cookie !== "") dropCookie(ctx, cookie);
}

/** Offered subprotocols that contain a token: `bearer, <token>, chat`. */
export interface TokenOffer {
  readonly token: string;
  /** The other subprotocols. */
  readonly others: readonly string[];
}

/** null: no token is offered. */
export function tokenOffer(ctx: RequestContext): TokenOffer | null {
  if (!ctx.upgrade) return null;
  const offer = joinField(ctx.fields, "sec-websocket-protocol");
  if (offer === undefined) return null;
  const names = offer.split(",").map((name) => name.trim());
  const at = names.findIndex((name) => name.toLowerCase() === BEARER);
  if (at === -1 || at === names.length - 1) return null;
  return { token: names[at + 1]!, others: names.filter((_, i) => i !== at && i !== at + 1) };
}

function outsideCookies(places: readonly TokenPlaces[], ctx: RequestContext): string[] {
  const found: string[] = [];
  for (const { header, prefix, query } of places) {
    if (header !== "") found.push(...inHeader(header, prefix, ctx.fields));
    if (query !== "") found.push(...queryValues(ctx.query, query));
  }
  const offer = tokenOffer(ctx);
  if (offer !== null) found.push(offer.token);
  return found;
}

function inHeader(header: string, prefix: string, fields: readonly string[]): string[] {
  if (header === "authorization" && prefix !== "") {
    const token = authorizationOf(fields, prefix);
    return token === null ? [] : [token];
  }
  const found: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (isField(fields[i]!, header)) found.push(withoutPrefix(fields[i + 1]!.trim(), prefix));
  }
  return found;
}

function withoutPrefix(value: string, prefix: string): string {
  const has =
    prefix !== "" && value.charCodeAt(prefix.length) === 0x20 && isField(value.slice(0, prefix.length), prefix);
  return has ? value.slice(prefix.length).trim() : value;
}
