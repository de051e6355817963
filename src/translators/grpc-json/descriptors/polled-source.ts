// A descriptor set that is polled in the background; the last good one is kept.

/** Soonest a failed fetch is tried again, ms. */
const RETRY_MS = 5000;

/** One source. Call {@link close} when done. */
export class PolledSource {
  readonly name: string;
  readonly #fetch: (signal: AbortSignal) => Promise<Uint8Array>;
  readonly #everyMs: number;
  readonly #failed: (error: Error) => void;
  readonly #gone = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** Serialized FileDescriptorSet; null before the first answer. */
  bytes: Uint8Array | null = null;
  /** Grows with every change of {@link bytes}. */
  version = 0;

  /**
   * @param everyMs between fetches, ms; 0 = once it has been fetched, never again
   * @param failed told of every failure
   */
  constructor(
    name: string,
    fetch: (signal: AbortSignal) => Promise<Uint8Array>,
    everyMs: number,
    failed: (error: Error) => void,
  ) {
    this.name = name;
    this.#fetch = fetch;
    this.#everyMs = everyMs;
    this.#failed = failed;
    void this.#poll();
  }

  close(): void {
    this.#gone.abort();
    clearTimeout(this.#timer);
  }

  async #poll(): Promise<void> {
    let wait = this.#everyMs;
    try {
      const bytes = await this.#fetch(this.#gone.signal);
      if (this.bytes === null || !Buffer.from(this.bytes).equals(bytes)) {
        this.bytes = bytes;
        this.version++;
      }
    } catch (error) {
      if (this.#gone.signal.aborted) return;
      this.#failed(error as Error);
      wait = Math.min(this.#everyMs || RETRY_MS, RETRY_MS);
    }
    if (wait > 0 && !this.#gone.signal.aborted) this.#timer = setTimeout(() => void this.#poll(), wait).unref();
  }
}
