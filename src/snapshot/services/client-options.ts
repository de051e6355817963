// Compiles the settings for requests to a service into options of the upstream clients.
import type { Config, Material, UpstreamTlsConfig } from "../../config/config.ts";
import { backendOf, type ServiceBackend } from "../../config/meaning/backends.ts";
import type { HttpClientOptions } from "../../connectors/http/options.ts";
import type { Http2ClientOptions } from "../../connectors/http2/options.ts";
import { cipherList, tlsVersion } from "../../wire/ciphers.ts";
import { DEFAULT_TLS, type UpstreamTls } from "../../wire/secure.ts";
import { digest } from "../digest.ts";

/** Options of a client, and a digest that is equal for equal options. */
interface Keyed<O> {
  readonly options: O;
  readonly key: string;
}

/** The clients of one service. */
export interface Clients {
  readonly http1: Keyed<HttpClientOptions>;
  /** For gRPC calls. */
  readonly grpc: Keyed<Http2ClientOptions>;
  /** For other requests over HTTP/2. */
  readonly http2: Keyed<Http2ClientOptions>;
}

/** Finds the clients of each service of one configuration. Services without settings of their own share theirs. */
export class ClientSettings {
  readonly #config: Config;
  readonly #made = new Map<ServiceBackend, Clients>();

  constructor(config: Config) {
    this.#config = config;
  }

  of(service: string): Clients {
    const backend = backendOf(this.#config, service);
    let clients = this.#made.get(backend);
    if (clients === undefined) {
      const { tlsFiles } = this.#config;
      clients = {
        http1: keyed(http1Options(backend, tlsFiles)),
        grpc: keyed(http2Options(backend, tlsFiles, true)),
        http2: keyed(http2Options(backend, tlsFiles, false)),
      };
      this.#made.set(backend, clients);
    }
    return clients;
  }
}

function keyed<O>(options: O): Keyed<O> {
  return { options, key: digest(options) };
}

/** `http`. Without `tls.enabled` its TLS settings are ignored, and certificates are verified. */
function http1Options({ http }: ServiceBackend, files: Material): HttpClientOptions {
  return {
    maxIdlePerHost: http.maxIdleConnsPerHost,
    maxPerHost: http.maxConnsPerHost,
    idleTimeoutMs: http.idleConnTimeout,
    probeMs: http.keepAlive ? Math.max(1000, http.keepAliveTimeout) : 0,
    dialTimeoutMs: http.dialTimeout,
    tlsTimeoutMs: http.tlsHandshakeTimeout,
    headTimeoutMs: http.responseHeaderTimeout,
    continueTimeoutMs: http.expectContinueTimeout,
    tls: upstreamTls(http.tls, files),
  };
}

/** `grpc`, with the timeouts of `http` for requests other than calls. Without `tls.enabled` it uses the TLS settings of `http`. */
function http2Options({ grpc, http }: ServiceBackend, files: Material, calls: boolean): Http2ClientOptions {
  return {
    poolSize: grpc.poolSize,
    maxPoolSize: Math.max(grpc.poolSize, grpc.maxPoolSize),
    maxStreams: grpc.maxConcurrentStreams,
    streamWindow: grpc.initialWindowSize,
    connectionWindow: grpc.initialConnWindowSize,
    dialTimeoutMs: calls ? grpc.dialTimeout : http.dialTimeout,
    tlsTimeoutMs: http.tlsHandshakeTimeout,
    headTimeoutMs: calls ? 0 : http.responseHeaderTimeout,
    pingMs: grpc.keepAliveTime,
    pingTimeoutMs: grpc.keepAliveTimeout,
    idleTimeoutMs: http.idleConnTimeout,
    tls: upstreamTls(calls && grpc.tls.enabled ? grpc.tls : http.tls, files),
  };
}

/** @param files every file that an enabled block names */
function upstreamTls(tls: UpstreamTlsConfig, files: Material): UpstreamTls {
  if (!tls.enabled) return DEFAULT_TLS;
  const file = (path: string) => {
    const text = files.get(path);
    if (text === undefined) throw new Error(`"${path}" was not read`); // never the runtime's trust anchors instead
    return text;
  };
  return {
    verify: !tls.insecureSkipVerify,
    serverName: tls.serverName,
    minVersion: tlsVersion(tls.minVersion),
    maxVersion: tlsVersion(tls.maxVersion),
    pins: tls.pins,
    material: {
      ...(tls.rootCAFile === "" ? {} : { ca: file(tls.rootCAFile) }),
      ...(tls.clientCertFile === "" ? {} : { cert: file(tls.clientCertFile) }),
      ...(tls.clientKeyFile === "" ? {} : { key: file(tls.clientKeyFile) }),
      ...(tls.cipherSuites.length > 0 ? { ciphers: cipherList(tls.cipherSuites) } : {}),
    },
  };
}
