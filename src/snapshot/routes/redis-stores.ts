// Stores of limits in Redis, shared by snapshots. Loaded only when a configuration has one: its client is a large library.
import type { ConnectionOptions } from "node:tls";
import type { Config, RedisConfig, RedisStoreConfig } from "../../config/config.ts";
import type { Log } from "../../core/log.ts";
import { Connections, type RedisOptions } from "../../limits/redis/connection.ts";
import { RedisStore } from "../../limits/redis/store.ts";
import { hostPort } from "../../wire/authority.ts";
import { digest } from "../digest.ts";
import type { Build, SharedStores } from "../runtime.ts";

/** Longest wait at start for connections to all stores, ms. A store that refuses is not waited for. */
const REACH_MS = 1000;

/** All stores in Redis of the process. Call {@link close} when done. */
export class RedisStores implements SharedStores {
  readonly #instance: string;
  readonly #log: Log;
  readonly #open = new Set<RedisStore>();

  /** @param instance name of this process among all that share a Redis */
  constructor(instance: string, log: Log) {
    this.#instance = instance;
    this.#log = log;
  }

  /** The store as configured; the same while some snapshot holds it. */
  store(store: RedisStoreConfig, { config, leases }: Build): RedisStore {
    const { name, onFailure, onLoss } = store;
    const now = () => performance.now();
    const redis = redisOptions(store.redis, config);
    const options = { name, onFailure, onLoss, budgetMs: store.redis.budget, instance: this.#instance };
    return leases.lease(
      `limit-store|redis|${digest([redis, options])}`,
      () => {
        const opened = new RedisStore(options, {
          connect: (events) => new Connections(redis, events, now, Math.random),
          now,
          log: this.#log,
        });
        this.#open.add(opened);
        return opened;
      },
      (opened) => {
        this.#open.delete(opened);
        opened.close();
      },
    );
  }

  /** Resolves when every store has been connected to or has refused, after {@link REACH_MS} at the latest. */
  async reached(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, REACH_MS);
    });
    await Promise.race([late, Promise.all([...this.#open].map((store) => store.reached))]);
    clearTimeout(timer);
  }

  /** Closes all connections; called when the process ends. */
  close(): void {
    for (const store of this.#open) store.close();
    this.#open.clear();
  }
}

function redisOptions(redis: RedisConfig, config: Config): RedisOptions {
  const kind = redis.cluster ? "cluster" : redis.sentinel ? "sentinel" : "single";
  const nodes = { single: [], sentinel: redis.sentinelNodes, cluster: redis.clusterNodes }[kind].map(
    (text) => hostPort(text)!,
  );
  const silences = [redis.readTimeout, redis.writeTimeout].filter((ms) => ms > 0);
  return {
    kind,
    nodes: kind === "single" ? [{ host: redis.host, port: redis.port }] : nodes,
    master: redis.masterName,
    sentinelPassword: redis.sentinelPassword,
    username: redis.username,
    password: redis.password,
    db: redis.db,
    connections: redis.maxActive,
    connectTimeoutMs: redis.connectTimeout,
    silenceMs: silences.length === 0 ? 0 : Math.min(...silences),
    maxRetries: redis.maxRetries,
    minBackoffMs: redis.minRetryBackoff,
    maxBackoffMs: redis.maxRetryBackoff,
    tls: redis.tls.enabled ? tlsOptions(redis.tls, config) : null,
  };
}

function tlsOptions(tls: RedisConfig["tls"], config: Config): ConnectionOptions {
  const ca = config.tlsFiles.get(tls.caFile);
  const cert = config.tlsFiles.get(tls.certFile);
  const key = config.tlsFiles.get(tls.keyFile);
  return {
    rejectUnauthorized: !tls.insecureSkipVerify,
    ...(tls.serverName === "" ? {} : { servername: tls.serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
