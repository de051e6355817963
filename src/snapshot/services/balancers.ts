// Compiles `loadBalance` and the blocks that belong to it into endpoint groups, sessions and slow starts. All are leased,
// so that the turn of each endpoint, sessions and warm-up survive a reload.
import { randomInt } from "node:crypto";
import { EndpointGroups } from "../../balancing/endpoint-groups.ts";
import { hashKey } from "../../balancing/hash-key.ts";
import { randomIntOf } from "../../balancing/random-int.ts";
import { sessionFilter } from "../../balancing/session-filter.ts";
import { Sessions } from "../../balancing/sessions.ts";
import type { BalancerSettings } from "../../balancing/settings.ts";
import { SlowStart } from "../../balancing/slow-start.ts";
import { BALANCERS, type BalancerName } from "../../catalog.ts";
import type { RuleConfig } from "../../config/config.ts";
import { groupingOf, type SessionConfig } from "../../config/meaning/balancing.ts";
import type { EndpointSpec } from "../../core/endpoint.ts";
import type { EndpointState } from "../../core/endpoint-state.ts";
import type { Filter } from "../../core/filter.ts";
import type { LeaseHolder } from "../../core/lease.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";
import { identityOf } from "./endpoints.ts";

const CLOCKS = { now: () => performance.now(), wall: () => Date.now() };

/** Builds the balancing of one configuration. */
export class BalancerBuilder {
  readonly #build: Build;
  readonly #randomInt = randomIntOf(randomInt(2 ** 32));
  readonly #filters = new Map<Sessions, Filter>();

  constructor(build: Build) {
    this.#build = build;
  }

  /** Equal for rules that balance a service in the same way. @param rule null: by what holds for all */
  keyOf(kind: BalancerName, rule: RuleConfig | null): string {
    const { hash, sessions } = rule ?? this.#build.config.defaultBalancing;
    if (kind === "consistent_hash" || kind === "ip_hash") return `${kind}|${digest(hash)}`;
    return kind === "sticky_session" ? `${kind}|${digest(sessions)}` : kind;
  }

  /** @param key of the service, with {@link keyOf} in it */
  groups(key: string, service: string, kind: BalancerName, rule: RuleConfig | null): EndpointGroups {
    const { zone, panicShare, overflow } = groupingOf(this.#build.config, service);
    const { hash, sessions } = rule ?? this.#build.config.defaultBalancing;
    const settings: BalancerSettings = {
      randomInt: this.#randomInt,
      hash: { keyOf: hashKey(hash.key), replicas: hash.replicas, maxLoad: hash.maxLoad },
      sessions: kind === "sticky_session" ? this.#sessions(service, sessions) : null,
    };
    return this.#build.leases.lease(
      `balancer|${key}|${digest([zone, panicShare, overflow])}`,
      () => new EndpointGroups(() => BALANCERS[kind](settings), { zone, panicShare, overflow }, this.#randomInt),
      () => undefined,
    );
  }

  /** The reply filter that sets the session cookie of a rule; null when it needs none. */
  sessionFilter(service: string, rule: RuleConfig): Filter | null {
    const sessions = rule.loadBalance === "sticky_session" ? this.#sessions(service, rule.sessions) : null;
    if (sessions === null) return null;
    let filter = this.#filters.get(sessions);
    if (filter === undefined) {
      filter = sessionFilter(new Map([[service, sessions]]));
      this.#filters.set(sessions, filter);
    }
    return filter;
  }

  /** Starts the warm-up of an endpoint that joins a running service, or returns. @param leases of the endpoint */
  warm(service: string, spec: EndpointSpec, state: EndpointState, leases: LeaseHolder): void {
    const warming = this.#slowStart(service);
    if (warming === null) return;
    leases.lease(
      `slow-start|${identityOf(service, spec)}|${warming.durationMs}`,
      () => warming.follow(state),
      () => warming.unfollow(state),
    );
  }

  /** The endpoints a service has now are those it begins with. */
  begun(service: string): void {
    this.#slowStart(service)?.begun();
  }

  #slowStart(service: string): SlowStart | null {
    const { slowStartMs } = groupingOf(this.#build.config, service);
    if (slowStartMs === 0) return null;
    return this.#build.leases.lease(
      `slow-start|${service}|${slowStartMs}`,
      () => new SlowStart(slowStartMs, CLOCKS.now),
      () => undefined,
    );
  }

  #sessions(service: string, config: SessionConfig | null): Sessions | null {
    if (config === null) return null;
    // Cookies of a rule without its own secret are signed with that of the gateway.
    const secret = Buffer.from(config.secret || this.#build.runtime.sessionSecret);
    return this.#build.leases.lease(
      `sessions|${service}|${digest(config)}`,
      () => new Sessions(service, config.rule, secret, CLOCKS),
      () => undefined,
    );
  }
}
