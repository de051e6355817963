// The published JWK set of an issuer: fetched in the background, and when a token has an unknown `kid`.
import type { Clock } from "../../core/clock.ts";
import type { AlgorithmName } from "./algorithms.ts";
import { type KeySource, keysOfSet, type VerificationKey } from "./keys.ts";

/** Minimum time between fetches caused by tokens, ms, so that clients with made-up `kid`s cannot flood the issuer. */
const COOLDOWN_MS = 30_000;
/** How long a `kid` that is not in the fetched set causes no other fetch, ms. */
const UNKNOWN_MS = 60_000;
/** Maximum number of such `kid`s tracked. */
const MAX_UNKNOWN = 256;
/** First pause after a failure, ms; it doubles up to one of the next two values. */
const RETRY_MS = 1_000;
/** Longest pause while there are keys, ms. */
const MAX_RETRY_MS = 30_000;
/** Longest pause while there are none, so that all tokens are rejected, ms. */
const MAX_RETRY_WITHOUT_MS = 5_000;

/** Receives the results of fetches. */
export interface FetchObserver {
  failed(error: Error): void;
  /** Keys were fetched, for the first time or after failures. @param keys number of usable ones */
  recovered(keys: number): void;
}

/** One published set. Must be closed. */
export class RemoteKeys implements KeySource {
  readonly #fetch: (signal: AbortSignal) => Promise<unknown>;
  readonly #cacheMs: number;
  readonly #clock: Clock;
  readonly #observer: FetchObserver;
  readonly #closing = new AbortController();
  /** By their JSON text; null before the first fetch. */
  #keys: ReadonlyMap<string, VerificationKey> | null = null;
  #flight: Promise<void> | null = null;
  #failures = 0;
  #cancelNext: () => void = () => undefined;
  /** Time of the last fetch caused by a token. */
  #causedAt = Number.NEGATIVE_INFINITY;
  /** Unknown `kid` → time of the fetch. */
  readonly #unknown = new Map<string, number>();

  /**
   * Starts to fetch at once.
   * @param fetch fetches the set, or rejects
   * @param cacheMs interval of regular fetches, ms
   */
  constructor(
    fetch: (signal: AbortSignal) => Promise<unknown>,
    cacheMs: number,
    clock: Clock,
    observer: FetchObserver,
  ) {
    this.#fetch = fetch;
    this.#cacheMs = cacheMs;
    this.#clock = clock;
    this.#observer = observer;
    void this.#renew();
  }

  get current(): boolean {
    return this.#keys !== null && this.#failures === 0;
  }

  find(kid: string, algorithm: AlgorithmName): readonly VerificationKey[] {
    if (this.#keys === null) return [];
    return [...this.#keys.values()].filter((key) => {
      return key.algorithms.includes(algorithm) && (kid === "" || key.kid === kid);
    });
  }

  refresh(kid: string): Promise<void> | null {
    if (this.#flight !== null) return this.#flight;
    const now = this.#clock.now();
    if (this.#closing.signal.aborted || this.#keys === null || now - this.#causedAt < COOLDOWN_MS) return null;
    if (now - (this.#unknown.get(kid) ?? Number.NEGATIVE_INFINITY) < UNKNOWN_MS) return null;
    this.#causedAt = now;
    return this.#renew().then(() => this.#noteIfUnknown(kid));
  }

  close(): void {
    this.#closing.abort();
    this.#cancelNext();
  }

  /** Never rejects. */
  #renew(): Promise<void> {
    this.#cancelNext();
    this.#flight = this.#fetched().finally(() => {
      this.#flight = null;
      if (!this.#closing.signal.aborted) this.#cancelNext = this.#clock.after(this.#pause(), () => void this.#renew());
    });
    return this.#flight;
  }

  async #fetched(): Promise<void> {
    try {
      const set = await this.#fetch(this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      this.#replace(keysOfSet(set, this.#keys ?? undefined));
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#failures++;
      this.#observer.failed(error as Error);
    }
  }

  #replace(keys: ReadonlyMap<string, VerificationKey>): void {
    for (const [text, key] of this.#keys ?? []) if (!keys.has(text)) key.retired = true;
    const isNews = this.#keys === null || this.#failures > 0;
    this.#keys = keys;
    this.#failures = 0;
    if (isNews) this.#observer.recovered(keys.size);
  }

  #pause(): number {
    if (this.#failures === 0) return this.#cacheMs;
    const longest = this.#keys === null ? MAX_RETRY_WITHOUT_MS : MAX_RETRY_MS;
    return Math.min(RETRY_MS * 2 ** Math.min(this.#failures - 1, 10), longest);
  }

  #noteIfUnknown(kid: string): void {
    if (!this.current || kid === "" || [...this.#keys!.values()].some((key) => key.kid === kid)) return;
    if (this.#unknown.size === MAX_UNKNOWN) this.#unknown.delete(this.#unknown.keys().next().value!);
    this.#unknown.set(kid, this.#clock.now());
  }
}
