// The endpoints of a snapshot: each address with its connector, its meter and its leased state.

import { backendOf, type ServiceBackend } from "../../config/meaning/backends.ts";
import { HttpConnector, type Upgrades } from "../../connectors/http/connector.ts";
import { Http2Connector } from "../../connectors/http2/connector.ts";
import type { Connector } from "../../core/connector.ts";
import type { EndpointMeter, EndpointSpec } from "../../core/endpoint.ts";
import { EndpointState } from "../../core/endpoint-state.ts";
import type { LeaseHolder } from "../../core/lease.ts";
import { EndpointMeterCells } from "../../observe/meters.ts";
import { authorityOf } from "../../wire/authority.ts";
import type { Build } from "../runtime.ts";
import { ClientSettings } from "./client-options.ts";

/** An endpoint without the parts that differ by service, such as its circuit. */
export interface BareEndpoint {
  readonly spec: EndpointSpec;
  readonly connector: Connector;
  readonly state: EndpointState;
  readonly meter: EndpointMeter | null;
}

/** Builds endpoints. Connectors, meters and states are leased, and so shared with the snapshot before. */
export class EndpointBuilder {
  readonly #build: Build;
  readonly #clients: ClientSettings;

  constructor(build: Build) {
    this.#build = build;
    this.#clients = new ClientSettings(build.config);
  }

  /** The state of an endpoint, for holders of its leases. */
  state(service: string, spec: EndpointSpec, leases: LeaseHolder): EndpointState {
    return leases.lease(
      `state|${identityOf(service, spec)}`,
      () => new EndpointState(),
      () => undefined,
    );
  }

  /** @param grpc whether it is called by gRPC @param leases of this endpoint */
  endpoint(
    service: string,
    spec: EndpointSpec,
    state: EndpointState,
    grpc: boolean,
    leases: LeaseHolder,
  ): BareEndpoint {
    const backend = backendOf(this.#build.config, service);
    const connector =
      grpc || spec.http2 || backend.http.version === "2"
        ? this.#http2Connector(service, backend, spec, grpc, leases)
        : this.#httpConnector(service, backend, spec, leases);
    return { spec, connector, state, meter: this.#meter(service, spec.id, leases) };
  }

  #http2Connector(
    service: string,
    { http, grpc: settings }: ServiceBackend,
    spec: EndpointSpec,
    grpc: boolean,
    leases: LeaseHolder,
  ): Connector {
    const { http2Pools } = this.#build.runtime;
    const clients = this.#clients.of(service);
    const { options, key } = grpc ? clients.grpc : clients.http2;
    const scheme = grpc && settings.tls.enabled ? "https" : spec.scheme;
    const port = grpc ? spec.grpcPort : spec.port;
    const { address } = spec;
    const pool = leases.lease(
      `http2-pool|${scheme}|${address}|${port}|${key}`,
      () => http2Pools.add({ scheme, address, port }, options),
      (p) => http2Pools.remove(p),
    );
    return new Http2Connector(
      pool,
      {
        scheme,
        authority: authorityOf({ scheme, address, port }),
        dropAcceptEncoding: http.disableCompression,
      },
      {
        maxSendBytes: settings.maxCallSendMsgSize || settings.maxMessageSize,
        maxReceiveBytes: settings.maxCallRecvMsgSize || settings.maxMessageSize,
      },
    );
  }

  #httpConnector(service: string, backend: ServiceBackend, spec: EndpointSpec, leases: LeaseHolder): Connector {
    const { pools } = this.#build.runtime;
    const { options, key } = this.#clients.of(service).http1;
    const { scheme, address, port } = spec;
    const pool = leases.lease(
      `pool|${scheme}|${address}|${port}|${key}`,
      () => pools.add({ scheme, address, port }, options),
      (p) => pools.remove(p),
    );
    const upgrades = leases.lease<Upgrades>(
      `upgrades|${service}|${spec.id}|${address}|${port}`,
      () => ({ open: 0 }),
      () => undefined,
    );
    const defaults = {
      host: authorityOf({ scheme, address, port }),
      dropAcceptEncoding: backend.http.disableCompression,
      maxUpgrades: backend.websocket.maxConnections,
    };
    return new HttpConnector(pool, defaults, upgrades);
  }

  #meter(service: string, instance: string, leases: LeaseHolder): EndpointMeter | null {
    const { metrics } = this.#build.config;
    if (!metrics.enabled) return null;
    const { meters } = this.#build.runtime;
    return leases.lease(
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

/** The identity of an endpoint across snapshots, used as part of lease keys. */
export function identityOf(service: string, { id, address, port }: EndpointSpec): string {
  return `${service}|${id}|${address}|${port}`;
}
