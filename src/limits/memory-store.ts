// The state of limits in this process: bounded, and dropped when it equals that of a new key.
import { ownText } from "../wire/fields.ts";
import { ARITHMETIC, longestMs } from "./arithmetic.ts";
import type { Arithmetic, Decision, Limit, LimitAlgorithm, LimitStore } from "./limit.ts";

/** Keys per limit, so that addresses made up by clients fill no memory. */
export const MAX_KEYS = 10_000;

/**
 * Counts in memory. A limit keeps its state as long as its id, algorithm and period are the same: what is owed are requests,
 * whatever rate pays them off.
 */
export class MemoryStore implements LimitStore {
  /** Never degraded, because there is no shared state. */
  readonly degraded = false;
  readonly #tables = new Map<string, Table>();
  readonly #nowUs: () => number;

  /** @param nowUs monotonic clock, whole µs */
  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  take(limit: Limit, key: string, cost: number): Decision {
    return this.#tableOf(limit).take(limit, key, this.#nowUs(), cost);
  }

  charge(limit: Limit, key: string, cost: number): void {
    this.#tableOf(limit).charge(limit, key, this.#nowUs(), cost);
  }

  giveBack(limit: Limit, key: string, cost: number): void {
    this.#tables.get(limit.id)?.giveBack(limit, key, cost);
  }

  usage(limit: Limit): number {
    const table = this.#tables.get(limit.id);
    return table === undefined || !table.counts(limit) ? 0 : table.usage(limit, this.#nowUs());
  }

  /** Forgets a limit that is not configured any more. */
  forget(id: string): void {
    this.#tables.delete(id);
  }

  /** Drops idle keys of limits that get no requests any more; limits in use drop theirs with their requests. */
  sweep(): void {
    const now = this.#nowUs();
    for (const table of this.#tables.values()) table.turnIfDue(now);
  }

  /** Keys kept now, of all limits. */
  get size(): number {
    let sum = 0;
    for (const table of this.#tables.values()) sum += table.size;
    return sum;
  }

  #tableOf(limit: Limit): Table {
    let table = this.#tables.get(limit.id);
    if (table === undefined || !table.counts(limit)) {
      table = new Table(limit);
      this.#tables.set(limit.id, table);
    }
    return table;
  }
}

/**
 * Keys of one limit in two generations. A key in use moves to the young one; when that is half of the bound, or as old as
 * any key can matter, the old one is dropped and the young one grows old. So a request costs one look-up, the keys used last
 * are always there, and keys that were not used for long are dropped without a search.
 */
class Table {
  readonly #algorithm: LimitAlgorithm;
  readonly #periodMs: number;
  readonly #arithmetic: Arithmetic<unknown>;
  #young = new Map<string, unknown>();
  #old = new Map<string, unknown>();
  /** Lifetime of the young generation, µs. Follows the current limit. */
  #termUs = 0;
  #begunUs = 0;

  constructor(limit: Limit) {
    this.#algorithm = limit.algorithm;
    this.#periodMs = limit.periodMs;
    this.#arithmetic = ARITHMETIC[limit.algorithm];
  }

  /** Whether the states say something of this limit. */
  counts(limit: Limit): boolean {
    return this.#algorithm === limit.algorithm && this.#periodMs === limit.periodMs;
  }

  usage(limit: Limit, nowUs: number): number {
    let most = 0;
    for (const generation of [this.#young, this.#old]) {
      for (const state of generation.values()) most = Math.max(most, this.#arithmetic.used(limit, state, nowUs));
    }
    return most;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  take(limit: Limit, key: string, nowUs: number, cost: number): Decision {
    return this.#arithmetic.take(limit, this.#stateOf(limit, key, nowUs), nowUs, cost);
  }

  charge(limit: Limit, key: string, nowUs: number, cost: number): void {
    this.#arithmetic.charge(limit, this.#stateOf(limit, key, nowUs), nowUs, cost);
  }

  giveBack(limit: Limit, key: string, cost: number): void {
    const state = this.#young.get(key) ?? this.#old.get(key);
    if (state !== undefined) this.#arithmetic.giveBack(limit, state, cost);
  }

  turnIfDue(nowUs: number): void {
    if (nowUs - this.#begunUs >= this.#termUs) this.#turn(nowUs);
  }

  #stateOf(limit: Limit, key: string, nowUs: number): unknown {
    return this.#young.get(key) ?? this.#enter(limit, key, nowUs);
  }

  /** Moves a key to the young generation. */
  #enter(limit: Limit, key: string, nowUs: number): unknown {
    this.#termUs = Math.max(longestMs(limit), limit.keepMs) * 1000;
    if (this.#young.size >= MAX_KEYS / 2) this.#turn(nowUs);
    else this.turnIfDue(nowUs);
    const known = this.#old.get(key);
    if (known !== undefined) this.#old.delete(key);
    const state = known ?? this.#arithmetic.fresh(nowUs);
    this.#young.set(ownText(key), state);
    return state;
  }

  #turn(nowUs: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#begunUs = nowUs;
  }
}
