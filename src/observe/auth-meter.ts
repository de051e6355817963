// Counts requests that authentication has refused.
import type { ErrorCode } from "../core/errors.ts";
import type { AuthMethod } from "../core/identity.ts";
import { type OwnMetric, own } from "./metric.ts";

/** Refusals by method and reason, neither of which a client can make up. */
export class AuthMeter {
  readonly #refusals = new Map<string, { readonly labels: { method: string; reason: ErrorCode }; value: number }>();

  /** @param method "none" when no credential decided */
  refused(method: AuthMethod | "none", reason: ErrorCode): void {
    const key = `${method} ${reason}`;
    const cell = this.#refusals.get(key);
    if (cell === undefined) this.#refusals.set(key, { labels: { method, reason }, value: 1 });
    else cell.value++;
  }

  /** What is scraped of it. */
  metric(): OwnMetric {
    return own("gateway_auth_failures_total", "Requests that authentication refused", "counter", () => [
      ...this.#refusals.values(),
    ]);
  }
}
