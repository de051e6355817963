// Where clients send tokens and API keys, and how these are removed before a request is forwarded.
import type { RequestContext } from "../core/context.ts";
import { cookieValues } from "../wire/cookies.ts";
import { isField } from "../wire/fields.ts";
import { queryValues } from "../wire/query.ts";
import { AMBIGUOUS } from "./authenticator.ts";
import { authorizationOf } from "./authorization.ts";
import { dropCookie, dropParameter } from "./strip.ts";
import { tokenOffer } from "./token-offer.ts";

const NONE: readonly string[] = [];

/** Where a credential may be sent; "" = not there. */
export interface CredentialPlaces {
  /** Header, in lower case. */
  readonly header: string;
  /** Scheme before the credential in the header, in lower case. `Authorization` with another scheme contains no credential. */
  readonly prefix: string;
  readonly query: string;
  readonly cookie: string;
  /** Whether WebSocket handshakes may send it as a subprotocol. */
  readonly subprotocol: boolean;
}

/** The credential of a request. It may be sent in several places if the value is the same. */
export function credentialIn(
  places: readonly CredentialPlaces[],
  ctx: RequestContext,
): string | null | typeof AMBIGUOUS {
  let found: string | null = null;
  const differs = (value: string): boolean => {
    if (found !== null) return found !== value;
    found = value;
    return false;
  };
  for (const { header, prefix, query, cookie, subprotocol } of places) {
    if (header !== "" && valuesIn(header, prefix, ctx.fields).some(differs)) return AMBIGUOUS;
    if (query !== "" && queryValues(ctx.query, query).some(differs)) return AMBIGUOUS;
    if (cookie !== "" && cookieValues(ctx.fields, cookie).some(differs)) return AMBIGUOUS;
    const offer = subprotocol ? tokenOffer(ctx) : null;
    if (offer !== null && differs(offer.token)) return AMBIGUOUS;
  }
  return found;
}

/** Makes the check whether a credential is only in a cookie, which browsers also send for pages of other origins. */
export function isByCookie(places: readonly CredentialPlaces[]): (ctx: RequestContext) => boolean {
  if (places.every(({ cookie }) => cookie === "")) return () => false;
  const others = places.map((place) => ({ ...place, cookie: "" }));
  return (ctx) => credentialIn(others, ctx) === null;
}

/** Removes the credential from all these places in the forwarded request. */
export function removeCredential({ header, prefix, query, cookie }: CredentialPlaces, ctx: RequestContext): void {
  const edit = ctx.edited();
  if (header !== "" && (header !== "authorization" || valuesIn(header, prefix, ctx.fields).length > 0))
    edit.drop(header);
  if (query !== "") dropParameter(ctx, query);
  if (cookie !== "") dropCookie(ctx, cookie);
}

function valuesIn(header: string, prefix: string, fields: readonly string[]): readonly string[] {
  if (header === "authorization" && prefix !== "") {
    const credential = authorizationOf(fields, prefix);
    return credential === null ? NONE : [credential];
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
