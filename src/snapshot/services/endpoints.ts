// The endpoints of a snapshot: each address with its connector, its meter and its leased state.

import { HttpConnector, type Upgrades } from "../../connectors/http/connector.ts";
import type { HttpClientOptions } from "../../connectors/http/options.ts";
import { Http2Connector } from "../../connectors/http2/connector.ts";
import type { Http2ClientOptions } from "../../connectors/http2/options.ts";
import type { Connector } from "../../core/connector.ts";
import type { EndpointMeter, EndpointSpec } from "../../core/endpoint.ts";
import { EndpointState } from "../../core/endpoint-state.ts";
import type { LeaseHolder } from "../../core/lease.ts";
import { EndpointMeterCells } from "../../observe/meters.ts";
import { authorityOf } from "../../wire/authority.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";
import { clientOptions, upstreamHttp2Options } from "./client-options.ts";

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
  readonly #options: HttpClientOptions;
  readonly #optionsKey: string;
  readonly #http2Options: Http2ClientOptions;
  readonly #http2Key: string;

  constructor(build: Build) {
    this.#build = build;
    const { config } = build;
    this.#options = clientOptions(config);
    this.#optionsKey = digest(this.#options);
    this.#http2Options = upstreamHttp2Options(config);
    this.#http2Key = digest(this.#http2Options);
  }

  /** What is known of an endpoint, for whoever holds its leases. */
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
    const connector =
      grpc || spec.http2 ? this.#http2Connector(spec, grpc, leases) : this.#httpConnector(service, spec, leases);
    return { spec, connector, state, meter: this.#meter(service, spec.id, leases) };
  }

  #http2Connector(spec: EndpointSpec, grpc: boolean, leases: LeaseHolder): Connector {
    const { http2Pools } = this.#build.runtime;
    const { grpc: settings } = this.#build.config.backend;
    const scheme = grpc && settings.tls.enabled ? "https" : spec.scheme;
    const port = grpc ? spec.grpcPort : spec.port;
    const { address } = spec;
    const pool = leases.lease(
      `http2-pool|${scheme}|${address}|${port}|${this.#http2Key}`,
      () => http2Pools.add({ scheme, address, port }, this.#http2Options),
      (p) => http2Pools.remove(p),
    );
    return new Http2Connector(
      pool,
      {
        scheme,
        authority: authorityOf({ scheme, address, port }),
        dropAcceptEncoding: this.#build.config.backend.http.disableCompression,
      },
      {
        maxSendBytes: settings.maxCallSendMsgSize || settings.maxMessageSize,
        maxReceiveBytes: settings.maxCallRecvMsgSize || settings.maxMessageSize,
      },
    );
  }

  #httpConnector(service: string, spec: EndpointSpec, leases: LeaseHolder): Connector {
    const { pools } = this.#build.runtime;
    const { scheme, address, port } = spec;
    const pool = leases.lease(
      `pool|${scheme}|${address}|${port}|${this.#optionsKey}`,
      () => pools.add({ scheme, address, port }, this.#options),
      (p) => pools.remove(p),
    );
    const upgrades = leases.lease<Upgrades>(
      `upgrades|${service}|${spec.id}|${address}|${port}`,
      () => ({ open: 0 }),
      () => undefined,
    );
    const { backend } = this.#build.config;
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
