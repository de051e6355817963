// Stores of limits by name; what they have counted is kept as long as some snapshot has the limit.
import type { Config } from "../../config/config.ts";
import type { Limit, LimitStore } from "../../limits/limit.ts";
import { MemoryStore } from "../../limits/memory-store.ts";
import type { Build, Runtime } from "../runtime.ts";

/** The stores of one configuration. */
export interface StoreSet {
  /** The store that counts this limit. @param name one the configuration has */
  storeFor(name: string, limit: Limit): LimitStore;
}

/** How often idle keys of limits that get no requests are removed, ms. */
const SWEEP_MS = 10_000;

/** Loads the client of Redis when a limit of `config` is counted there: it takes longer to load than a small gateway. */
export async function prepareLimitStores(config: Config, runtime: Runtime): Promise<void> {
  const shared = config.rules.some((rule) => rule.rateLimits.some(({ store }) => config.stores.get(store) !== null));
  if (runtime.redis !== null || !shared) return;
  const { RedisStores } = await import("./redis-stores.ts");
  runtime.redis = new RedisStores(runtime.memberId, runtime.log);
}

/** The stores of a configuration. All stores in memory are one, since limits have unique ids. */
export function limitStores(build: Build): StoreSet {
  const { config, runtime, leases } = build;
  return {
    storeFor(name, limit) {
      const shared = config.stores.get(name);
      if (shared !== null && shared !== undefined) return runtime.redis!.store(shared, build);
      const { store } = leases.lease("limit-store|memory", openMemory, ({ timer }) => clearInterval(timer));
      leases.lease(
        `limit|memory|${limit.id}`,
        () => limit.id,
        (id) => store.forget(id),
      );
      return store;
    },
  };
}

function openMemory(): { readonly store: MemoryStore; readonly timer: NodeJS.Timeout } {
  const store = new MemoryStore(() => Math.floor(performance.now() * 1000));
  return { store, timer: setInterval(() => store.sweep(), SWEEP_MS).unref() };
}
