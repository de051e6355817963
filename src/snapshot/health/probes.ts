// Turns a configured check into a probe that can be run: its address, and the TLS settings for it.
import type { Config } from "../../config/config.ts";
import { backendOf } from "../../config/meaning/backends.ts";
import type { FreeProbe, InstanceCheck } from "../../config/meaning/health-config.ts";
import type { EndpointSpec } from "../../core/endpoint.ts";
import { type ExecTarget, execProbe } from "../../resilience/exec-probe.ts";
import { type GrpcTarget, grpcProbe } from "../../resilience/grpc-probe.ts";
import { type HttpTarget, httpProbe } from "../../resilience/http-probe.ts";
import type { Probe } from "../../resilience/probe.ts";
import { tcpProbe } from "../../resilience/tcp-probe.ts";
import type { Network } from "../../wire/dial.ts";
import { ClientSettings } from "../services/client-options.ts";

/** A probe with everything it needs, as plain values: equal values are the same probe. */
export type ProbeTarget =
  | ({ readonly type: "http" } & HttpTarget)
  | ({ readonly type: "grpc" } & GrpcTarget)
  | { readonly type: "tcp"; readonly address: string; readonly port: number }
  | ({ readonly type: "exec" } & ExecTarget);

/** Makes the probe. */
export function probeOf(network: Network, target: ProbeTarget): Probe {
  switch (target.type) {
    case "http":
      return httpProbe(network, target);
    case "grpc":
      return grpcProbe(network, target);
    case "tcp":
      return tcpProbe(network, target.address, target.port);
    case "exec":
      return execProbe(network.shortage, target);
  }
}

/** Finds out where the checks of one configuration go. */
export class ProbeTargets {
  readonly #config: Config;
  readonly #clients: ClientSettings;

  constructor(config: Config) {
    this.#config = config;
    this.#clients = new ClientSettings(config);
  }

  /**
   * A key for the TLS settings of targets, computed once per service, because they may be long. @param service "": none
   */
  tlsKey(service: string): string {
    const { http1, grpc } = this.#clients.of(service);
    return `${http1.key}|${grpc.key}`;
  }

  /** Where the check of an instance goes: to where its requests go, but for the port it may name. */
  ofInstance(service: string, spec: EndpointSpec, check: InstanceCheck): ProbeTarget {
    const { type } = check;
    const { scheme, address } = spec;
    const backend = backendOf(this.#config, service);
    const clients = this.#clients.of(service);
    if (type === "http") {
      const { method, path, headers, expectedStatus, expectedBody } = check;
      const asked = { method, path, headers, expectedStatus, expectedBody };
      const http2 = (spec.http2 || backend.http.version === "2") && !spec.grpc;
      const { tls } = clients.http1.options;
      return { type, scheme, address, port: check.port ?? spec.port, tls, http2, ...asked };
    }
    const port = check.port ?? (spec.grpc ? spec.grpcPort : spec.port);
    if (type === "tcp") return { type, address, port };
    if (type === "grpc") {
      const by = backend.grpc.tls.enabled ? "https" : scheme;
      return { type, scheme: by, address, port, tls: clients.grpc.options.tls, service: check.service };
    }
    const env = { SERVICE: service, INSTANCE: spec.id, ADDRESS: address, PORT: port === 0 ? "" : String(port) };
    return { type, command: check.command, args: check.args, env };
  }

  /** Where a check of the gateway's own goes. */
  ofGateway(probe: FreeProbe): ProbeTarget {
    if (probe.type === "exec") return { ...probe, env: {} };
    if (probe.type === "tcp") return probe;
    const { http1, grpc } = this.#clients.of("");
    if (probe.type === "grpc") {
      const scheme = this.#config.backend.grpc.tls.enabled ? "https" : "http";
      return { ...probe, scheme, tls: grpc.options.tls };
    }
    const url = new URL(probe.url);
    const scheme = url.protocol === "https:" ? "https" : "http";
    return {
      type: "http",
      scheme,
      address: url.hostname.replace(/^\[|\]$/g, ""),
      port: Number(url.port) || (scheme === "https" ? 443 : 80),
      tls: http1.options.tls,
      http2: false,
      method: "GET",
      path: url.pathname + url.search,
      headers: {},
      expectedStatus: probe.expectedStatus,
      expectedBody: "",
    };
  }
}
