// Services of a snapshot: endpoints with their pools, under one picker per way of balancing.
import { createHash } from "node:crypto";
import { BALANCERS, type BalancerName, REGISTRIES } from "../catalog.ts";
import type { Config } from "../config/config.ts";
import { HttpConnector } from "../connectors/http/connector.ts";
import type { HttpClientOptions } from "../connectors/http/options.ts";
import type { LeaseHolder } from "../core/lease.ts";
import type { ServiceEntry } from "../core/registry.ts";
import type { Endpoint, EndpointLoad, EndpointMeter, EndpointSpec, Service } from "../core/service.ts";
import { EndpointMeterCells } from "../observe/meters.ts";
import { clientOptions } from "./client-options.ts";
import type { Runtime } from "./runtime.ts";

/** Builds services on demand; equal ones are shared, also with the snapshot before. */
export class ServiceBuilder {
  readonly #config: Config;
  readonly #runtime: Runtime;
  readonly #leases: LeaseHolder;
  readonly #options: HttpClientOptions;
  readonly #optionsKey: string;
  readonly #entries: ReadonlyMap<string, ServiceEntry>;
  readonly #endpoints = new Map<string, readonly Endpoint[]>();

  constructor(config: Config, runtime: Runtime, leases: LeaseHolder) {
    this.#config = config;
    this.#runtime = runtime;
    this.#leases = leases;
    this.#options = clientOptions(config);
    this.#optionsKey = digest(this.#options);
    const registry = REGISTRIES[config.written.registry.type](config.services);
    this.#entries = new Map(registry.list().map((entry) => [entry.name, entry]));
  }

  /** Names of all services. */
  names(): Iterable<string> {
    return this.#entries.keys();
  }

  /** The service, balanced that way. The turn of its balancer survives a reload that changes no endpoint. */
  service(name: string, balancer: BalancerName): Service {
    const endpoints = this.#endpointsOf(this.#entries.get(name)!);
    const fit = endpoints.filter((e) => e.spec.healthy && e.spec.weight > 0);
    const specs = digest(endpoints.map((e) => e.spec));
    const { metrics, backend } = this.#config.written;
    // Everything that the leased endpoints hold of the configuration.
    const held = digest([this.#optionsKey, backend.http.disableCompression, metrics.enabled, metrics.buckets, specs]);
    const key = `service|${name}|${balancer}|${held}`;
    return this.#leases.lease<Service>(
      key,
      () => ({ name, endpoints, picker: BALANCERS[balancer](fit) }),
      () => undefined,
    );
  }

  #endpointsOf(entry: ServiceEntry): readonly Endpoint[] {
    let endpoints = this.#endpoints.get(entry.name);
    if (endpoints === undefined) {
      endpoints = entry.endpoints.map((spec) => this.#endpoint(entry.name, spec));
      this.#endpoints.set(entry.name, endpoints);
    }
    return endpoints;
  }

  #endpoint(service: string, spec: EndpointSpec): Endpoint {
    const { pools, instanceId } = this.#runtime;
    const { scheme, address, port } = spec;
    const pool = this.#leases.lease(
      `pool|${scheme}|${address}|${port}|${this.#optionsKey}`,
      () => pools.add({ scheme, address, port }, this.#options),
      (p) => pools.remove(p),
    );
    const load = this.#leases.lease<EndpointLoad>(
      `load|${service}|${spec.id}|${address}|${port}`,
      () => ({ active: 0 }),
      () => undefined,
    );
    const usual = scheme === "https" ? 443 : 80;
    const literal = address.includes(":") ? `[${address}]` : address;
    const connector = new HttpConnector(pool, {
      host: port === usual ? literal : `${literal}:${port}`,
      dropAcceptEncoding: this.#config.written.backend.http.disableCompression,
      instanceId,
    });
    return { spec, connector, load, meter: this.#meter(service, spec.id) };
  }

  #meter(service: string, instance: string): EndpointMeter | null {
    const { metrics } = this.#config.written;
    if (!metrics.enabled) return null;
    const { meters } = this.#runtime;
    return this.#leases.lease(
      `meter|${service}|${instance}|${metrics.buckets.join()}`,
      () => {
        const meter = new EndpointMeterCells(service, instance, metrics.buckets);
        meters.endpoints.add(meter);
        return meter;
      },
      (meter) => meters.endpoints.delete(meter),
    );
  }
}

/** Short digest of a plain value, for lease keys. */
export function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
