// Idle timeout of sessions: the time of the last request is kept in a separate encrypted cookie.
import type { Cookie } from "../../wire/cookies.ts";
import type { Sealer } from "./sealing.ts";
import type { CookieJar } from "./set-cookie.ts";

const PURPOSE = "last request";
/** Part of the timeout after which the cookie is set again; not every reply needs to. */
const PRECISION = 1 / 10;

/** Checks and sets the cookie. It is separate because concurrent replies may replace that of the session. */
export class IdleTimeout {
  readonly #name: string;
  readonly #sealer: Sealer;
  readonly #jar: CookieJar;
  readonly #idleMs: number;

  /** @param name of the cookie @param idleMs longest time between two requests, > 0 */
  constructor(name: string, sealer: Sealer, jar: CookieJar, idleMs: number) {
    this.#name = name;
    this.#sealer = sealer;
    this.#jar = jar;
    this.#idleMs = idleMs;
  }

  /** `over`: the last request is too long ago, or unknown. `due`: the cookie must be set again. @param now wall clock, ms */
  check(sessionId: string, cookies: readonly Cookie[], now: number): "over" | "due" | "recent" {
    const times = cookies.filter(({ name }) => name === this.#name).map(({ value }) => this.#timeOf(sessionId, value));
    const idle = now - Math.max(0, ...times);
    if (idle >= this.#idleMs) return "over";
    return idle > this.#idleMs * PRECISION ? "due" : "recent";
  }

  /** Set-Cookie line for a request at this moment. */
  line(sessionId: string, now: number): string {
    return this.#jar.set(this.#name, this.#sealer.seal(PURPOSE, `${sessionId} ${now}`), this.#idleMs / 1000);
  }

  /** Set-Cookie lines that delete the cookie. */
  clear(cookies: readonly Cookie[]): readonly string[] {
    return cookies.some(({ name }) => name === this.#name) ? [this.#jar.clear(this.#name)] : [];
  }

  #timeOf(sessionId: string, sealed: string): number {
    const [id, time] = this.#sealer.open(PURPOSE, sealed)?.split(" ") ?? [];
    return id === sessionId ? Number(time) : 0;
  }
}
