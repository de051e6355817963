// This process's share of every limit while Redis is unavailable, and its usage to report afterwards.
import { ownText } from "../../wire/fields.ts";
import { ARITHMETIC, capacityOf } from "../arithmetic.ts";
import type { Arithmetic, Decision, Limit } from "../limit.ts";

/** Most keys counted here; those unused longest go first, as in any store in memory. */
const MAX_KEYS = 10_000;

/** What was let through of one key and Redis does not know. */
export interface Owed {
  readonly limit: Limit;
  readonly key: string;
  readonly cost: number;
}

interface Entry {
  readonly limit: Limit;
  readonly key: string;
  readonly state: unknown;
  /** Let through here. */
  passed: number;
}

/**
 * Limits divided by the number of gateways. What others have let through before Redis went away is not known: with `spent`
 * every key counts as used up then, but for one request, and fills from there at its share of the rate. So all processes
 * together let through no more than Redis would have, and one request each.
 */
export class Share {
  readonly #spent: boolean;
  readonly #entries = new Map<string, Entry>();
  #gateways = 1;
  /** When counting here began, µs; 0: nothing was ever counted elsewhere. */
  #sinceUs = 0;

  /** @param spent whether a key that is not known counts as used up */
  constructor(spent: boolean) {
    this.#spent = spent;
  }

  /** Keys counted here. */
  get size(): number {
    return this.#entries.size;
  }

  /** Counting begins. @param sinceUs when what Redis knew was last known, in the time of {@link take}; 0: it never was */
  begin(gateways: number, sinceUs: number): void {
    this.#gateways = gateways;
    this.#sinceUs = sinceUs;
  }

  take(limit: Limit, key: string, nowUs: number, cost: number): Decision {
    const share = this.#shareOf(limit, cost);
    const entry = this.#entry(limit, key, nowUs, share);
    const decision = ARITHMETIC[limit.algorithm].take(share, entry.state, nowUs, cost);
    if (decision.allowed) entry.passed += cost;
    return { ...decision, degraded: "local" };
  }

  /** Charges a cost known after the fact, whether it fits or not. */
  charge(limit: Limit, key: string, nowUs: number, cost: number): void {
    const share = this.#shareOf(limit, 1);
    const entry = this.#entry(limit, key, nowUs, share);
    ARITHMETIC[limit.algorithm].charge(share, entry.state, nowUs, cost);
    entry.passed += cost;
  }

  /** What Redis could not be told after all. */
  owe(limit: Limit, key: string, nowUs: number, cost: number): void {
    this.#entry(limit, key, nowUs, this.#shareOf(limit, cost)).passed += cost;
  }

  /** @returns whether the charge was made here */
  giveBack(limit: Limit, key: string, cost: number): boolean {
    const entry = this.#entries.get(idOf(limit, key));
    if (entry === undefined || entry.passed < cost) return false;
    entry.passed -= cost;
    ARITHMETIC[limit.algorithm].giveBack(this.#shareOf(limit, cost), entry.state, cost);
    return true;
  }

  /** Redis has charged what was let through here: its answer came after the budget. */
  acknowledge(limit: Limit, key: string, cost: number): void {
    const entry = this.#entries.get(idOf(limit, key));
    if (entry !== undefined) entry.passed = Math.max(0, entry.passed - cost);
  }

  /** What Redis is to be told, once. Counting goes on. */
  takeOwed(nowUs: number): readonly Owed[] {
    return [...this.#entries.values()].flatMap((entry) => this.#takeFrom(entry, nowUs));
  }

  /** Counting of this key ends. @returns what Redis is to be told of it, if anything */
  takeOwedOf(limit: Limit, key: string, nowUs: number): readonly Owed[] {
    const id = idOf(limit, key);
    const entry = this.#entries.get(id);
    if (entry === undefined) return [];
    this.#entries.delete(id);
    return this.#takeFrom(entry, nowUs);
  }

  /** Counting of this key ends, unless something is owed again. */
  forget(limit: Limit, key: string): void {
    const id = idOf(limit, key);
    if (this.#entries.get(id)?.passed === 0) this.#entries.delete(id);
  }

  /** Counting ends, but for keys of which something is owed. */
  end(): void {
    for (const [id, { passed }] of this.#entries) if (passed === 0) this.#entries.delete(id);
  }

  /** The share of a limit, large enough for one request of that cost. */
  #shareOf(limit: Limit, cost: number): Limit {
    const window = limit.algorithm === "sliding_window";
    const rate = limit.rate / this.#gateways;
    const burst = limit.burst / this.#gateways;
    const least = limit.algorithm === "leaky_bucket" ? cost - 1 : cost;
    return { ...limit, rate: window ? Math.max(rate, cost) : rate, burst: Math.max(burst, least) };
  }

  #entry(limit: Limit, key: string, nowUs: number, share: Limit): Entry {
    const id = idOf(limit, key);
    let entry = this.#entries.get(id);
    if (entry === undefined || entry.limit.algorithm !== limit.algorithm || entry.limit.periodMs !== limit.periodMs) {
      entry = { limit, key: ownText(key), state: this.#first(ARITHMETIC[limit.algorithm], share, nowUs), passed: 0 };
    }
    this.#entries.delete(id);
    this.#entries.set(id, entry); // last in line to be dropped
    if (this.#entries.size > MAX_KEYS) this.#entries.delete(this.#entries.keys().next().value!);
    return entry;
  }

  #first(arithmetic: Arithmetic<unknown>, share: Limit, nowUs: number): unknown {
    if (!this.#spent || this.#sinceUs === 0) return arithmetic.fresh(nowUs);
    const state = arithmetic.fresh(this.#sinceUs);
    const used = capacityOf(share) - 1;
    if (used > 0) arithmetic.take(share, state, this.#sinceUs, used);
    return state;
  }

  #takeFrom(entry: Entry, nowUs: number): readonly Owed[] {
    const cost = Math.ceil(this.#owed(entry, nowUs));
    entry.passed = 0;
    return cost > 0 ? [{ limit: entry.limit, key: entry.key, cost }] : [];
  }

  /**
   * The usage to report to Redis: what was admitted, but no more than is still charged here. Redis drains what it knows
   * meanwhile, and the shares of all processes drain at that same rate, so neither may be taken for the other's: as the
   * share began used up but for one request, it owes what was let through until Redis has certainly drained, and less
   * only from then on.
   */
  #owed({ limit, state, passed }: Entry, nowUs: number): number {
    const share = this.#shareOf(limit, 1);
    const { remaining } = ARITHMETIC[limit.algorithm].take(share, state, nowUs, Number.POSITIVE_INFINITY);
    return Math.min(passed, capacityOf(share) - remaining + 1);
  }
}

function idOf(limit: Limit, key: string): string {
  return `${limit.id}\n${key}`;
}
