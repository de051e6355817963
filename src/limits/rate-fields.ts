// What a client is told about its limits: structured fields (draft-ietf-httpapi-ratelimit-headers), and the
// X-RateLimit fields that came before them.
import { dropFields } from "../wire/fields.ts";
import type { AdjustableLimit } from "./adjustable.ts";
import { capacityOf, longestMs } from "./arithmetic.ts";
import type { Decision, Limit } from "./limit.ts";

/** A backend may have its own limits; only those of the gateway are reported. */
const OURS: ReadonlySet<string> = new Set([
  "ratelimit",
  "ratelimit-policy",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-ratelimit-degraded",
]);

/** Writes the fields of certain limits, always in the same order. */
export class RateFields {
  readonly #limits: readonly AdjustableLimit[];
  readonly #names: readonly string[];
  readonly #wallMs: () => number;
  #policy: string;

  /** @param wallMs time since 1970, ms */
  constructor(limits: readonly AdjustableLimit[], wallMs: () => number) {
    this.#limits = limits;
    this.#names = limits.map(({ id }) => quoted(id));
    this.#wallMs = wallMs;
    this.#policy = policyOf(limits);
    for (const limit of limits) {
      limit.onChange(() => {
        this.#policy = policyOf(limits);
      });
    }
  }

  /**
   * Replaces rate limit fields of a backend by those of the gateway. The X- fields, which hold one limit, show the one
   * with the least left. More may have been used than a limit holds that was lowered since.
   */
  addTo(fields: string[], decisions: readonly Decision[]): void {
    dropBackendFields(fields);
    let tightest = 0;
    let degraded: Decision["degraded"] = null;
    let state = "";
    for (let i = 0; i < decisions.length; i++) {
      const d = decisions[i]!;
      if (isTighter(d, decisions[tightest]!)) tightest = i;
      degraded ??= d.degraded;
      state += `${i === 0 ? "" : ", "}${this.#names[i]};r=${Math.max(0, d.remaining)};t=${Math.ceil(d.resetMs / 1000)}`;
    }
    const { remaining, resetMs } = decisions[tightest]!;
    fields.push(
      "RateLimit-Policy",
      this.#policy,
      "RateLimit",
      state,
      "X-RateLimit-Limit",
      String(Math.floor(capacityOf(this.#limits[tightest]!))),
      "X-RateLimit-Remaining",
      String(Math.max(0, remaining)),
      "X-RateLimit-Reset",
      String(Math.ceil((this.#wallMs() + resetMs) / 1000)),
    );
    if (degraded !== null) fields.push("X-RateLimit-Degraded", degraded);
  }
}

/** `RateLimit-Policy` of these limits: `"api";q=200;w=2`, w being the seconds after which it is fully restored. */
function policyOf(limits: readonly Limit[]): string {
  return limits
    .map((limit) => {
      return `${quoted(limit.id)};q=${Math.floor(capacityOf(limit))};w=${Math.max(1, Math.ceil(longestMs(limit) / 1000))}`;
    })
    .join(", ");
}

/** Name of a limit as a structured text (RFC 9651 §3.3.3): printable ASCII. */
function quoted(id: string): string {
  return `"${id.replaceAll(/[^ -~]/g, "?").replaceAll(/["\\]/g, "\\$&")}"`;
}

function dropBackendFields(fields: string[]): void {
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
