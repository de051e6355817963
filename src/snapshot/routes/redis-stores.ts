// Stores of limits in Redis, shared by snapshots. Loaded only when a configuration has one: its client is a large library.
import type { RedisStoreConfig } from "../../config/config.ts";
import type { Log } from "../../core/log.ts";
import { Connections } from "../../limits/redis/connection.ts";
import { RedisStore } from "../../limits/redis/store.ts";
import { digest } from "../digest.ts";
import { redisOptions } from "../redis-options.ts";
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
