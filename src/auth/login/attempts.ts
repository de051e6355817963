// Pending logins: the state of each is kept by the browser in an encrypted cookie until the provider redirects it back.
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Cookie } from "../../wire/cookies.ts";
import type { Sealer } from "./sealing.ts";
import type { CookieJar } from "./set-cookie.ts";

/** Maximum duration of a login, ms. */
const ATTEMPT_MS = 600_000;
/** Maximum number per browser, as for several tabs. */
const MAX_ATTEMPTS = 5;
const PURPOSE = "attempt";
/** Start time in seconds, base 36, and the beginning of the random part. */
const ID = /^([0-9a-z]{6,8})-[\w-]{8}$/;
const ID_OF_STATE = /^([0-9a-z]{6,8}-[\w-]{8})[\w-]{35}$/;

/** One pending login. */
export interface Attempt {
  /** Returned unchanged by the provider (RFC 6749 §10.12). */
  readonly state: string;
  /** Must be in the ID token; "" = no ID token is expected. */
  readonly nonce: string;
  /** PKCE code verifier (RFC 7636). */
  readonly verifier: string;
  readonly provider: string;
  /** Who connects an account at the provider; "": it is the login itself that says who. */
  readonly principal: string;
  /** Path to redirect to after the login; null: none was requested. */
  readonly returnTo: string | null;
  /** Wall clock, ms. */
  readonly begunAt: number;
}

/** Creates and finds pending logins. */
export class Attempts {
  readonly #prefix: string;
  readonly #sealer: Sealer;
  readonly #jar: CookieJar;

  /** @param prefix of the names of the cookies */
  constructor(prefix: string, sealer: Sealer, jar: CookieJar) {
    this.#prefix = prefix;
    this.#sealer = sealer;
    this.#jar = jar;
  }

  /** Starts a login. @returns it, with Set-Cookie lines that store it and delete old ones */
  begin(
    given: Pick<Attempt, "nonce" | "provider" | "principal" | "returnTo" | "verifier">,
    cookies: readonly Cookie[],
    now: number,
  ): { readonly attempt: Attempt; readonly lines: readonly string[] } {
    const begun = Math.floor(now / 1000).toString(36);
    const state = `${begun}-${randomBytes(32).toString("base64url")}`;
    const attempt: Attempt = { ...given, state, begunAt: now };
    const sealed = this.#sealer.seal(PURPOSE, JSON.stringify(attempt));
    const line = this.#jar.set(this.#nameOf(state)!, sealed, ATTEMPT_MS / 1000);
    return { attempt, lines: [line, ...this.#old(cookies, now).map((name) => this.#jar.clear(name))] };
  }

  /** The pending login of a state; null: it has expired, or was started in another browser or on another host. */
  find(state: string, cookies: readonly Cookie[], now: number): Attempt | null {
    const name = this.#nameOf(state);
    for (const cookie of cookies) {
      if (cookie.name !== name) continue;
      const opened = this.#sealer.open(PURPOSE, cookie.value);
      const attempt = opened === null ? null : (JSON.parse(opened) as Attempt);
      if (attempt !== null && isSame(attempt.state, state) && now - attempt.begunAt < ATTEMPT_MS) return attempt;
    }
    return null;
  }

  /** Set-Cookie lines that delete one. */
  end(state: string, cookies: readonly Cookie[]): readonly string[] {
    const name = this.#nameOf(state);
    return name !== null && cookies.some((cookie) => cookie.name === name) ? [this.#jar.clear(name)] : [];
  }

  /** Set-Cookie lines that delete all. */
  endAll(cookies: readonly Cookie[]): readonly string[] {
    return [...this.#names(cookies)].map((name) => this.#jar.clear(name));
  }

  #nameOf(state: string): string | null {
    const id = ID_OF_STATE.exec(state);
    return id === null ? null : this.#prefix + id[1];
  }

  #names(cookies: readonly Cookie[]): ReadonlySet<string> {
    return new Set(cookies.map(({ name }) => name).filter((name) => name.startsWith(this.#prefix)));
  }

  /** Names to delete when one is added: expired and invalid ones, and the oldest if there are too many. */
  #old(cookies: readonly Cookie[], now: number): readonly string[] {
    const dated = [...this.#names(cookies)].map((name) => {
      const id = ID.exec(name.slice(this.#prefix.length));
      const begunAt = id === null ? 0 : Number.parseInt(id[1]!, 36) * 1000;
      return { name, begunAt: now - begunAt < ATTEMPT_MS ? begunAt : 0 };
    });
    // Within the same second, browsers send older cookies first (RFC 6265 §5.4).
    dated.reverse().sort((a, b) => b.begunAt - a.begunAt);
    const live = dated.filter(({ begunAt }) => begunAt > 0).length;
    return dated.slice(Math.min(live, MAX_ATTEMPTS - 1)).map(({ name }) => name);
  }
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
