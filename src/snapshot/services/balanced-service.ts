// A service that makes a new picker whenever one of its endpoints becomes fit or unfit. Nothing else of it changes.
import type { EndpointGroups } from "../../balancing/endpoint-groups.ts";
import type { Breaker } from "../../core/breaker.ts";
import type { Endpoint } from "../../core/endpoint.ts";
import type { ConcurrencyLimiter } from "../../core/limiter.ts";
import type { RetryRule } from "../../core/retry.ts";
import type { Picker, Service } from "../../core/service.ts";

/** What a service is made of. */
interface ServiceParts extends Omit<Service, "picker" | "mayRefuse"> {
  readonly groups: EndpointGroups;
}

/** Call {@link close} when done. */
export class BalancedService implements Service {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly breaker: Breaker | null;
  readonly limiter: ConcurrencyLimiter | null;
  readonly retry: RetryRule | null;
  readonly mayRefuse: boolean;
  readonly isFailure: (status: number) => boolean;
  picker: Picker;
  readonly #groups: EndpointGroups;
  readonly #stops: (() => void)[];
  #queued = false;
  #closed = false;

  constructor(parts: ServiceParts) {
    this.name = parts.name;
    this.endpoints = parts.endpoints;
    this.breaker = parts.breaker;
    this.limiter = parts.limiter;
    this.retry = parts.retry;
    this.mayRefuse = parts.endpoints.some(({ connector }) => connector.mayRefuse);
    this.isFailure = parts.isFailure;
    this.#groups = parts.groups;
    const changed = () => this.#changed();
    this.#stops = parts.endpoints.flatMap(({ state, breaker }) => [
      state.watch(changed),
      ...(breaker === null ? [] : [breaker.watch(changed)]),
    ]);
    this.picker = this.#newPicker();
  }

  /** Stops watching the endpoints. Requests under way still use the last picker. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#stops.splice(0)) stop();
  }

  /**
   * Makes the new picker in a microtask, so that many endpoints that change at once, as when a zone is lost, cost one
   * picker.
   */
  #changed(): void {
    if (this.#queued || this.#closed) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      if (!this.#closed) this.picker = this.#newPicker();
    });
  }

  #newPicker(): Picker {
    return this.#groups.over(this.endpoints);
  }
}
