// Holds refusals back for a moment. A client that asks again as soon as it is answered would otherwise be refused thousands
// of times a second, which costs what the refusals were to save; held, it waits as the other clients do.
import type { Refusal } from "../core/reply.ts";

interface Held {
  readonly due: number;
  readonly answer: (refusal: Refusal) => void;
}

/** `Retry-After`, s: random in this range, so that clients refused together do not retry together. */
const RETRY_LEAST_S = 1;
const RETRY_MOST_S = 5;

/** Refusals of one kind, as many held at once as `maxHeld`; the rest go out at once. One timer for all. */
export class HeldRefusals {
  readonly #maxHeld: number;
  readonly #holdMs: number;
  readonly #now: () => number;
  readonly #random: () => number;
  #held: Held[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** @param now monotonic, ms @param random in [0, 1) */
  constructor(maxHeld: number, holdMs: number, now: () => number, random: () => number) {
    this.#maxHeld = holdMs === 0 ? 0 : maxHeld;
    this.#holdMs = holdMs;
    this.#now = now;
    this.#random = random;
  }

  get size(): number {
    return this.#held.length;
  }

  /** A refusal with `overloaded`, now or when it has been held. */
  refuse(): Refusal | Promise<Refusal> {
    if (this.#held.length >= this.#maxHeld) return this.#refusal();
    return new Promise((answer) => {
      this.#held.push({ due: this.#now() + this.#holdMs, answer });
      this.#timer ??= setTimeout(() => this.#release(), this.#holdMs);
    });
  }

  /** Answers all that are held. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const { answer } of this.#held.splice(0)) answer(this.#refusal());
  }

  #release(): void {
    const now = this.#now();
    const waiting = this.#held.findIndex(({ due }) => due > now);
    const over = this.#held.splice(0, waiting === -1 ? this.#held.length : waiting);
    const next = this.#held[0];
    this.#timer = next === undefined ? null : setTimeout(() => this.#release(), Math.max(SLICE_MS, next.due - now));
    for (const { answer } of over) answer(this.#refusal());
  }

  #refusal(): Refusal {
    const seconds = RETRY_LEAST_S + Math.floor(this.#random() * (RETRY_MOST_S - RETRY_LEAST_S + 1));
    return { code: "overloaded", fields: ["Retry-After", String(seconds)] };
  }
}

/** Refusals due within this are answered together, ms. */
const SLICE_MS = 10;
