// `Max-Forwards` of OPTIONS and TRACE (RFC 9110 §7.6.2): counted down at every hop, and at zero this is the last.
import type { RequestContext } from "../core/context.ts";
import { isField } from "../wire/fields.ts";

/** Larger values of clients are reduced to this. */
const MAX = 1_000_000;

/**
 * Counts a request down.
 * @returns whether it may not be forwarded. False for other methods and for values that are not numbers
 */
export function isLastHop(ctx: RequestContext): boolean {
  if (ctx.method !== "OPTIONS" && ctx.method !== "TRACE") return false;
  const at = ctx.fields.findIndex((name, i) => i % 2 === 0 && isField(name, "max-forwards"));
  const text = ctx.fields[at + 1]!;
  if (at === -1 || !/^\d+$/.test(text)) return false;
  const left = Math.min(Number(text), MAX);
  if (left === 0) return true;
  ctx.fields = ctx.fields.with(at + 1, String(left - 1));
  return false;
}
