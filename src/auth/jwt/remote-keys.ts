// The JWK set an issuer publishes: fetched in the background and when a token names a key that it does not have.
import type { Clock } from "../../core/clock.ts";
import type { AlgorithmName } from "./algorithms.ts";
import { type KeySource, keysOfSet, type VerificationKey } from "./keys.ts";

/** Soonest that tokens cause one fetch after another, ms: whoever makes up names of keys must not make us flood the issuer. */
const COOLDOWN_MS = 30_000;
/** How long a name that the issuer did not know causes no fetch, ms. */
const UNKNOWN_MS = 60_000;
/** Most such names kept. */
const MAX_UNKNOWN = 256;
/** First pause after a failure, ms; it doubles up to one of the next two. */
const RETRY_MS = 1_000;
/** Longest pause while there are keys, ms. */
const MAX_RETRY_MS = 30_000;
/** Longest pause while there are none and all who bring a token are turned away, ms. */
const MAX_RETRY_WITHOUT_MS = 5_000;

/** Told of what a fetch came to. */
export interface FetchObserver {
  failed(error: Error): void;
  /** Keys are there, the first ones or again after failures. @param keys how many can be used */
  recovered(keys: number): void;
}

/** One published set. Call {@link close} when done. */
export class RemoteKeys implements KeySource {
  readonly #fetch: (signal: AbortSignal) => Promise<unknown>;
  readonly #cacheMs: number;
  readonly #clock: Clock;
  readonly #observer: FetchObserver;
  readonly #gone = new AbortController();
  /** By their text; null before the first answer. */
  #keys: ReadonlyMap<string, VerificationKey> | null = null;
  #flight: Promise<void> | null = null;
  #failures = 0;
  #cancelNext: () => void = () => undefined;
  /** When a token last caused a fetch. */
  #causedAt = Number.NEGATIVE_INFINITY;
  /** Names the issuer did not know → when it was asked. */
  readonly #unknown = new Map<string, number>();

  /**
   * Begins to fetch at once.
   * @param fetch the document; rejects when there is none
   * @param cacheMs how long keys are good without asking again, ms
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
    if (this.#gone.signal.aborted || this.#keys === null || now - this.#causedAt < COOLDOWN_MS) return null;
    if (now - (this.#unknown.get(kid) ?? Number.NEGATIVE_INFINITY) < UNKNOWN_MS) return null;
    this.#causedAt = now;
    return this.#renew().then(() => this.#noteIfUnknown(kid));
  }

  close(): void {
    this.#gone.abort();
    this.#cancelNext();
  }

  /** Never rejects. */
  #renew(): Promise<void> {
    this.#cancelNext();
    this.#flight = this.#fetched().finally(() => {
      this.#flight = null;
      if (!this.#gone.signal.aborted) this.#cancelNext = this.#clock.after(this.#pause(), () => void this.#renew());
    });
    return this.#flight;
  }

  async #fetched(): Promise<void> {
    try {
      const set = await this.#fetch(this.#gone.signal);
      if (this.#gone.signal.aborted) return;
      this.#replace(keysOfSet(set, this.#keys ?? undefined));
    } catch (error) {
      if (this.#gone.signal.aborted) return;
      this.#failures++;
      this.#observer.failed(error as Error);
    }
  }

  #replace(keys: ReadonlyMap<string, VerificationKey>): void {
    for (const [text, key] of this.#keys ?? []) if (!keys.has(text)) key.retired = true;
    const news = this.#keys === null || this.#failures > 0;
    this.#keys = keys;
    this.#failures = 0;
    if (news) this.#observer.recovered(keys.size);
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
