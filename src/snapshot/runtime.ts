// What all snapshots of the process share: connection pools, meters, leases.

import type { ClientConnections } from "../adapters/client-connections.ts";
import type { Config, RedisStoreConfig, RuleConfig } from "../config/config.ts";
import type { PoolSet } from "../connectors/http/pools.ts";
import type { Http2PoolSet } from "../connectors/http2/pools.ts";
import type { Breaker } from "../core/breaker.ts";
import type { ErrorWriter } from "../core/context.ts";
import type { CredentialWatch } from "../core/credential-watch.ts";
import type { ProcessFacts } from "../core/data-plane.ts";
import type { LeaseHolder, LeaseTable } from "../core/lease.ts";
import type { Log } from "../core/log.ts";
import type { ModelReport } from "../core/model-report.ts";
import type { Service } from "../core/service.ts";
import type { CurrentSnapshot } from "../core/snapshot.ts";
import type { Strategy } from "../core/strategy.ts";
import type { OpenStreams } from "../core/streams.ts";
import type { Translator } from "../core/translator.ts";
import type { LimitStore } from "../limits/limit.ts";
import type { Exposition } from "../observe/exposition.ts";
import type { LineSink } from "../observe/line-sink.ts";
import type { Meters } from "../observe/meters.ts";
import type { HealthChecks } from "../resilience/health-check.ts";
import type { IssuedCertificates } from "../tls/issued-certificates.ts";
import type { Network } from "../wire/dial.ts";
import type { Extensions } from "./extensions.ts";

/** Makes the JSON translator of a rule. */
export type Transcoding = (build: Build, rule: RuleConfig) => Translator;

/** Compiles rules with language models. */
export type LlmModule = (build: Build, serviceNamed: (name: string) => Service) => LlmRouteSource;

/** The routes of one configuration. */
export interface LlmRouteSource {
  routeFor(rule: RuleConfig): { readonly strategy: Strategy; readonly errors: ErrorWriter };
  /** The models of all rules compiled so far, as they are now. */
  models(): readonly ModelReport[];
}

/** One compilation: handed to everything that makes a part of a snapshot. */
export interface Build {
  readonly config: Config;
  readonly runtime: Runtime;
  /** The leases of the snapshot, released with it. */
  readonly leases: LeaseHolder;
}

/** The module, which is loaded on first use, because it needs the client of Redis. */
export type RedisSessions = typeof import("../auth/login/redis-store.ts");

/** Stores of limits outside the process; snapshots lease them. */
export interface SharedStores {
  /** The store as configured; the same while some snapshot holds it. */
  store(store: RedisStoreConfig, build: Build): LimitStore;
  /** Resolves when every store has been connected to or has refused. Until then limits are decided without the store. */
  reached(): Promise<void>;
  /** The process ends. */
  close(): void;
}

/** Made once a process: its settings, and what all of its snapshots share. */
export interface Runtime extends ProcessFacts {
  readonly leases: LeaseTable;
  readonly clients: ClientConnections;
  /** Certificates that come while the gateway runs. */
  readonly issued: IssuedCertificates;
  /** Name resolution and dialling, and the shortages of local resources met by them. */
  readonly network: Network;
  readonly pools: PoolSet;
  readonly http2Pools: Http2PoolSet;
  /** The open WebSockets, event streams and gRPC streams, of all snapshots. */
  readonly streams: OpenStreams;
  /** Their credentials. */
  readonly credentials: CredentialWatch;
  /** Active health checks and outlier detectors that are running. */
  readonly healthChecks: HealthChecks;
  readonly meters: Meters;
  /** Circuits of all snapshots. A circuit is added and removed with its lease. */
  readonly breakers: Set<Breaker>;
  /**
   * Loaded with the first rule that transcodes, since its libraries take longer to load than the rest of the gateway;
   * null before.
   */
  transcoding: Transcoding | null;
  /** Loaded with the first configuration that has language models; null before. */
  llm: LlmModule | null;
  /** Leases the log output of that name, which all holders share. */
  leaseSink(output: string, holder: LeaseHolder): LineSink;
  /** Loaded on first use, so that a gateway without metrics does not load the library. */
  exposition(): Promise<Exposition>;
  /** null until a store in Redis is configured. */
  redis: SharedStores | null;
  /** Sessions in Redis; null until a configuration has them. */
  redisSessions: RedisSessions | null;
  readonly extensions: Extensions;
  readonly log: Log;
  /** null until the first configuration is in effect. */
  readonly live: { readonly current: CurrentSnapshot | null };
}
