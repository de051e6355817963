// The rate limits of one configuration, each once however many rules share it, as operators see and change them.
import type { Config, RateConfig } from "../../config/config.ts";
import { storeTitle } from "../../config/meaning/stores.ts";
import type { LimitView } from "../../core/limit-view.ts";
import { AdjustableLimit } from "../../limits/adjustable.ts";
import type { LimitStore } from "../../limits/limit.ts";
import type { StoreSet } from "./limit-stores.ts";

/** A limit in use and where it is counted. */
interface CountedLimit {
  readonly limit: AdjustableLimit;
  readonly store: LimitStore;
}

/** Collects them while a configuration is compiled. */
export class LimitViews {
  readonly #byId = new Map<string, CountedLimit>();
  /** All so far. */
  readonly views: LimitView[] = [];
  readonly #config: Config;
  readonly #stores: StoreSet;

  constructor(config: Config, stores: StoreSet) {
    this.#config = config;
    this.#stores = stores;
  }

  /** The limit as it runs; the same for every rule that has it. @param path of the rule whose own it is; "" = of all */
  open(rate: RateConfig, path: string): CountedLimit {
    let counted = this.#byId.get(rate.limit.id);
    if (counted === undefined) {
      const limit = new AdjustableLimit(rate.limit);
      counted = { limit, store: this.#stores.storeFor(rate.store, limit) };
      this.#byId.set(limit.id, counted);
      this.views.push(viewOf(counted, path, storeTitle(this.#config.stores, rate.store)));
    }
    return counted;
  }
}

function viewOf({ limit, store }: CountedLimit, path: string, storeName: string): LimitView {
  return {
    id: limit.id,
    path,
    windowMs: limit.periodMs,
    type: limit.algorithm,
    store: storeName,
    get limit() {
      return limit.rate;
    },
    get burst() {
      return limit.algorithm === "sliding_window" ? null : limit.burst;
    },
    get degraded() {
      return store.degraded;
    },
    get currentUsage() {
      return store.usage(limit);
    },
    set: (rate, burst) => limit.set(rate, burst),
  };
}
