// The endpoints of one service in one snapshot. Rules with settings of their own use it in ways of their own, each with its own
// balancer and circuits; what the registry changes reaches all of them at once and leaves what is known of the others alone.
import { isDeepStrictEqual } from "node:util";
import type { Endpoint, EndpointSpec } from "../../core/endpoint.ts";
import type { EndpointState } from "../../core/endpoint-state.ts";
import type { LeaseHolder } from "../../core/lease.ts";
import type { BalancedService } from "./balanced-service.ts";
import type { BalancerBuilder } from "./balancers.ts";
import type { ServiceBreakers } from "./breakers.ts";
import { type BareEndpoint, type EndpointBuilder, identityOf } from "./endpoints.ts";

/** What endpoints are made with. */
interface EndpointSetParts {
  readonly leases: LeaseHolder;
  readonly builder: EndpointBuilder;
  readonly balancers: Pick<BalancerBuilder, "warm" | "begun">;
}

/** An endpoint, with everything it has leased. */
interface Member {
  readonly spec: EndpointSpec;
  readonly leases: LeaseHolder;
  readonly state: EndpointState;
  /** As it is called by gRPC, and otherwise; null until somebody does. */
  calls: BareEndpoint | null;
  plain: BareEndpoint | null;
}

/** One way the service is used. */
interface Variant {
  readonly grpc: boolean;
  readonly breakers: Pick<ServiceBreakers, "endpoint">;
  /** One for each member. */
  endpoints: readonly Endpoint[];
  readonly service: BalancedService;
}

/** A living list: {@link replace} changes it as a whole. */
export class EndpointSet {
  readonly #service: string;
  readonly #parts: EndpointSetParts;
  #specs: readonly EndpointSpec[];
  /** In the order of the registry. */
  #members: readonly Member[];
  readonly #variants: Variant[] = [];

  /** @param specs those the service begins with */
  constructor(service: string, specs: readonly EndpointSpec[], parts: EndpointSetParts) {
    this.#service = service;
    this.#parts = parts;
    this.#specs = specs;
    this.#members = this.#membersOf(specs, []);
    if (specs.length > 0) parts.balancers.begun(service);
  }

  /** Whether an endpoint says that it speaks gRPC. */
  get speaksGrpc(): boolean {
    return this.#specs.some((spec) => spec.grpc);
  }

  /**
   * A service over the endpoints, which is notified of every change.
   * @param grpc whether it is called by gRPC
   * @param make makes it of the endpoints there are now
   */
  use(
    grpc: boolean,
    breakers: Pick<ServiceBreakers, "endpoint">,
    make: (endpoints: readonly Endpoint[]) => BalancedService,
  ): BalancedService {
    const endpoints = this.#members.map((member) => this.#endpointOf(member, grpc, breakers));
    const service = make(endpoints);
    this.#variants.push({ grpc, breakers, endpoints, service });
    return service;
  }

  /**
   * Applies the current list of the registry. A removed endpoint gets no new request, and is released when those under
   * way are over.
   * @returns whether anything has changed
   */
  replace(specs: readonly EndpointSpec[]): boolean {
    if (specs === this.#specs) return false;
    this.#specs = specs;
    const before = this.#members;
    const now = this.#membersOf(specs, before);
    if (now.length === before.length && now.every((member, i) => member === before[i])) return false;
    this.#members = now;
    for (const variant of this.#variants) {
      const known = new Map(before.map((member, i) => [member, variant.endpoints[i]!]));
      const { grpc, breakers } = variant;
      variant.endpoints = now.map((member) => known.get(member) ?? this.#endpointOf(member, grpc, breakers));
      variant.service.follow(variant.endpoints);
    }
    const kept = new Set(now);
    const states = new Set(now.map(({ state }) => state));
    for (const member of before) {
      if (kept.has(member)) continue;
      // One that is only described otherwise is held by its successor.
      if (states.has(member.state)) member.leases.release();
      else member.state.whenIdle(() => member.leases.release());
    }
    if (before.length === 0) this.#parts.balancers.begun(this.#service);
    return true;
  }

  /** Members for the specs, the same as before where nothing has changed. One that is listed twice counts once. */
  #membersOf(specs: readonly EndpointSpec[], before: readonly Member[]): readonly Member[] {
    const known = new Map(before.map((member) => [identityOf(this.#service, member.spec), member]));
    const members = new Map<string, Member>();
    for (const spec of specs) {
      const id = identityOf(this.#service, spec);
      const same = known.get(id);
      if (members.has(id)) continue;
      members.set(id, same !== undefined && isDeepStrictEqual(same.spec, spec) ? same : this.#join(spec));
    }
    return [...members.values()];
  }

  #join(spec: EndpointSpec): Member {
    const { builder, balancers } = this.#parts;
    const leases = this.#parts.leases.child();
    const state = builder.state(this.#service, spec, leases);
    balancers.warm(this.#service, spec, state, leases);
    return { spec, leases, state, calls: null, plain: null };
  }

  #endpointOf(member: Member, grpc: boolean, breakers: Variant["breakers"]): Endpoint {
    const { spec, state, leases } = member;
    const make = () => this.#parts.builder.endpoint(this.#service, spec, state, grpc, leases);
    const bare = grpc ? (member.calls ??= make()) : (member.plain ??= make());
    return { ...bare, breaker: breakers.endpoint(spec, leases) };
  }
}
