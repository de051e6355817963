// Checks passwords: few at once, since each is meant to be slow, and each accepted one once in a while.
import { createHmac, randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { hasPassword, type PasswordHash } from "./password-hash.ts";

/** Checks that run at once, which leave the event loop a core where there are several. */
const AT_ONCE = Math.max(1, Math.min(4, availableParallelism() - 1));
/** Checks that wait for these. */
const MAX_WAITING = 64;
/** Accepted passwords that are remembered, and how long. */
const MAX_ACCEPTED = 4096;
const ACCEPTED_MS = 300_000;

/** Who waits for a check. */
export interface Asker {
  readonly address: string;
  /** Whether nothing from this address is to be checked any more, as after too many wrong passwords. */
  isHeldOff(): boolean;
}

/** The checks of the process. What was accepted is known by a digest whose key never leaves it. */
export class PasswordChecks {
  readonly #key = randomBytes(32);
  readonly #now: () => number;
  /** Digest → end, in the order they end. */
  readonly #accepted = new Map<string, number>();
  readonly #underWay = new Map<string, Promise<boolean | null>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param now monotonic time, ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Accepted passwords that are remembered. */
  get remembered(): number {
    return this.#accepted.size;
  }

  /**
   * @param text of which `stored` was read
   * @returns whether it is the password; null: it was not looked at, because too many wait or who asks is held off by the
   * time its turn comes. A promise unless it was accepted a short while ago
   */
  check(
    user: string,
    password: string,
    text: string,
    stored: PasswordHash,
    asker: Asker,
  ): true | Promise<boolean | null> {
    const digest = this.#digest(user, password, text);
    const until = this.#accepted.get(digest);
    if (until !== undefined) {
      if (until > this.#now()) return true;
      this.#accepted.delete(digest);
    }
    // A browser that opens six connections has one password; another address may be held off before this one is.
    const key = `${digest} ${asker.address}`;
    let check = this.#underWay.get(key);
    if (check === undefined) {
      check = this.#run(digest, password, stored, asker).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, check);
    }
    return check;
  }

  async #run(digest: string, password: string, stored: PasswordHash, asker: Asker): Promise<boolean | null> {
    if (this.#running < AT_ONCE) this.#running++;
    else if (this.#waiting.length >= MAX_WAITING) return null;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve)); // its turn comes with the place of another
    try {
      if (asker.isHeldOff()) return null;
      const accepted = await hasPassword(stored, password);
      if (accepted) this.#remember(digest);
      return accepted;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #remember(digest: string): void {
    const now = this.#now();
    for (const [old, until] of this.#accepted) {
      if (until > now && this.#accepted.size < MAX_ACCEPTED) break;
      this.#accepted.delete(old);
    }
    this.#accepted.set(digest, now + ACCEPTED_MS);
  }

  /** With its length before each part, no part can be taken for the end of another. */
  #digest(...parts: readonly string[]): string {
    const mac = createHmac("sha256", this.#key);
    for (const part of parts) mac.update(`${part.length}:${part}`);
    return mac.digest("base64url");
  }
}
