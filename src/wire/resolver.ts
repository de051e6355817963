// Name resolution for upstream connections: short-lived cache, one look-up at a time per name, never pinned. A good answer
// outlives look-ups that fail or hang (RFC 8767), so that the trouble of a DNS server is not that of every service.
import { isIP } from "node:net";
import { NOT_FOUND } from "./names/dns.ts";
import type { Lookup } from "./names/system-lookup.ts";
import { causeOf } from "./shortage.ts";
import { isUnixSocket } from "./unix-socket.ts";

/** How long an answer is used, ms, whatever its TTL: short enough to follow a change. */
const TTL_MS = 10_000;
/** How long a failure is remembered, ms. */
const FAILURE_TTL_MS = 2000;
/** A name that was forgotten is not asked for more often than this, ms. */
const AGAIN_MS = 1000;
/** An expired answer is used when a new one takes longer than this, ms. */
const STALE_AFTER_MS = 200;
/** Names kept; the oldest goes first. Only names from the configuration get here. */
const MAX_NAMES = 4096;

/** What is known of one name. */
interface Entry {
  /** Addresses of the last good answer; empty: there was none. */
  addresses: readonly string[];
  /** Why there is no good answer. */
  failure: Error | null;
  freshUntil: number;
  askedAt: number;
  /** The look-up under way, or the answer used in its place. */
  running: Promise<readonly string[]> | null;
}

/** Remembers the addresses of names. */
export class Resolver {
  readonly #entries = new Map<string, Entry>();
  readonly #lookUp: Lookup;
  readonly #now: () => number;

  /** @param now monotonic, ms */
  constructor(lookUp: Lookup, now: () => number) {
    this.#lookUp = lookUp;
    this.#now = now;
  }

  /**
   * All addresses of a name, at least one, in the order they are to be tried.
   * @throws the error of the look-up (rejects): `ENOTFOUND`, or why it cannot be told now
   */
  resolve(name: string): Promise<readonly string[]> {
    const entry = this.#entryOf(name);
    if (entry.running !== null) return entry.running;
    if (this.#now() < entry.freshUntil) {
      return entry.failure === null ? Promise.resolve(entry.addresses) : Promise.reject(entry.failure);
    }
    entry.running = this.#ask(name, entry);
    return entry.running;
  }

  /** The answer for a name is in doubt, and is asked for again with the next connection: called when connecting failed. */
  forget(name: string): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) entry.freshUntil = Math.min(entry.freshUntil, entry.askedAt + AGAIN_MS);
  }

  #entryOf(name: string): Entry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      if (this.#entries.size >= MAX_NAMES) this.#entries.delete(this.#entries.keys().next().value!);
      entry = { addresses: [], failure: null, freshUntil: Number.NEGATIVE_INFINITY, askedAt: 0, running: null };
      this.#entries.set(name, entry);
    }
    return entry;
  }

  /** A new answer; or the old one, when the look-up takes long. */
  #ask(name: string, entry: Entry): Promise<readonly string[]> {
    entry.askedAt = this.#now();
    return new Promise((resolve, reject) => {
      const old = entry.addresses;
      const timer = old.length === 0 ? undefined : setTimeout(() => resolve(old), STALE_AFTER_MS);
      const settle = (ttl: number) => {
        clearTimeout(timer);
        entry.running = null;
        entry.freshUntil = this.#now() + ttl;
        if (entry.failure === null) resolve(entry.addresses);
        else reject(entry.failure);
      };
      this.#lookUp(name).then(
        (addresses) => {
          entry.addresses = addresses;
          entry.failure = null;
          settle(TTL_MS);
        },
        (error: NodeJS.ErrnoException) => {
          // When a server says that the name does not exist, the old answer is dropped; when it cannot be reached, it is kept.
          if (error.code === NOT_FOUND) entry.addresses = [];
          entry.failure = entry.addresses.length === 0 ? error : null;
          settle(causeOf(error) === null ? FAILURE_TTL_MS : 0);
        },
      );
    });
  }
}

/** Whether `host` is a name that resolves to something, and not an address already, be it of a UNIX socket. */
export function isName(host: string): boolean {
  return isIP(host) === 0 && !isUnixSocket(host);
}
