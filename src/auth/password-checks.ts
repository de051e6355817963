// Checks passwords. Few checks run at once, since each is slow by design, and accepted passwords are cached for a while.
import { createHmac, randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { hasPassword, type PasswordHash } from "./password-hash.ts";
import { Remembered } from "./remembered.ts";

/** Checks that run at once; leaves one core to the event loop where there are several. */
const AT_ONCE = Math.max(1, Math.min(4, availableParallelism() - 1));
/** Maximum number of queued checks. */
const MAX_WAITING = 64;
/** Maximum number of cached passwords, and how long they are cached. */
const MAX_ACCEPTED = 4096;
const ACCEPTED_MS = 300_000;

/** The client whose password is checked. */
export interface PasswordClient {
  readonly address: string;
  /** Whether no more passwords of this address are to be checked, as after too many failures. */
  isThrottled(): boolean;
}

/** The checks of the process. Accepted passwords are cached as keyed digests; the key never leaves the process. */
export class PasswordChecks {
  readonly #key = randomBytes(32);
  /** By digest. */
  readonly #accepted: Remembered<true>;
  readonly #underWay = new Map<string, Promise<boolean | null>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param now monotonic time, ms */
  constructor(now: () => number) {
    this.#accepted = new Remembered(MAX_ACCEPTED, ACCEPTED_MS, now);
  }

  /** Number of cached passwords. */
  get remembered(): number {
    return this.#accepted.size;
  }

  /**
   * @param text from which `stored` was parsed
   * @returns whether the password is correct; null: it was not checked, because the queue is full or the client is
   * throttled. Synchronous if the password is cached
   */
  check(
    user: string,
    password: string,
    text: string,
    stored: PasswordHash,
    client: PasswordClient,
  ): true | Promise<boolean | null> {
    const digest = this.#digest(user, password, text);
    if (this.#accepted.get(digest) === true) return true;
    // Parallel requests of one browser share a check. Different addresses do not: one may be throttled before the other.
    const key = `${digest} ${client.address}`;
    let check = this.#underWay.get(key);
    if (check === undefined) {
      check = this.#run(digest, password, stored, client).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, check);
    }
    return check;
  }

  async #run(digest: string, password: string, stored: PasswordHash, client: PasswordClient): Promise<boolean | null> {
    if (this.#running < AT_ONCE) this.#running++;
    else if (this.#waiting.length >= MAX_WAITING) return null;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve)); // resumed when another check ends
    try {
      if (client.isThrottled()) return null;
      const accepted = await hasPassword(stored, password);
      if (accepted) this.#accepted.set(digest, true);
      return accepted;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  /** Each part is prefixed by its length, so that different parts cannot yield the same input. */
  #digest(...parts: readonly string[]): string {
    const mac = createHmac("sha256", this.#key);
    for (const part of parts) mac.update(`${part.length}:${part}`);
    return mac.digest("base64url");
  }
}
