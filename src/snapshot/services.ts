// Services of a snapshot: endpoints with their pools, under one picker per way of balancing.
import { createHash } from "node:crypto";
import { BALANCERS, type BalancerName, REGISTRIES } from "../catalog.ts";
import type { Config } from "../config/config.ts";
import { HttpConnector } from "../connectors/http/connector.ts";
import type { HttpClientOptions } from "../connectors/http/options.ts";
import { Http2Connector } from "../connectors/http2/connector.ts";
import type { Http2ClientOptions } from "../connectors/http2/options.ts";
import type { Connector } from "../core/edges.ts";
import type { LeaseHolder } from "../core/lease.ts";
import type { ServiceEntry } from "../core/registry.ts";
import type { Endpoint, EndpointLoad, EndpointMeter, EndpointSpec, Service } from "../core/service.ts";
import { EndpointMeterCells } from "../observe/meters.ts";
import { clientOptions, http2Options } from "./client-options.ts";
import type { Runtime } from "./runtime.ts";

/** Builds services on demand; equal ones are shared, also with the snapshot before. */
export class ServiceBuilder {
  readonly #config: Config;
  readonly #runtime: Runtime;
  readonly #leases: LeaseHolder;
  readonly #options: HttpClientOptions;
  readonly #optionsKey: string;
  readonly #http2Options: Http2ClientOptions;
  readonly #http2Key: string;
  readonly #entries: ReadonlyMap<string, ServiceEntry>;
  readonly #endpoints = new Map<string, readonly Endpoint[]>();

  constructor(config: Config, runtime: Runtime, leases: LeaseHolder) {
    this.#config = config;
    this.#runtime = runtime;
    this.#leases = leases;
    this.#options = clientOptions(config);
    this.#optionsKey = digest(this.#options);
    this.#http2Options = http2Options(config);
    this.#http2Key = digest(this.#http2Options);
    const registry = REGISTRIES[config.written.registry.type](config.services);
    this.#entries = new Map(registry.list().map((entry) => [entry.name, entry]));
  }

  /** Names of all services. */
  names(): Iterable<string> {
    return this.#entries.keys();
  }

  /**
   * The service, balanced that way. The turn of its balancer survives a reload that changes no endpoint.
   * @param grpc whether it is called by gRPC; null: as its endpoints say
   */
  service(name: string, balancer: BalancerName, grpc: boolean | null): Service {
    const entry = this.#entries.get(name)!;
    const speaksGrpc = grpc ?? entry.endpoints.some((e) => e.grpc);
    const endpoints = this.#endpointsOf(entry, speaksGrpc);
    const fit = endpoints.filter((e) => e.spec.healthy && e.spec.weight > 0);
    const specs = digest(endpoints.map((e) => e.spec));
    const { metrics, backend } = this.#config.written;
    // Everything that the leased endpoints hold of the configuration.
    const options = [
      this.#optionsKey,
      this.#http2Key,
      backend.grpc,
      backend.websocket.maxConnections,
      backend.http.disableCompression,
    ];
    const held = digest([...options, metrics.enabled, metrics.buckets, specs]);
    const key = `service|${name}|${speaksGrpc ? "grpc|" : ""}${balancer}|${held}`;
    return this.#leases.lease<Service>(
      key,
      () => ({ name, endpoints, picker: BALANCERS[balancer](fit) }),
      () => undefined,
    );
  }

  #endpointsOf(entry: ServiceEntry, grpc: boolean): readonly Endpoint[] {
    const key = `${grpc ? "grpc|" : ""}${entry.name}`;
    let endpoints = this.#endpoints.get(key);
    if (endpoints === undefined) {
      endpoints = entry.endpoints.map((spec) => this.#endpoint(entry.name, spec, grpc));
      this.#endpoints.set(key, endpoints);
    }
    return endpoints;
  }

  #endpoint(service: string, spec: EndpointSpec, grpc: boolean): Endpoint {
    const load = this.#leases.lease<EndpointLoad>(
      `load|${service}|${spec.id}|${spec.address}|${spec.port}`,
      () => ({ active: 0 }),
      () => undefined,
    );
    const connector = grpc || spec.http2 ? this.#http2Connector(spec, grpc) : this.#httpConnector(spec);
    return { spec, connector, load, meter: this.#meter(service, spec.id) };
  }

  #http2Connector(spec: EndpointSpec, grpc: boolean): Connector {
    const { http2Pools, instanceId } = this.#runtime;
    const { grpc: settings } = this.#config.written.backend;
    const scheme = grpc && settings.tls.enabled ? "https" : spec.scheme;
    const port = grpc ? spec.grpcPort : spec.port;
    const { address } = spec;
    const pool = this.#leases.lease(
      `http2-pool|${scheme}|${address}|${port}|${this.#http2Key}`,
      () => http2Pools.add({ scheme, address, port }, this.#http2Options),
      (p) => http2Pools.remove(p),
    );
    return new Http2Connector(
      pool,
      { scheme, authority: authorityOf(scheme, address, port), instanceId },
      {
        maxSendBytes: settings.maxCallSendMsgSize || settings.maxMessageSize,
        maxReceiveBytes: settings.maxCallRecvMsgSize || settings.maxMessageSize,
      },
    );
  }

  #httpConnector(spec: EndpointSpec): Connector {
    const { pools, instanceId } = this.#runtime;
    const { scheme, address, port } = spec;
    const pool = this.#leases.lease(
      `pool|${scheme}|${address}|${port}|${this.#optionsKey}`,
      () => pools.add({ scheme, address, port }, this.#options),
      (p) => pools.remove(p),
    );
    return new HttpConnector(pool, {
      host: authorityOf(scheme, address, port),
      dropAcceptEncoding: this.#config.written.backend.http.disableCompression,
      maxUpgrades: this.#config.written.backend.websocket.maxConnections,
      instanceId,
    });
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

function authorityOf(scheme: "http" | "https", address: string, port: number): string {
  const literal = address.includes(":") ? `[${address}]` : address;
  return port === (scheme === "https" ? 443 : 80) ? literal : `${literal}:${port}`;
}

/** Short digest of a plain value, for lease keys. */
export function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
