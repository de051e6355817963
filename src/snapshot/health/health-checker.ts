// The active health checks of a snapshot, which run while it is live. Results are leased by endpoint, so that a reload
// keeps them. Checks that the next snapshot does not have end with the reload, even while long streams keep the old
// snapshot.
import { type CheckPace, checksOf } from "../../config/meaning/health-config.ts";
import { connectFailureLimit, outlierSettings } from "../../config/meaning/outliers.ts";
import type { Endpoint, EndpointSpec } from "../../core/endpoint.ts";
import type { EndpointState } from "../../core/endpoint-state.ts";
import type { LeaseHolder } from "../../core/lease.ts";
import type { Service } from "../../core/service.ts";
import { CheckCounter } from "../../resilience/check-status.ts";
import { EndpointHealth } from "../../resilience/endpoint-health.ts";
import type { HealthCheck } from "../../resilience/health-check.ts";
import type { Candidate } from "../../resilience/members.ts";
import { OutlierDetector } from "../../resilience/outlier-detector.ts";
import { ServiceReach } from "../../resilience/reach.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";
import { identityOf } from "../services/endpoints.ts";
import { type ProbeTarget, ProbeTargets, probeOf } from "./probes.ts";

/** From this many new checks on, their first probes are spread over {@link SPREAD_MS}. */
const MANY = 50;
const SPREAD_MS = 1000;

/** Run {@link beginning} when the snapshot becomes live and {@link ending} when it is retired. */
export class HealthChecker {
  readonly #build: Build;
  /** By service, and under "" those of the gateway's own checks: a service that changes gives back only its own. */
  readonly #leases = new Map<string, LeaseHolder>();
  readonly #targets: ProbeTargets;
  #begun = 0;

  constructor(build: Build) {
    this.#build = build;
    this.#targets = new ProbeTargets(build.config);
  }

  /**
   * Begins to check, one service a step. The watch before must end after this, so that both share what stays.
   * @param before services that were live until now: what they have is not new
   */
  *beginning(services: ReadonlyMap<string, Service>, before: ReadonlyMap<string, Service>): Generator<void, void> {
    const leases = this.#build.runtime.leases.holder();
    this.#leases.set("", leases);
    for (const { name, probe, ...pace } of this.#build.config.health.gateway) {
      this.#checkGateway(leases, name, this.#targets.ofGateway(probe), pace);
    }
    for (const service of services.values()) {
      this.follow(service, before.get(service.name)?.endpoints ?? []);
      yield;
    }
  }

  /** Checks the endpoints a service has now, and no others of it. @param before those it had until now */
  follow(service: Service, before: readonly Endpoint[]): void {
    const leases = this.#build.runtime.leases.holder();
    const known = new Set(before.map(({ state }) => state));
    for (const { spec, state } of service.endpoints) {
      this.#checkEndpoint(leases, service.name, spec, state, known.has(state));
    }
    const candidates = service.endpoints.map(({ spec, state }) => {
      return { id: spec.id, state, listed: spec.healthy && spec.weight > 0 };
    });
    this.#followReach(leases, service.name, candidates);
    this.#detectOutliers(leases, service.name, candidates);
    this.#leases.get(service.name)?.release();
    this.#leases.set(service.name, leases);
  }

