// A store of limits on a Redis of the test, ready when it is handed over.
import type { Log } from "../../src/core/log.ts";
import { Connections } from "../../src/limits/redis/connection.ts";
import { RedisStore, type RedisStoreOptions } from "../../src/limits/redis/store.ts";
import type { RedisOptions } from "../../src/wire/redis.ts";
import { eventually } from "./setup.ts";

/** What tests leave out. */
export const REDIS_DEFAULTS: RedisOptions = {
  kind: "single",
  nodes: [],
  master: "",
  sentinelPassword: "",
  username: "",
  password: "",
  db: 0,
  connections: 1,
  connectTimeoutMs: 2000,
  silenceMs: 5000,
  maxRetries: 3,
  minBackoffMs: 8,
  maxBackoffMs: 100,
  tls: null,
};

/** A store and what it said. */
export interface OpenStore {
  readonly store: RedisStore;
  readonly said: readonly string[];
}

/** Opens a store and waits until Redis decides. A budget no machine needs, so that only tests of the budget meet it. */
export async function openStore(
  redis: Partial<RedisOptions>,
  options: Partial<RedisStoreOptions> = {},
): Promise<OpenStore> {
  const open = newStore(redis, options);
  await eventually("Redis decides", () => !open.store.degraded);
  return open;
}

/** Opens a store and does not wait. */
export function newStore(redis: Partial<RedisOptions>, options: Partial<RedisStoreOptions> = {}): OpenStore {
  const now = () => performance.now();
  const said: string[] = [];
  const note = (message: string, facts: object = {}) => void said.push(`${message} ${JSON.stringify(facts)}`);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const store = new RedisStore(
    { name: "redis", budgetMs: 2000, onFailure: "local", onLoss: "spent", instance: "one", ...options },
    {
      connect: (events) => new Connections({ ...REDIS_DEFAULTS, ...redis }, events, now, Math.random),
      now,
      log,
    },
  );
  return { store, said };
}
