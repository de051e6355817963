// `circuitBreaker` → circuits of services, of their endpoints, and of rules with their own.
import type { RuleConfig } from "../../config/config.ts";
import { breakerOf, hasOwnBreaker } from "../../config/meaning/resilience.ts";
import type { Breaker } from "../../core/breaker.ts";
import type { EndpointSpec } from "../../core/endpoint.ts";
import type { LeaseHolder } from "../../core/lease.ts";
import type { Log } from "../../core/log.ts";
import { type BreakerClock, type BreakerOptions, CountingBreaker } from "../../resilience/breaker.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";

/** Circuits of one service, as a rule sees it. */
export interface ServiceBreakers {
  /** Rules with the same key share the service. */
  readonly key: string;
  readonly service: Breaker | null;
  /** That of an endpoint alone. @param leases of the endpoint */
  endpoint(spec: EndpointSpec, leases: LeaseHolder): Breaker | null;
  /** Whether an answer with this status is a failure. */
  isFailure(status: number): boolean;
}

/** Leases circuits; what they counted survives a reload that leaves their settings alone. */
export class Breakers {
  readonly #build: Build;
  readonly #services: ReadonlySet<string>;

  /** @param build circuits are added to the `breakers` of its runtime while they exist; their changes are logged */
  constructor(build: Build) {
    this.#build = build;
    this.#services = new Set(build.config.services.map((s) => s.name));
  }

  /** @param rule through which the service is reached; null: the service itself */
  forService(rule: RuleConfig | null, service: string): ServiceBreakers {
    const { config } = this.#build;
    const settings = breakerOf(config, service, rule);
    if (settings === null) return NO_BREAKERS;
    const own = rule !== null && hasOwnBreaker(config, rule) ? rule : null;
    const name = own === null ? service : this.#nameOf(own, service);
    const { scope, failureStatuses, options } = settings;
    const key = `${own === null ? "service" : `rule|${own.id}`}|${service}|${digest(options)}`;
    const make = (id: string, shown: string, leases: LeaseHolder): Breaker =>
      this.#lease(`breaker|${id}`, shown, options, leases);
    return {
      key: `${key}|${scope}|${failureStatuses?.join() ?? ""}`,
      service: scope === "endpoint" ? null : make(key, name, this.#build.leases),
      endpoint: ({ id, address, port }, leases) =>
        scope === "service" ? null : make(`${key}|${id}|${address}|${port}`, `${name}/${id}`, leases),
      isFailure: failureTest(failureStatuses),
    };
  }

  #lease(key: string, name: string, options: BreakerOptions, leases: LeaseHolder): Breaker {
    const { breakers, log } = this.#build.runtime;
    return leases.lease(
      key,
      () => {
        const breaker = new CountingBreaker(name, options, CLOCK);
        breaker.watch(() => report(breaker, options, log));
        breakers.add(breaker);
        return breaker;
      },
      (breaker) => {
        breakers.delete(breaker);
        breaker.close();
      },
    );
  }

  /**
   * Name of a rule's circuit: the id of the rule, marked where a service has that name, and the service if it is not the
   * one that the rule names.
   */
  #nameOf({ id, serviceName }: RuleConfig, service: string): string {
    const own = this.#services.has(id) ? `rule:${id}` : id;
    return service === serviceName ? own : `${own}/${service}`;
  }
}

/** Logs that a circuit has opened or closed. Half-open is not logged. */
function report({ name: circuit, state, facts }: Breaker, { openMs }: BreakerOptions, log: Log): void {
  const { failures, successes } = facts;
  if (state === "open") log.warn("Circuit opened", { circuit, failures, successes, seconds: openMs / 1000 });
  if (state === "closed") log.info("Circuit closed", { circuit });
}

const CLOCK: BreakerClock = { now: () => performance.now(), date: () => Date.now() };

const NO_BREAKERS: ServiceBreakers = { key: "", service: null, endpoint: () => null, isFailure: isServerError };

function failureTest(codes: readonly number[] | null): (status: number) => boolean {
  if (codes === null) return isServerError;
  const set = new Set(codes);
  return (status) => set.has(status);
}

/** Every 5xx except 501, which is about the request and not about the service. */
function isServerError(status: number): boolean {
  return status >= 500 && status !== 501;
}
