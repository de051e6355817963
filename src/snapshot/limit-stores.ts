// Stores of limits by name; what they have counted is kept as long as some snapshot has the limit.
import type { LeaseHolder } from "../core/lease.ts";
import type { Limit, LimitStore } from "../limits/limit.ts";
import { MemoryStore } from "../limits/memory-store.ts";

/** The stores of one configuration. */
export interface StoreSet {
  /** The store that counts this limit. @param name one the configuration has */
  storeFor(name: string, limit: Limit): LimitStore;
}

/** How often idle keys of limits nobody asks are looked for, ms. */
const SWEEP_MS = 10_000;

/** Stores in memory alone. */
export function memoryStores(leases: LeaseHolder): StoreSet {
  return {
    storeFor(_name, limit) {
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
