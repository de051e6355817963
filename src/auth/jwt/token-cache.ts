// A cache of verified tokens: a token that is sent again costs only a hash and a lookup.
import { hash } from "node:crypto";
import type { VerificationKey } from "./keys.ts";

/** Maximum lifetime of an entry, ms. */
const TTL_MS = 300_000;

interface Entry<T> {
  readonly value: T;
  readonly key: VerificationKey;
  /** Wall clock, ms. */
  readonly endsAt: number;
}

/**
 * Values for verified tokens, by the digest of the whole token. Belongs to one verifier and thus to one configuration, so it
 * is empty after a reload.
 */
export class TokenCache<T> {
  readonly #max: number;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry<T>>();

  /** @param max number of entries */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @param digest of {@link digestOf} @param now wall clock, ms */
  get(digest: string, now: number): T | undefined {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return undefined;
    this.#entries.delete(digest);
    if (now >= entry.endsAt || entry.key.retired) return undefined;
    this.#entries.set(digest, entry);
    return entry.value;
  }

  /** @param key that verified the token @param endsAt expiry of the token, wall clock, ms */
  set(digest: string, value: T, key: VerificationKey, endsAt: number, now: number): void {
    if (this.#entries.size >= this.#max) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(digest, { value, key, endsAt: Math.min(endsAt, now + TTL_MS) });
  }
}

/** SHA-256 of a whole token. */
export function digestOf(token: string): string {
  return hash("sha256", token, "base64");
}
