// Takes credentials out of the request that is sent on. Several methods may do so in turn, each going by what the others left.
import type { RequestContext } from "../core/context.ts";
import { cookieValues, withoutCookie, withoutCookies } from "../wire/cookies.ts";
import { withoutParameter } from "../wire/query.ts";

/** Sends no cookie of this name. */
export function dropCookie(ctx: RequestContext, name: string): void {
  const fields = cookieFields(ctx);
  if (cookieValues(fields, name).length > 0) sendCookies(ctx, withoutCookie(fields, name));
}

/** Sends no cookies of some names. */
export function dropCookies(ctx: RequestContext, isDropped: (name: string) => boolean): void {
  sendCookies(ctx, withoutCookies(cookieFields(ctx), isDropped));
}

/** Where the cookies stand that would be sent. */
function cookieFields({ edit, fields }: RequestContext): readonly string[] {
  return edit?.drops("cookie") ? edit.fields : fields;
}

function sendCookies(ctx: RequestContext, line: string): void {
  if (line === "") ctx.edited().drop("cookie");
  else ctx.edited().set("Cookie", line);
}

/** Sends no query parameter of this name. */
export function dropParameter(ctx: RequestContext, name: string): void {
  const edit = ctx.edited();
  const query = edit.query ?? ctx.query;
  const rest = withoutParameter(query, name);
  if (rest !== query) edit.query = rest;
}
