// Services of a snapshot: endpoints under one picker per way of balancing, with the policies that hold for a rule.
import { type BalancerName, REGISTRIES } from "../../catalog.ts";
import type { RuleConfig } from "../../config/config.ts";
import type { Filter } from "../../core/filter.ts";
import type { ServiceEntry } from "../../core/registry.ts";
import type { Service } from "../../core/service.ts";
import type { Build } from "../runtime.ts";
import { BalancedService } from "./balanced-service.ts";
import { BalancerBuilder } from "./balancers.ts";
import { Breakers } from "./breakers.ts";
import { type BareEndpoint, EndpointBuilder } from "./endpoints.ts";
import { limiterOf } from "./limiters.ts";
import { Retries } from "./retries.ts";

/** Builds services on demand; rules with equal settings share one. */
export class ServiceBuilder {
  readonly #build: Build;
  readonly #balancers: BalancerBuilder;
  readonly #builder: EndpointBuilder;
  readonly #breakers: Breakers;
  readonly #retries: Retries;
  readonly #entries: ReadonlyMap<string, ServiceEntry>;
  readonly #endpoints = new Map<string, readonly BareEndpoint[]>();
  readonly #services = new Map<string, Service>();

  constructor(build: Build) {
    this.#build = build;
    this.#balancers = new BalancerBuilder(build);
    this.#builder = new EndpointBuilder(build);
    this.#breakers = new Breakers(build);
    this.#retries = new Retries(build);
    const { config } = build;
    const registry = REGISTRIES[config.registry.type](config.services);
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
  service(name: string, balancer: BalancerName, grpc: boolean | null, rule: RuleConfig | null): Service {
    const entry = this.#entries.get(name)!;
    const speaksGrpc = grpc ?? entry.endpoints.some((e) => e.grpc);
    const balanced = `${name}|${speaksGrpc ? "grpc|" : ""}${this.#balancers.keyOf(balancer, rule)}`;
    const breakers = this.#breakers.forService(rule, name);
    const retry = this.#retries.settings(name, rule);
    const key = `${balanced}|${breakers.key}|${JSON.stringify(retry)}`;
    const known = this.#services.get(key);
    if (known !== undefined) return known;
    const service = new BalancedService({
      name,
      endpoints: this.#endpointsOf(entry, speaksGrpc).map((endpoint) => ({
        ...endpoint,
        breaker: breakers.endpoint(endpoint.spec),
      })),
      groups: this.#balancers.groups(balanced, name, balancer, rule),
      breaker: breakers.service,
      limiter: limiterOf(this.#build, name),
      retry: retry === null ? null : this.#retries.rule(name, retry),
      isFailure: breakers.isFailure,
    });
    this.#build.leases.own(() => service.close());
    this.#services.set(key, service);
    return service;
  }

  /** The reply filter that sets the session cookie of a rule; null when it needs none. */
  sessionFilter(rule: RuleConfig): Filter | null {
    return this.#balancers.sessionFilter(rule.serviceName, rule);
  }

  #endpointsOf(entry: ServiceEntry, grpc: boolean): readonly BareEndpoint[] {
    const key = `${grpc ? "grpc|" : ""}${entry.name}`;
    let endpoints = this.#endpoints.get(key);
    if (endpoints === undefined) {
      endpoints = entry.endpoints.map((spec) => this.#builder.endpoint(entry.name, spec, grpc));
      this.#balancers.warm(entry.name, endpoints);
      this.#endpoints.set(key, endpoints);
    }
    return endpoints;
  }
}
