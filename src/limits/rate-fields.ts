// What a client is told about its limits: structured fields (draft-ietf-httpapi-ratelimit-headers) and their older kin.
import { dropFields } from "../wire/fields.ts";
import { capacityOf, longestMs } from "./arithmetic.ts";
import type { Decision, Limit } from "./limit.ts";

/** A backend may have limits of its own; here only those of the gateway count. */
const OURS: ReadonlySet<string> = new Set([
  "ratelimit",
  "ratelimit-policy",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-ratelimit-degraded",
]);

/** `RateLimit-Policy` of these limits: `"api";q=200;w=2`, w being the seconds in which all of it comes back. */
export function policyOf(limits: readonly Limit[]): string {
  return limits
    .map((limit) => {
      return `${quoted(limit.id)};q=${Math.floor(capacityOf(limit))};w=${Math.max(1, Math.ceil(longestMs(limit) / 1000))}`;
    })
    .join(", ");
}

/** Name of a limit as a structured text (RFC 9651 §3.3.3): printable ASCII. */
export function quoted(id: string): string {
  return `"${id.replaceAll(/[^ -~]/g, "?").replaceAll(/["\\]/g, "\\$&")}"`;
}

/**
 * Adds the fields of decided limits. The X- fields, which hold one limit, show the one with the least left. More may have
 * been used than a limit holds that was lowered since.
 * @param names {@link quoted} ids, in the order of the decisions
 * @param nowMs since 1970
 */
export function addRateFields(
  fields: string[],
  policy: string,
  names: readonly string[],
  limits: readonly Limit[],
  decisions: readonly Decision[],
  nowMs: number,
): void {
  let tightest = 0;
  let degraded: Decision["degraded"] = null;
  let state = "";
  for (let i = 0; i < decisions.length; i++) {
    const d = decisions[i]!;
    if (isTighter(d, decisions[tightest]!)) tightest = i;
    degraded ??= d.degraded;
    state += `${i === 0 ? "" : ", "}${names[i]};r=${Math.max(0, d.remaining)};t=${Math.ceil(d.resetMs / 1000)}`;
  }
  const { remaining, resetMs } = decisions[tightest]!;
  fields.push(
    "RateLimit-Policy",
    policy,
    "RateLimit",
    state,
    "X-RateLimit-Limit",
    String(Math.floor(capacityOf(limits[tightest]!))),
    "X-RateLimit-Remaining",
    String(Math.max(0, remaining)),
    "X-RateLimit-Reset",
    String(Math.ceil((nowMs + resetMs) / 1000)),
  );
  if (degraded !== null) fields.push("X-RateLimit-Degraded", degraded);
}

/** Removes what a backend said about limits. */
export function dropForeign(fields: string[]): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length >= 9 && name.length <= 21 && OURS.has(name.toLowerCase())) return dropFields(fields, OURS);
  }
}

function isTighter(a: Decision, b: Decision): boolean {
  if (a.allowed !== b.allowed) return b.allowed;
  if (!a.allowed) return a.retryMs > b.retryMs;
  return a.remaining < b.remaining || (a.remaining === b.remaining && a.resetMs > b.resetMs);
}
