// What outlives every snapshot: the process's pools, meters, leases and marks.

import type { ClientConnections } from "../adapters/client-connections.ts";
import type { Config, RedisStoreConfig, RuleConfig } from "../config/config.ts";
import type { PoolSet } from "../connectors/http/pools.ts";
import type { Http2PoolSet } from "../connectors/http2/pools.ts";
import type { Breaker } from "../core/breaker.ts";
import type { ProcessFacts } from "../core/data-plane.ts";
import type { LeaseHolder, LeaseTable } from "../core/lease.ts";
import type { Log } from "../core/log.ts";
import type { CurrentSnapshot } from "../core/snapshot.ts";
import type { OpenStreams } from "../core/streams.ts";
import type { Translator } from "../core/translator.ts";
import type { LimitStore } from "../limits/limit.ts";
import type { Exposition } from "../observe/exposition.ts";
import type { LineSink } from "../observe/line-sink.ts";
import type { Meters } from "../observe/meters.ts";
import type { HealthChecks } from "../resilience/health-check.ts";
import type { Network } from "../wire/dial.ts";
import type { Extensions } from "./extensions.ts";

/** Makes the JSON translator of a rule. */
export type Transcoding = (build: Build, rule: RuleConfig) => Translator;

/** One compilation: handed to everything that makes a part of a snapshot. */
export interface Build {
  readonly config: Config;
  readonly runtime: Runtime;
  /** What the snapshot holds, and gives back when it is over. */
  readonly leases: LeaseHolder;
}

/** Stores of limits outside the process; snapshots lease them. */
export interface SharedStores {
  /** The store as configured; the same while some snapshot holds it. */
  store(store: RedisStoreConfig, build: Build): LimitStore;
  /** Resolves when every store is reached or known not to be: requests then need not be decided alone. */
  reached(): Promise<void>;
  /** The process ends. */
  close(): void;
}

/** Made once a process: what it was told, and what all of its snapshots share. */
export interface Runtime extends ProcessFacts {
  readonly leases: LeaseTable;
  readonly clients: ClientConnections;
  /** How backends are found and reached, and what was lacking for it. */
  readonly network: Network;
  readonly pools: PoolSet;
  readonly http2Pools: Http2PoolSet;
  /** WebSockets and event streams open now, on any snapshot. */
  readonly streams: OpenStreams;
  /** Checks and outlier detection that run now. */
  readonly healthChecks: HealthChecks;
  readonly meters: Meters;
  /** Circuits of any snapshot; the leases of them keep the set. */
  readonly breakers: Set<Breaker>;
  /** null until a rule asks for it: its libraries take longer to load than the rest of the gateway. */
  transcoding: Transcoding | null;
  /** The log output of that name, shared by everybody who holds the lease. */
  leaseSink(output: string, holder: LeaseHolder): LineSink;
  /** Loaded on first use: without metrics its library is never read. */
  exposition(): Promise<Exposition>;
  /** null until a store in Redis is configured. */
  redis: SharedStores | null;
  readonly extensions: Extensions;
  readonly log: Log;
  /** null until the first configuration is in effect. */
  readonly live: { readonly current: CurrentSnapshot | null };
}
