// The tries of one request: how many, on which endpoints, and whether and when another may follow.
import type { SendFailure } from "../core/edges.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { RetryRule } from "../core/retry.ts";
import { backoff } from "./resend.ts";

/** A try that has taken longer than one may. */
export const LATE_TRY: SendFailure = {
  code: "upstream_timeout",
  progress: "sent",
  detail: "no response head within one try",
};
const NONE: readonly Endpoint[] = [];

/** Counts them. */
export class Tries {
  count = 0;
  #failed: Endpoint[] | null = null;

  /** Endpoints that failed; another one is asked first. */
  get failed(): readonly Endpoint[] {
    return this.#failed ?? NONE;
  }

  fail(endpoint: Endpoint): void {
    (this.#failed ??= []).push(endpoint);
  }

  /** Every endpoint is as good as any other again. */
  forget(): void {
    this.#failed = null;
  }

  /**
   * Takes another try from the budget, where number, time and budget allow it.
   * @param asked wait the backend asks for, ms; -1 none
   * @param endsAt when the client must have its answer, monotonic ms
   * @returns wait before it, ms; -1: there is none
   */
  next(rule: RetryRule, asked: number, endsAt: number): number {
    if (this.count >= rule.maxAttempts) return -1;
    const wait = asked >= 0 ? asked : backoff(rule, this.count - 1, Math.random);
    if (wait > rule.maxDelayMs || performance.now() + wait >= endsAt) return -1;
    return rule.budget?.take() === false ? -1 : wait;
  }
}
