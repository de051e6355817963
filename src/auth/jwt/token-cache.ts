// Tokens that were verified, so that a client that brings the same one again costs a hash and a look-up.
import { hash } from "node:crypto";
import type { VerificationKey } from "./keys.ts";

/** Longest time a token is not verified again, ms. */
const TTL_MS = 300_000;

interface Entry<T> {
  readonly value: T;
  readonly key: VerificationKey;
  /** ms of the wall clock. */
  readonly endsAt: number;
}

/**
 * What is known of verified tokens, by the digest of the whole token. Belongs to one verifier and so to one configuration:
 * a reload begins with an empty one.
 */
export class TokenCache<T> {
  readonly #max: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry<T>>();

  /** @param max entries kept */
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

  /** @param key it was verified with @param endsAt of the token, ms of the wall clock */
  set(digest: string, value: T, key: VerificationKey, endsAt: number, now: number): void {
    if (this.#entries.size >= this.#max) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(digest, { value, key, endsAt: Math.min(endsAt, now + TTL_MS) });
  }
}

/** SHA-256 of a whole token. */
export function digestOf(token: string): string {
  return hash("sha256", token, "base64");
}
