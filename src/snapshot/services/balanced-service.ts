// A service that replaces its picker, and nothing else, whenever the availability of an endpoint changes.
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

const NOBODY: Picker = { pick: () => null };

/** Call {@link close} when done. */
export class BalancedService implements Service {
  readonly name: string;
  /** Replaced as a whole by {@link follow}. */
  endpoints: readonly Endpoint[] = [];
  readonly breaker: Breaker | null;
  readonly limiter: ConcurrencyLimiter | null;
  readonly retry: RetryRule | null;
  mayRefuse = false;
  readonly isFailure: (status: number) => boolean;
  picker: Picker = NOBODY;
  readonly #groups: EndpointGroups;
  /** What ends the watching of each endpoint. */
  #stops: readonly (() => void)[] = [];
  #queued = false;
  #closed = false;

  constructor(parts: ServiceParts) {
    this.name = parts.name;
    this.breaker = parts.breaker;
    this.limiter = parts.limiter;
    this.retry = parts.retry;
    this.isFailure = parts.isFailure;
    this.#groups = parts.groups;
    this.follow(parts.endpoints);
  }

  /** Sets its endpoints: others get no new request. */
  follow(endpoints: readonly Endpoint[]): void {
    const watched = new Map(this.endpoints.map((endpoint, i) => [endpoint, this.#stops[i]!]));
    this.#stops = endpoints.map((endpoint) => {
      const stop = watched.get(endpoint) ?? this.#watch(endpoint);
      watched.delete(endpoint);
      return stop;
    });
    for (const stop of watched.values()) stop();
    this.endpoints = endpoints;
    this.mayRefuse = endpoints.some(({ connector }) => connector.mayRefuse);
    this.picker = this.#newPicker();
  }

  /** Stops watching the endpoints. Requests in progress still use the last picker. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
  }

  #watch({ state, breaker }: Endpoint): () => void {
    const changed = () => this.#changed();
    const stop = state.watch(changed);
    if (breaker === null) return stop;
    const stopToo = breaker.watch(changed);
    return () => {
      stop();
      stopToo();
    };
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
