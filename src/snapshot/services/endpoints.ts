// The endpoints of a snapshot: each address with its connector, its meter and its leased state.

import { HttpConnector, type Upgrades } from "../../connectors/http/connector.ts";
import type { HttpClientOptions } from "../../connectors/http/options.ts";
import { Http2Connector } from "../../connectors/http2/connector.ts";
import type { Http2ClientOptions } from "../../connectors/http2/options.ts";
import type { Connector } from "../../core/connector.ts";
import type { EndpointMeter, EndpointSpec } from "../../core/endpoint.ts";
import { EndpointState } from "../../core/endpoint-state.ts";
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

  /** @param grpc whether it is called by gRPC */
  endpoint(service: string, spec: EndpointSpec, grpc: boolean): BareEndpoint {
    const state = this.#build.leases.lease(
      `state|${identityOf(service, spec)}`,
      () => new EndpointState(),
      () => undefined,
    );
    const connector = grpc || spec.http2 ? this.#http2Connector(spec, grpc) : this.#httpConnector(service, spec);
    return { spec, connector, state, meter: this.#meter(service, spec.id) };
  }

  #http2Connector(spec: EndpointSpec, grpc: boolean): Connector {
    const { http2Pools } = this.#build.runtime;
    const { grpc: settings } = this.#build.config.backend;
    const scheme = grpc && settings.tls.enabled ? "https" : spec.scheme;
    const port = grpc ? spec.grpcPort : spec.port;
    const { address } = spec;
    const pool = this.#build.leases.lease(
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

  #httpConnector(service: string, spec: EndpointSpec): Connector {
    const { pools } = this.#build.runtime;
    const { scheme, address, port } = spec;
    const pool = this.#build.leases.lease(
      `pool|${scheme}|${address}|${port}|${this.#optionsKey}`,
      () => pools.add({ scheme, address, port }, this.#options),
      (p) => pools.remove(p),
    );
    const upgrades = this.#build.leases.lease<Upgrades>(
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

  #meter(service: string, instance: string): EndpointMeter | null {
    const { metrics } = this.#build.config;
    if (!metrics.enabled) return null;
    const { meters } = this.#build.runtime;
    return this.#build.leases.lease(
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
