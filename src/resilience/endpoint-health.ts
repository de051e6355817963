// All checks of one endpoint, and their effect on its traffic.
import type { EndpointState } from "../core/endpoint-state.ts";
import { CheckCounter, type Thresholds } from "./check-status.ts";

/** The checks of one endpoint. One that says unhealthy is enough to take it out. */
export class EndpointHealth {
  readonly #state: EndpointState;
  readonly #verdicts = new Map<string, CheckCounter>();
  #gated = false;

  constructor(state: EndpointState) {
    this.#state = state;
  }

  /**
   * Says which checks there are from now on; what is known of those that stay is kept.
   * @param gated the endpoint takes nothing as long as one of them has no verdict
   */
  follow(names: readonly string[], gated: boolean): void {
    for (const name of this.#verdicts.keys()) if (!names.includes(name)) this.#verdicts.delete(name);
    for (const name of names) if (!this.#verdicts.has(name)) this.#verdicts.set(name, new CheckCounter());
    this.#gated = gated;
    this.#settle();
  }

  /** What a check says; null when it is not followed. */
  verdict(name: string): CheckCounter | null {
    return this.#verdicts.get(name) ?? null;
  }

  /** Takes in one probe. @returns whether the check's verdict changed */
  take(name: string, failure: string | null, ms: number, thresholds: Thresholds): boolean {
    const changed = this.#verdicts.get(name)?.take(failure, ms, thresholds) ?? false;
    if (changed) this.#settle();
    return changed;
  }

  /** The endpoint is not checked any more. */
  close(): void {
    this.follow([], false);
  }

  #settle(): void {
    const statuses = [...this.#verdicts.values()].map((verdict) => verdict.status);
    const failing = statuses.includes("unhealthy");
    const unknown = statuses.includes("unknown");
    const state = this.#state;
    state.check = statuses.length === 0 ? null : failing ? "unhealthy" : unknown ? "unknown" : "healthy";
    if (failing) state.block("failing");
    else state.clear("failing");
    if (this.#gated && unknown) state.block("unproven");
    else state.clear("unproven");
  }
}
