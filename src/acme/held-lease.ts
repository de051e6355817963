// Renews locks until they are released, or until they are lost.
import type { Lease } from "./store.ts";

/** How one kind of store renews and releases a lock. */
export interface LeaseSteps {
  /** @returns false when somebody else has the lock */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

/** The locks that this process holds of one store. */
export class HeldLeases {
  readonly #leaseMs: number;
  readonly #held = new Set<HeldLease>();

  /** @param leaseMs without a renewal for so long a lock counts as lost */
  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** A lock that was just taken. */
  hold(steps: LeaseSteps): Lease {
    const lease = new HeldLease(steps, this.#leaseMs, () => this.#held.delete(lease));
    this.#held.add(lease);
    return lease;
  }

  /** Releases all. */
  async close(): Promise<void> {
    await Promise.all([...this.#held].map((lease) => lease.release()));
  }
}

class HeldLease implements Lease {
  readonly #steps: LeaseSteps;
  readonly #leaseMs: number;
  readonly #ended: () => void;
  readonly #lost = new AbortController();
  #renewedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #over = false;

  constructor(steps: LeaseSteps, leaseMs: number, ended: () => void) {
    this.#steps = steps;
    this.#leaseMs = leaseMs;
    this.#ended = ended;
    this.#schedule();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    await this.#running;
    if (!this.#lost.signal.aborted) await this.#steps.release().catch(() => undefined);
    this.#ended();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#renew();
    }, this.#leaseMs / 4).unref();
  }

  async #renew(): Promise<void> {
    const startedAt = performance.now();
    // A store that fails may come back before the lease runs out.
    const kept = await this.#steps.renew().catch(() => null);
    if (kept === true) this.#renewedAt = startedAt;
    if (kept === false || performance.now() - this.#renewedAt >= this.#leaseMs) {
      this.#lost.abort(new Error("the lock was lost"));
    } else if (!this.#over) this.#schedule();
  }
}
