// Removes credentials from the forwarded request. Several methods may do so in turn, each on the result of the others.
import type { RequestContext } from "../core/context.ts";
import { cookieValues, withoutCookie, withoutCookies } from "../wire/cookies.ts";
import { withoutParameter } from "../wire/query.ts";

/** Removes the cookies of a name. */
export function dropCookie(ctx: RequestContext, name: string): void {
  const fields = cookieFields(ctx);
  if (cookieValues(fields, name).length > 0) setCookies(ctx, withoutCookie(fields, name));
}

/** Removes the cookies of some names. */
export function dropCookies(ctx: RequestContext, isDropped: (name: string) => boolean): void {
  setCookies(ctx, withoutCookies(cookieFields(ctx), isDropped));
}

/** The fields that contain the cookies to be forwarded. */
function cookieFields({ edit, fields }: RequestContext): readonly string[] {
  return edit?.drops("cookie") ? edit.fields : fields;
}

function setCookies(ctx: RequestContext, line: string): void {
  if (line === "") ctx.edited().drop("cookie");
  else ctx.edited().set("Cookie", line);
}

/** Removes the query parameters of a name. */
export function dropParameter(ctx: RequestContext, name: string): void {
  const edit = ctx.edited();
  const query = edit.query ?? ctx.query;
  const rest = withoutParameter(query, name);
  if (rest !== query) edit.query = rest;
}
