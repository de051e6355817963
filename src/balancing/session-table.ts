// Maps session ids of clients or applications to endpoints. Limited in number and time.
import { createHash } from "node:crypto";
import { ownText } from "../wire/fields.ts";

/** Longer ids are kept as their digest, so that memory is bounded by the number of entries. */
const LONGEST_ID = 512;

interface Entry {
  /** Id of the endpoint. */
  endpoint: string;
  usedAt: number;
  /** Used since it was last looked at for removal. */
  used: boolean;
}

/** A table that drops the least used entries for new ones (second chance: an approximation of LRU without cost per use). */
export class SessionTable {
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #ttlMs: number;
  readonly #now: () => number;

  /** @param ttlMs from the last use @param now monotonic, ms */
  constructor(maxEntries: number, ttlMs: number, now: () => number) {
    this.#maxEntries = maxEntries;
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Id of the endpoint of a session, whose lifetime is renewed; undefined if there is none. */
  get(session: string): string | undefined {
    const key = keyOf(session);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#now();
    if (now - entry.usedAt >= this.#ttlMs) {
      this.#entries.delete(key);
      return undefined;
    }
    entry.usedAt = now;
    entry.used = true;
    return entry.endpoint;
  }

  set(session: string, endpoint: string): void {
    const key = keyOf(session);
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.endpoint = endpoint;
      entry.usedAt = this.#now();
      entry.used = true;
      return;
    }
    if (this.#entries.size >= this.#maxEntries) this.#makeRoom();
    this.#entries.set(ownText(key), { endpoint, usedAt: this.#now(), used: false });
  }

  #makeRoom(): void {
    const now = this.#now();
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key);
      if (!entry.used || now - entry.usedAt >= this.#ttlMs) return;
      entry.used = false;
      this.#entries.set(key, entry);
    }
  }
}

function keyOf(session: string): string {
  return session.length <= LONGEST_ID ? session : createHash("sha256").update(session).digest("base64");
}
