// Services of a snapshot: endpoints under one picker per way of balancing, with the policies that hold for a rule.
import { BALANCERS, type BalancerName, REGISTRIES } from "../catalog.ts";
import type { Config, RuleConfig } from "../config/config.ts";
import type { LeaseHolder } from "../core/lease.ts";
import type { ServiceEntry } from "../core/registry.ts";
import type { Service } from "../core/service.ts";
import { BalancedService } from "./balanced-service.ts";
import { type BareEndpoint, EndpointBuilder } from "./endpoints.ts";
import type { Runtime } from "./runtime.ts";

/** Builds services on demand; rules with equal settings share one. */
export class ServiceBuilder {
  readonly #leases: LeaseHolder;
  readonly #builder: EndpointBuilder;
  readonly #entries: ReadonlyMap<string, ServiceEntry>;
  readonly #endpoints = new Map<string, readonly BareEndpoint[]>();
  readonly #services = new Map<string, BalancedService>();

  constructor(config: Config, runtime: Runtime, leases: LeaseHolder) {
    this.#leases = leases;
    this.#builder = new EndpointBuilder(config, runtime, leases);
    const registry = REGISTRIES[config.written.registry.type](config.services);
    this.#entries = new Map(registry.list().map((entry) => [entry.name, entry]));
  }

  /** Names of all services. */
  names(): Iterable<string> {
    return this.#entries.keys();
  }

  /**
   * The service, balanced that way.
   * @param grpc whether it is called by gRPC; null: as its endpoints say
   * @param rule whose policies hold; null: those of the service itself
   */
  service(name: string, balancer: BalancerName, grpc: boolean | null, _rule: RuleConfig | null): Service {
    const entry = this.#entries.get(name)!;
    const speaksGrpc = grpc ?? entry.endpoints.some((e) => e.grpc);
    const key = `${name}|${speaksGrpc ? "grpc|" : ""}${balancer}`;
    let service = this.#services.get(key);
    if (service === undefined) {
      service = new BalancedService({
        name,
        endpoints: this.#endpointsOf(entry, speaksGrpc).map((endpoint) => ({ ...endpoint, breaker: null })),
        balancer: this.#leases.lease(
          `balancer|${key}`,
          () => BALANCERS[balancer](),
          () => undefined,
        ),
        breaker: null,
        limiter: null,
        retry: null,
        isFailure: isServerError,
      });
      this.#services.set(key, service);
    }
    return service;
  }

  /** The services follow their endpoints no more. */
  close(): void {
    for (const service of this.#services.values()) service.close();
  }

  #endpointsOf(entry: ServiceEntry, grpc: boolean): readonly BareEndpoint[] {
    const key = `${grpc ? "grpc|" : ""}${entry.name}`;
    let endpoints = this.#endpoints.get(key);
    if (endpoints === undefined) {
      endpoints = entry.endpoints.map((spec) => this.#builder.endpoint(entry.name, spec, grpc));
      this.#endpoints.set(key, endpoints);
    }
    return endpoints;
  }
}

/** Every 5xx but 501, which says that the request was wrong. */
function isServerError(status: number): boolean {
  return status >= 500 && status !== 501;
}
