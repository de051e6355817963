// Counts invalid credentials per client network to slow down guessing.
import { networkOf } from "../wire/network.ts";

/** The limit on invalid credentials from one network. */
export interface FailureSettings {
  /** Failures allowed in one window; 0: no limit. */
  readonly max: number;
  readonly windowMs: number;
}

/** Maximum number of networks tracked; beyond it, the one with the oldest window is dropped. */
const MAX_NETWORKS = 65_536;

interface Failures {
  count: number;
  /** End of the window, ms. */
  readonly until: number;
}

/** The failures of all clients. The first failure of a network opens its window; a success does not reset the count. */
export class FailedCredentials {
  readonly #settings: FailureSettings;
  readonly #now: () => number;
  /** Ordered by end of window. */
  readonly #networks = new Map<string, Failures>();
  #timer: NodeJS.Timeout | null = null;

  /** @param now monotonic time, ms */
  constructor(settings: FailureSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Number of networks tracked. */
  get size(): number {
    return this.#networks.size;
  }

  /** Time until credentials from an address are accepted again, in ms; 0: they are accepted now. */
  waitFor(address: string): number {
    if (this.#networks.size === 0) return 0;
    const known = this.#networks.get(networkOf(address));
    if (known === undefined || known.count < this.#settings.max) return 0;
    return Math.max(0, known.until - this.#now());
  }

  /** Counts a failure. */
  failed(address: string): void {
    const { max, windowMs } = this.#settings;
    if (max === 0) return;
    this.#forgetOld();
    const network = networkOf(address);
    const known = this.#networks.get(network);
    if (known !== undefined) {
      known.count++;
      return;
    }
    if (this.#networks.size >= MAX_NETWORKS) this.#networks.delete(this.#networks.keys().next().value!);
    this.#networks.set(network, { count: 1, until: this.#now() + windowMs });
    this.#timer ??= this.#later(windowMs);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#networks.clear();
  }

  #later(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#forgetOld();
      this.#timer = this.#networks.size === 0 ? null : this.#later(this.#settings.windowMs);
    }, ms).unref();
  }

  #forgetOld(): void {
    const now = this.#now();
    for (const [network, { until }] of this.#networks) {
      if (until > now) return;
      this.#networks.delete(network);
    }
  }
}
