// The interface of session stores, and the store that keeps sessions in cookies.
import type { Sealer } from "./sealing.ts";
import { type Session, sessionOf, sessionText } from "./session.ts";

/** Stores sessions. If it cannot be reached, promises reject with an Error whose message may be logged. */
export interface SessionStore {
  /** How long a session may be cached in memory after it was read, ms. */
  readonly freshMs: number;
  /** Whether a refresh changes the text in the cookie. */
  readonly renewsCookies: boolean;
  /** Text for the cookie of a session. */
  textOf(session: Session): string;
  /** The session of such a text; null: none. */
  open(text: string): Session | null | Promise<Session | null>;
  /** Stores a new session. */
  add(session: Session): Promise<void>;
  /**
   * Replaces a session by the result of `refresh`, unless another gateway already has.
   * @returns the newest version; null: it has ended
   */
  update(session: Session, refresh: (session: Session) => Promise<Session>): Promise<Session | null>;
  /** Ends a session. */
  remove(session: Session): Promise<void>;
}

const PURPOSE = "session";

/** The cookie contains the whole session. Gateways need to share only the secrets. */
export class CookieStore implements SessionStore {
  readonly freshMs = 300_000;
  readonly renewsCookies = true;
  readonly #sealer: Sealer;
  /** Concurrent replies must set the same cookies, because browsers may mix the chunks of several. */
  readonly #texts = new WeakMap<Session, string>();

  constructor(sealer: Sealer) {
    this.#sealer = sealer;
  }

  textOf(session: Session): string {
    let text = this.#texts.get(session);
    if (text === undefined) this.#texts.set(session, (text = this.#sealer.seal(PURPOSE, sessionText(session))));
    return text;
  }

  open(text: string): Session | null {
    const opened = this.#sealer.open(PURPOSE, text);
    return opened === null ? null : sessionOf(opened);
  }

  async add(): Promise<void> {
    // It is in the cookie.
  }

  update(session: Session, refresh: (session: Session) => Promise<Session>): Promise<Session> {
    return refresh(session);
  }

  async remove(): Promise<void> {
    // Its cookie is deleted.
  }
}
