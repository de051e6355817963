// What is not asked before a time: keys, keys for a model, models of a provider. Bounded, without timers.
import { Recent } from "./recent.ts";

interface Cooldown {
  /** Monotonic, ms. */
  until: number;
  /** Was refused rather than limited: after {@link until} one request tries it, the others still go elsewhere. */
  readonly probe: boolean;
}

/** Cooldowns by name; if there are too many, the one set longest ago is dropped. */
export class Cooldowns {
  readonly #entries: Recent<Cooldown>;
  readonly #now: () => number;

  /** @param now monotonic, ms */
  constructor(max: number, now: () => number) {
    this.#entries = new Recent(max);
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How long it is not to be asked, ms; 0: it may be. */
  remaining(name: string): number {
    const entry = this.#entries.peek(name);
    return entry === undefined ? 0 : Math.max(0, entry.until - this.#now());
  }

  /** Whether it was refused, and has not worked since. */
  isRefused(name: string): boolean {
    return this.#entries.peek(name)?.probe === true;
  }

  /** Not to be asked for a time; a longer cooldown stays. @param probe see {@link claim} */
  set(name: string, ms: number, probe: boolean): void {
    const until = Math.max(this.#now() + ms, this.#entries.peek(name)?.until ?? 0);
    this.#entries.set(name, { until, probe });
  }

  /** About to ask it. If it was refused, nobody else does for a time. @param ms that time */
  claim(name: string, ms: number): void {
    const entry = this.#entries.peek(name);
    if (entry === undefined) return;
    if (entry.probe) entry.until = this.#now() + ms;
    else this.#entries.delete(name); // its time is over
  }

  /** It has worked: if it was refused, it may be asked again. A limit is not over because an earlier request has worked. */
  worked(name: string): void {
    if (this.isRefused(name)) this.#entries.delete(name);
  }

  /** Whatever was refused, of names that begin so, may be tried now. */
  retryRefused(prefix: string): void {
    const now = this.#now();
    for (const [name, entry] of this.#entries.entries()) {
      if (entry.probe && name.startsWith(prefix)) entry.until = Math.min(entry.until, now);
    }
  }
}
