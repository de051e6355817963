// Counts credentials that were not valid, by the network they came from, so that guessing becomes slow.
import { networkOf } from "../wire/network.ts";

/** How many are let try before a network must wait. */
export interface FailureSettings {
  /** Failures in one window; 0: they are not counted. */
  readonly max: number;
  readonly windowMs: number;
}

/** Networks remembered at once; the one whose window began first is forgotten when there are more. */
const MAX_NETWORKS = 65_536;

interface Failures {
  count: number;
  /** End of the window, ms. */
  readonly until: number;
}

/** The failures of all clients. The first failure of a network opens its window; what succeeds meanwhile changes nothing. */
export class FailedCredentials {
  readonly #settings: FailureSettings;
  readonly #now: () => number;
  /** In the order their windows end. */
  readonly #networks = new Map<string, Failures>();
  #timer: NodeJS.Timeout | null = null;

  /** @param now monotonic time, ms */
  constructor(settings: FailureSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Networks that are remembered. */
  get size(): number {
    return this.#networks.size;
  }

  /** How long an address must wait until it may show a credential again, ms; 0: it need not. */
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
