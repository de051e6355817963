// Where clients send API keys, and how keys are removed before a request is forwarded.
import type { RequestContext } from "../core/context.ts";
import { cookieValues } from "../wire/cookies.ts";
import { isField } from "../wire/fields.ts";
import { queryValues } from "../wire/query.ts";
import { AMBIGUOUS } from "./authenticator.ts";
import { authorizationOf } from "./authorization.ts";
import { dropCookie, dropParameter } from "./strip.ts";

/** Where a key may be sent; "" = not there. */
export interface KeyPlaces {
  /** Header, in lower case. */
  readonly header: string;
  readonly query: string;
  readonly cookie: string;
  /** Scheme of `Authorization`. */
  readonly scheme: string;
}

/** The API key of a request. It may be sent in several places if the value is the same. */
export function keyIn(places: KeyPlaces, { fields, query }: RequestContext): string | null | typeof AMBIGUOUS {
  let found: string | null = null;
  const differs = (value: string): boolean => {
    if (found !== null) return found !== value;
    found = value;
    return false;
  };
  if (places.header !== "") {
    for (let i = 0; i < fields.length; i += 2)
      if (isField(fields[i]!, places.header) && differs(fields[i + 1]!)) return AMBIGUOUS;
  }
  if (places.scheme !== "") {
    const value = authorizationOf(fields, places.scheme.toLowerCase());
    if (value !== null && differs(value)) return AMBIGUOUS;
  }
  if (places.query !== "" && queryValues(query, places.query).some(differs)) return AMBIGUOUS;
  if (places.cookie !== "" && cookieValues(fields, places.cookie).some(differs)) return AMBIGUOUS;
  return found;
}

/** Removes the key from the forwarded request. */
export function removeKey(places: KeyPlaces, ctx: RequestContext): void {
  const { fields } = ctx;
  const edit = ctx.edited();
  if (places.header !== "") edit.drop(places.header);
  if (places.scheme !== "" && authorizationOf(fields, places.scheme.toLowerCase()) !== null) edit.drop("authorization");
  if (places.query !== "") dropParameter(ctx, places.query);
  if (places.cookie !== "") dropCookie(ctx, places.cookie);
}
