// How fast models have answered lately, measured on every request and used by `order: fastest`.
import { Recent } from "../../credentials/recent.ts";
import type { Speeds } from "./candidate-order.ts";
import type { Candidate } from "./provider.ts";

/** Share of the latest answer in the average: half of the weight lies on the last 14. */
const LATEST = 0.05;

/** Clients may name any model of a provider. */
const MAX_MODELS = 10_000;

/** Times to the first content, by provider and model. */
export class SpeedTable implements Speeds {
  readonly #usualMs = new Recent<number>(MAX_MODELS);

  usualMs(candidate: Candidate): number {
    return this.#usualMs.peek(nameOf(candidate)) ?? 0;
  }

  /** An answer has begun. @param ms from the attempt to its first content */
  observe(candidate: Candidate, ms: number): void {
    const name = nameOf(candidate);
    const before = this.#usualMs.peek(name);
    this.#usualMs.set(name, before === undefined ? ms : before + LATEST * (ms - before));
  }

  /** An attempt has failed: until it answers again, the candidate counts as slow as that. */
  failed(candidate: Candidate, ms: number): void {
    const name = nameOf(candidate);
    this.#usualMs.set(name, Math.max(this.#usualMs.peek(name) ?? 0, ms, FAILED_MS));
  }
}

/** A model that fails is not the fastest, however fast it does so, ms. */
const FAILED_MS = 10_000;

function nameOf({ provider, upstreamName }: Candidate): string {
  return `${provider.settings.id} ${upstreamName}`;
}
