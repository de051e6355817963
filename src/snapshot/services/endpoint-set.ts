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
export interface EndpointSetParts {
  readonly leases: LeaseHolder;
  readonly builder: EndpointBuilder;
  readonly balancers: Pick<BalancerBuilder, "warm" | "begun">;
}

/** An endpoint, with everything it has leased. */
interface Member {
  readonly spec: EndpointSpec;
  readonly leases: LeaseHolder;
  readonly state: EndpointState;
  /** By whether it is called by gRPC. */
  readonly bare: Map<boolean, BareEndpoint>;
}

/** One way the service is used. */
interface Variant {
  readonly grpc: boolean;
  readonly breakers: Pick<ServiceBreakers, "endpoint">;
  endpoints: ReadonlyMap<Member, Endpoint>;
  readonly service: BalancedService;
}

/** A living list: {@link replace} changes it as a whole. */
export class EndpointSet {
  readonly #service: string;
  readonly #parts: EndpointSetParts;
  #specs: readonly EndpointSpec[];
  /** By identity, in the order of the registry. */
  #members: ReadonlyMap<string, Member>;
  readonly #variants: Variant[] = [];

  /** @param specs those the service begins with */
  constructor(service: string, specs: readonly EndpointSpec[], parts: EndpointSetParts) {
    this.#service = service;
    this.#parts = parts;
    this.#specs = specs;
    this.#members = this.#membersOf(specs, new Map());
    if (specs.length > 0) parts.balancers.begun(service);
  }

  /** Whether an endpoint says that it speaks gRPC. */
  get speaksGrpc(): boolean {
    return this.#specs.some((spec) => spec.grpc);
  }

  /**
   * A service over the endpoints, which is told of every change from now on.
   * @param grpc whether it is called by gRPC
   * @param make makes it of the endpoints there are now
   */
  use(
    grpc: boolean,
    breakers: Pick<ServiceBreakers, "endpoint">,
    make: (endpoints: readonly Endpoint[]) => BalancedService,
  ): BalancedService {
    const endpoints = this.#endpointsOf({ grpc, breakers, endpoints: new Map() });
    const service = make([...endpoints.values()]);
    this.#variants.push({ grpc, breakers, endpoints, service });
    return service;
  }

  /**
   * Takes over what the registry lists now. An endpoint that is gone gets no new request, and is given back when those under
   * way are over.
   * @returns whether anything has changed
   */
  replace(specs: readonly EndpointSpec[]): boolean {
    if (specs === this.#specs) return false;
    this.#specs = specs;
    const before = this.#members;
    const now = this.#membersOf(specs, before);
    const old = [...before.values()];
    if (now.size === old.length && [...now.values()].every((member, i) => member === old[i])) return false;
    this.#members = now;
    for (const variant of this.#variants) {
      variant.endpoints = this.#endpointsOf(variant);
      variant.service.follow([...variant.endpoints.values()]);
    }
    for (const [id, member] of before) {
      const after = now.get(id);
      if (after === member) continue;
      // One that is only described otherwise is held by its successor.
      if (after !== undefined) member.leases.release();
      else member.state.whenIdle(() => member.leases.release());
    }
    if (before.size === 0) this.#parts.balancers.begun(this.#service);
    return true;
  }

  /** Members for the specs, the same as before where nothing has changed. One that is listed twice counts once. */
  #membersOf(specs: readonly EndpointSpec[], before: ReadonlyMap<string, Member>): Map<string, Member> {
    const members = new Map<string, Member>();
    for (const spec of specs) {
      const id = identityOf(this.#service, spec);
      const known = before.get(id);
      if (members.has(id)) continue;
      members.set(id, known !== undefined && isDeepStrictEqual(known.spec, spec) ? known : this.#join(spec));
    }
    return members;
  }

  #join(spec: EndpointSpec): Member {
    const { builder, balancers } = this.#parts;
    const leases = this.#parts.leases.child();
    const state = builder.state(this.#service, spec, leases);
    balancers.warm(this.#service, spec, state, leases);
    return { spec, leases, state, bare: new Map() };
  }

  #endpointsOf({ grpc, breakers, endpoints }: Omit<Variant, "service">): Map<Member, Endpoint> {
    const own = (member: Member) => {
      return { ...this.#bare(member, grpc), breaker: breakers.endpoint(member.spec, member.leases) };
    };
    return new Map([...this.#members.values()].map((member) => [member, endpoints.get(member) ?? own(member)]));
  }

  #bare(member: Member, grpc: boolean): BareEndpoint {
    let bare = member.bare.get(grpc);
    if (bare === undefined) {
      bare = this.#parts.builder.endpoint(this.#service, member.spec, member.state, grpc, member.leases);
      member.bare.set(grpc, bare);
    }
    return bare;
  }
}
