// What providers list, kept for a while: asked for once by all who wait, and kept while a provider fails.
import { Recent } from "../../credentials/recent.ts";
import type { ProviderSettings } from "../../settings.ts";
import type { ListedModel } from "./read-model-list.ts";

/** A list is not asked for again within this time, ms. */
const FRESH_MS = 300_000;
/** Nor is one that could not be had. */
const RETRY_MS = 30_000;
/** Agents wait 3 s for all models, those of other providers included. */
const WAIT_MS = 2_000;
const MAX_LISTS = 200;

/** A list, or why there is none. */
export interface KnownList {
  /** null: it was never had. */
  readonly models: readonly ListedModel[] | null;
  /** Why the last attempt has failed, for the log; "" it has not. */
  readonly fault: string;
}

interface Entry {
  models: readonly ListedModel[] | null;
  fault: string;
  /** Monotonic, ms. */
  askAt: number;
  /** Resolves, never rejects, when the list was asked for; null: it is not being asked for. */
  pending: Promise<void> | null;
}

/** Lists by provider and account; of too many, the one used longest ago is dropped. */
export class Catalogue {
  readonly #entries = new Recent<Entry>(MAX_LISTS);
  readonly #now: () => number;
  readonly #waitMs: number;

  /** @param now monotonic, ms @param waitMs longest wait for a list that was never had */
  constructor(now: () => number, waitMs = WAIT_MS) {
    this.#now = now;
    this.#waitMs = waitMs;
  }

  /** The list as it was had last, without asking; null: it was never had. @param account see {@link list} */
  known(provider: ProviderSettings, account: string): readonly ListedModel[] | null {
    return this.#entries.peek(nameOf(provider, account))?.models ?? null;
  }

  /**
   * The list. One that is old is returned at once, and asked for anew meanwhile.
   * @param account whose list it is: fingerprint of a client's credential; "" the operator's
   * @param ask asks the provider; rejects with the reason
   */
  async list(
    provider: ProviderSettings,
    account: string,
    ask: () => Promise<readonly ListedModel[]>,
  ): Promise<KnownList> {
    const entry = this.#entryOf(nameOf(provider, account));
    if (entry.pending === null && this.#now() >= entry.askAt) entry.pending = this.#ask(entry, ask);
    if (entry.models === null && entry.pending !== null) await within(entry.pending, this.#waitMs);
    return entry;
  }

  #entryOf(name: string): Entry {
    let entry = this.#entries.use(name);
    if (entry === undefined) {
      entry = { models: null, fault: "", askAt: 0, pending: null };
      this.#entries.set(name, entry);
    }
    return entry;
  }

  async #ask(entry: Entry, ask: () => Promise<readonly ListedModel[]>): Promise<void> {
    try {
      entry.models = await ask();
      entry.fault = "";
      entry.askAt = this.#now() + FRESH_MS;
    } catch (error) {
      entry.fault = (error as Error).message;
      entry.askAt = this.#now() + RETRY_MS;
    }
    entry.pending = null;
  }
}

/** A provider that has moved is another one. */
function nameOf({ id, origin, basePath }: ProviderSettings, account: string): string {
  return `${id} ${origin}${basePath} ${account}`;
}

function within(promise: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
