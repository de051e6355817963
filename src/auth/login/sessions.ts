// Finds the session of a request, and refreshes its tokens in time, once for concurrent requests.
import type { Identity } from "../../core/identity.ts";
import type { Log } from "../../core/log.ts";
import { digestOf } from "../jwt/token-cache.ts";
import type { TokenReader } from "../jwt/token-meaning.ts";
import { Remembered } from "../remembered.ts";
import { LoginFault } from "./fault.ts";
import type { SessionMemory } from "./memory.ts";
import { renewSession, type Session, sessionIdentity, type Tokens } from "./session.ts";
import type { SessionStore } from "./store.ts";

/** Maximum number of decrypted sessions in memory, some 5 KB each. */
const MAX_OPENED = 2_000;

/** What sessions need from their provider. */
export interface SessionProvider {
  readonly reader: TokenReader;
  /** @throws LoginFault (rejects) */
  refresh(session: Session): Promise<Tokens>;
}

/** A valid session. */
export interface FoundSession {
  readonly session: Session;
  readonly identity: Identity;
  /** Whether it is newer than the cookie of the request. */
  readonly isNewer: boolean;
}

/** `none`: no valid session. `unavailable`: it cannot be read or refreshed now. */
export type SessionOutcome = FoundSession | "none" | "unavailable";

/** Result of a refresh. */
type Fresh = Session | "none" | "unavailable";

/** The sessions of one configuration. */
export class Sessions {
  readonly store: SessionStore;
  readonly #providers: ReadonlyMap<string, SessionProvider>;
  readonly #memory: SessionMemory;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #opened: Remembered<Session>;
  readonly #identities = new WeakMap<Session, Identity | "none">();

  /** @param now wall clock, ms */
  constructor(
    store: SessionStore,
    providers: ReadonlyMap<string, SessionProvider>,
    memory: SessionMemory,
    log: Log,
    now: () => number = Date.now,
  ) {
    this.store = store;
    this.#providers = providers;
    this.#memory = memory;
    this.#log = log;
    this.#now = now;
    this.#opened = new Remembered(MAX_OPENED, store.freshMs, now);
  }

  /** The session of the texts in a request; of several, the one that was started last. Never rejects. */
  find(texts: readonly string[]): SessionOutcome | Promise<SessionOutcome> {
    return this.#best(texts, true);
  }

  /**
   * As {@link find}, for an open stream. Tokens are not refreshed, because the cookie of its request may be outdated.
   */
  standing(texts: readonly string[]): SessionOutcome | Promise<SessionOutcome> {
    return this.#best(texts, false);
  }

  #best(texts: readonly string[], refreshes: boolean): SessionOutcome | Promise<SessionOutcome> {
    const [only = ""] = texts;
    if (texts.length <= 1) return this.#outcomeOf(only, refreshes);
    return Promise.all(texts.map((text) => this.#outcomeOf(text, refreshes))).then((all) => {
      const found = all.filter((one) => typeof one !== "string");
      found.sort((a, b) => b.session.begunAt - a.session.begunAt);
      return found[0] ?? (all.includes("unavailable") ? "unavailable" : "none");
    });
  }

  /** The sessions of texts, without a check or refresh. @throws Error (rejects) if the store cannot be reached */
  async brought(texts: readonly string[]): Promise<readonly Session[]> {
    const opened = await Promise.all(texts.map((text) => this.store.open(text)));
    return opened.filter((session) => session !== null).map((session) => this.#newest(session));
  }

  /** Ends a session. @throws Error (rejects) if the store cannot be reached; in this process it has ended even then */
  async end(session: Session): Promise<void> {
    this.#memory.ended.set(session.id, true);
    this.#memory.renewed.delete(session.id);
    await this.store.remove(session);
  }

  #outcomeOf(text: string, refreshes: boolean): SessionOutcome | Promise<SessionOutcome> {
    const digest = digestOf(text);
    const known = this.#opened.get(digest);
    if (known !== undefined) return this.#current(known, refreshes);
    const opened = this.store.open(text);
    if (!(opened instanceof Promise)) return this.#remember(digest, opened, refreshes);
    return opened.then(
      (session) => this.#remember(digest, session, refreshes),
      (error: Error) => {
        this.#memory.unreadable.note({ error: error.message });
        return "unavailable";
      },
    );
  }

  #remember(digest: string, session: Session | null, refreshes: boolean): SessionOutcome | Promise<SessionOutcome> {
    if (session === null) return "none";
    this.#opened.set(digest, session);
    return this.#current(session, refreshes);
  }

  #current(brought: Session, refreshes: boolean): SessionOutcome | Promise<SessionOutcome> {
    if (this.#memory.ended.get(brought.id) !== undefined) return "none";
    const session = this.#newest(brought);
    const now = this.#now();
    const provider = this.#providers.get(session.provider);
    if (now >= session.endsAt || provider === undefined) return "none";
    if (!refreshes || session.refreshToken === "" || now < session.refreshAt) return this.#found(session, brought);
    const fresh = this.#refreshed(session, provider);
    if (typeof fresh === "string") return fresh;
    if (!(fresh instanceof Promise)) return this.#found(fresh, brought);
    return fresh.then((result) => (typeof result === "string" ? result : this.#found(result, brought)));
  }

  #newest(session: Session): Session {
    const renewed = this.#memory.renewed.get(session.id);
    return renewed !== undefined && renewed.generation > session.generation ? renewed : session;
  }

  #found(session: Session, brought: Session): SessionOutcome {
    let identity = this.#identities.get(session);
    if (identity === undefined) {
      const made = sessionIdentity(session, this.#providers.get(session.provider)!.reader);
      if (typeof made === "string")
        this.#log.warn("A session has no valid subject", { provider: session.provider, why: made });
      identity = typeof made === "string" ? "none" : made;
      this.#identities.set(session, identity);
    }
    return identity === "none" ? "none" : { session, identity, isNewer: session.generation > brought.generation };
  }

  #refreshed(session: Session, provider: SessionProvider): Fresh | Promise<Fresh> {
    const { paused, refused, refreshing } = this.#memory;
    const { id } = session;
    const underWay = refreshing.get(id);
    if (underWay !== undefined) return underWay;
    if (refused.get(keyOf(session)) !== undefined) return this.#stale(session, "none");
    if (paused.get(id) !== undefined) return this.#stale(session, "unavailable");
    const flight = this.#refresh(session, provider).finally(() => refreshing.delete(id));
    refreshing.set(id, flight);
    return flight;
  }

  async #refresh(session: Session, provider: SessionProvider): Promise<Fresh> {
    const { ended, paused, refused, renewed } = this.#memory;
    const { id } = session;
    try {
      const refresh = async (old: Session) => renewSession(old, await provider.refresh(old), this.#now());
      const fresh = await this.store.update(session, refresh);
      if (fresh === null || ended.get(id) !== undefined) return "none";
      renewed.set(id, fresh);
      return fresh;
    } catch (error) {
      if (error instanceof LoginFault && error.kind === "refused") {
        refused.set(keyOf(session), true);
        return this.#stale(session, "none");
      }
      paused.set(id, true);
      this.#memory.unrefreshed.note({ provider: session.provider, error: (error as Error).message });
      return this.#stale(session, "unavailable");
    }
  }

  /** A session that was not refreshed, maybe because another gateway was faster: it continues while its tokens are valid. */
  #stale(session: Session, otherwise: "none" | "unavailable"): Fresh {
    return this.#now() < session.tokensEndAt ? session : otherwise;
  }
}

/** Identifies a refresh token of a session. */
function keyOf({ id, generation }: Session): string {
  return `${id} ${generation}`;
}
