// Takes credentials out of the request that is sent on. Several methods may do so in turn, each going by what the others left.
import type { RequestContext } from "../core/context.ts";
import { cookieValues, withoutCookie } from "../wire/cookies.ts";
import { withoutParameter } from "../wire/query.ts";

/** Sends no cookie of this name. */
export function dropCookie(ctx: RequestContext, name: string): void {
  const edit = ctx.edited();
  const fields = edit.drops("cookie") ? edit.fields : ctx.fields;
  if (cookieValues(fields, name).length === 0) return;
  const rest = withoutCookie(fields, name);
  if (rest === "") edit.drop("cookie");
  else edit.set("Cookie", rest);
}

/** Sends no query parameter of this name. */
export function dropParameter(ctx: RequestContext, name: string): void {
  const edit = ctx.edited();
  const query = edit.query ?? ctx.query;
  const rest = withoutParameter(query, name);
  if (rest !== query) edit.query = rest;
}