  /** Releases all checks, one service a step. Those that the next snapshot holds as well go on. */
  *ending(): Generator<void, void> {
    const all = [...this.#leases.values()];
    this.#leases.clear();
    for (const leases of all) {
      leases.release();
      yield;
    }
  }

  #checkEndpoint(leases: LeaseHolder, service: string, spec: EndpointSpec, state: EndpointState, known: boolean): void {
    const plans = checksOf(this.#build.config.health, service, spec);
    if (plans.length === 0) return;
    const identity = identityOf(service, spec);
    const checks = leases.lease(
      `checks|${identity}`,
      () => new EndpointHealth(state),
      (c) => c.close(),
    );
    const gated = plans.some(([, check]) => check.gate) && (!known || state.obstacles.has("unproven"));
    checks.follow(
      plans.map(([name]) => name),
      gated,
    );
    for (const [name, check] of plans) {
      const target = this.#targets.ofInstance(service, spec, check);
      const label = plans.length === 1 ? `${service}/${spec.id}` : `${service}/${spec.id}/${name}`;
      this.#run(leases, `probe|${identity}|${name}`, label, service, target, check, {
        verdict: () => checks.verdict(name),
        take: (failure, ms) => checks.take(name, failure, ms, thresholdsOf(check)),
      });
    }
  }

  #checkGateway(leases: LeaseHolder, name: string, target: ProbeTarget, pace: CheckPace): void {
    const verdict = leases.lease(
      `verdict|${name}`,
      () => new CheckCounter(),
      () => undefined,
    );
    this.#run(leases, `probe|gateway|${name}`, name, "", target, pace, {
      verdict: () => verdict,
      take: (failure, ms) => verdict.take(failure, ms, thresholdsOf(pace)),
    });
  }

  /** @param service whose instance is checked; "": something of the gateway's own */
  #run(
    leases: LeaseHolder,
    key: string,
    name: string,
    service: string,
    target: ProbeTarget,
    pace: CheckPace,
    to: { verdict(): CheckCounter | null; take(failure: string | null, ms: number): boolean },
  ): void {
    const { healthChecks, log, network } = this.#build.runtime;
    leases.lease(
      `${key}|${digest([name, { ...target, tls: this.#targets.tlsKey(service) }, pace])}`,
      (): HealthCheck =>
        healthChecks.start({
          name,
          ofGateway: service === "",
          probe: probeOf(network, target),
          pace,
          firstMs: this.#firstMs(),
          verdict: to.verdict,
          report: (failure, ms) => {
            const before = to.verdict()?.status;
            if (!to.take(failure, ms)) return;
            if (failure !== null) log.warn("Health check fails", { check: name, reason: failure });
            else if (before === "unhealthy") log.info("Health check passes again", { check: name });
          },
        }),
      (check) => check.close(),
    );
  }

  /**
   * Delay of the first probe of a new check, ms: 0 for the first {@link MANY} checks, then random within {@link
   * SPREAD_MS}.
   */
  #firstMs(): number {
    const n = this.#begun++;
    return n < MANY ? 0 : this.#build.runtime.healthChecks.around.random() * SPREAD_MS;
  }

  #followReach(leases: LeaseHolder, name: string, candidates: readonly Candidate[]): void {
    const { healthChecks, log } = this.#build.runtime;
    const reach = leases.lease(
      `reach|${name}`,
      () => {
        const made = new ServiceReach(name, healthChecks.around.clock, {
          fails: (instance, reason, detail) =>
            log.warn("Instance fails", { service: name, instance, reason, ...(detail === "" ? {} : { detail }) }),
          works: (instance, failures, ms) =>
            log.info("Instance works again", { service: name, instance, failures, seconds: Math.round(ms / 1000) }),
          out: (instance) =>
            log.warn("Instance takes no traffic until it can be connected to", { service: name, instance }),
        });
        healthChecks.reaches.add(made);
        return made;
      },
      (made) => {
        healthChecks.reaches.delete(made);
        made.close();
      },
    );
    reach.follow(candidates, connectFailureLimit(this.#build.config, name));
  }

  #detectOutliers(leases: LeaseHolder, name: string, candidates: readonly Candidate[]): void {
    const settings = outlierSettings(this.#build.config, name);
    if (settings === null) return;
    const { healthChecks, log } = this.#build.runtime;
    const detector = leases.lease(
      `outliers|${name}`,
      () => {
        const made = new OutlierDetector(name, healthChecks.around.clock, {
          ejected: (instance, reason, ms) =>
            log.warn("Instance ejected", { service: name, instance, reason, seconds: ms / 1000 }),
          returned: (instance) => log.info("Ejected instance takes traffic again", { service: name, instance }),
        });
        healthChecks.detectors.add(made);
        return made;
      },
      (made) => {
        healthChecks.detectors.delete(made);
        made.close();
      },
    );
    detector.follow(candidates, settings);
  }
}

function thresholdsOf(pace: CheckPace): { healthy: number; unhealthy: number } {
  return { healthy: pace.healthyThreshold, unhealthy: pace.unhealthyThreshold };
}
