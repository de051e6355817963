// Services of a snapshot: endpoints under one picker per way of balancing, with the policies that hold for a rule.
import type { BalancerName } from "../../catalog.ts";
import type { RuleConfig } from "../../config/config.ts";
import type { EndpointSpec } from "../../core/endpoint.ts";
import type { Filter } from "../../core/filter.ts";
import type { Service } from "../../core/service.ts";
import type { Build } from "../runtime.ts";
import { BalancedService } from "./balanced-service.ts";
import { BalancerBuilder } from "./balancers.ts";
import { Breakers } from "./breakers.ts";
import { EndpointSet } from "./endpoint-set.ts";
import { EndpointBuilder } from "./endpoints.ts";
import { limiterOf } from "./limiters.ts";
import { Retries } from "./retries.ts";

/** Builds services on demand; rules with equal settings share one. */
export class ServiceBuilder {
  readonly #build: Build;
  readonly #balancers: BalancerBuilder;
  readonly #builder: EndpointBuilder;
  readonly #breakers: Breakers;
  readonly #retries: Retries;
  readonly #listed: ReadonlyMap<string, readonly EndpointSpec[]>;
  /** Endpoints by service: of those listed, and of those that a rule waits for. */
  readonly sets = new Map<string, EndpointSet>();
  readonly #services = new Map<string, Service>();

  constructor(build: Build) {
    this.#build = build;
    this.#balancers = new BalancerBuilder(build);
    this.#builder = new EndpointBuilder(build);
    this.#breakers = new Breakers(build);
    this.#retries = new Retries(build);
    this.#listed = new Map(build.config.services.map(({ name, endpoints }) => [name, endpoints]));
  }

  /** Names of all services: those listed, and those that were asked for. */
  names(): Iterable<string> {
    return new Set([...this.#listed.keys(), ...this.sets.keys()]);
  }

  /**
   * The service, balanced that way.
   * @param grpc whether it is called by gRPC; null: as its endpoints say
   * @param rule whose policies hold; null: those of the service itself
   */
  service(name: string, balancer: BalancerName, grpc: boolean | null, rule: RuleConfig | null): Service {
    const endpoints = this.#endpointsOf(name);
    const speaksGrpc = grpc ?? endpoints.speaksGrpc;
    const balanced = `${name}|${speaksGrpc ? "grpc|" : ""}${this.#balancers.keyOf(balancer, rule)}`;
    const breakers = this.#breakers.forService(rule, name);
    const retry = this.#retries.settings(name, rule);
    const key = `${balanced}|${breakers.key}|${JSON.stringify(retry)}`;
    const known = this.#services.get(key);
    if (known !== undefined) return known;
    const service = endpoints.use(
      speaksGrpc,
      breakers,
      (list) =>
        new BalancedService({
          name,
          endpoints: list,
          groups: this.#balancers.groups(balanced, name, balancer, rule),
          breaker: breakers.service,
          limiter: limiterOf(this.#build, name),
          retry: retry === null ? null : this.#retries.rule(name, retry),
          isFailure: breakers.isFailure,
        }),
    );
    this.#build.leases.own(() => service.close());
    this.#services.set(key, service);
    return service;
  }

  /** The reply filter that sets the session cookie of a rule; null when it needs none. */
  sessionFilter(rule: RuleConfig): Filter | null {
    return this.#balancers.sessionFilter(rule.serviceName, rule);
  }

  #endpointsOf(service: string): EndpointSet {
    let set = this.sets.get(service);
    if (set === undefined) {
      const parts = { leases: this.#build.leases, builder: this.#builder, balancers: this.#balancers };
      set = new EndpointSet(service, this.#listed.get(service) ?? [], parts);
      this.sets.set(service, set);
    }
    return set;
  }
}
