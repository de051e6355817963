// Access tokens for the accounts that users have connected, refreshed before they end.
import { LoginFault } from "../login/fault.ts";
import { refreshGrant, type TokenAnswer, type TokenEndpoint } from "../login/oauth-call.ts";
import type { AccountStore } from "./account-store.ts";

/** A token is refreshed this long before it ends, ms. */
const EARLY_MS = 60_000;
/** Of a token whose end the provider has not said, ms. */
const UNSAID_MS = 3_600_000;
/** Pause after a refresh that failed, ms. */
const RETRY_MS = 5_000;

interface Live {
  /** "" none yet. */
  token: string;
  /** Wall clock, ms. */
  endsAt: number;
  /** Not refreshed before, wall clock, ms. */
  retryAt: number;
  refreshing: Promise<string | null> | null;
}

/** The accounts of all users at one provider. */
export class Accounts {
  readonly #endpoint: TokenEndpoint;
  readonly #store: AccountStore;
  readonly #now: () => number;
  /** Users whose tokens were needed since the start: not more than are in the store. */
  readonly #live = new Map<string, Live>();

  /** @param now wall clock, ms */
  constructor(endpoint: TokenEndpoint, store: AccountStore, now: () => number) {
    this.#endpoint = endpoint;
    this.#store = store;
    this.#now = now;
  }

  /** A user has connected an account. @throws LoginFault the tokens are of no use, or there are too many accounts */
  connect(user: string, answer: TokenAnswer): void {
    if (answer.refreshToken === "") throw new LoginFault("wrong", "the provider has issued no refresh token");
    if (this.#store.isFull && !this.#store.has(user)) throw new LoginFault("down", "too many accounts are connected");
    this.#store.set(user, answer.refreshToken);
    this.#live.set(user, this.#liveOf(answer));
  }

  /** Forgets the account of a user. */
  disconnect(user: string): void {
    this.#store.delete(user);
    this.#live.delete(user);
  }

  /** An access token of a user, a promise if it must be refreshed first; null: there is no account, or none that works now. */
  token(user: string): string | null | Promise<string | null> {
    const live = this.#live.get(user) ?? this.#stored(user);
    if (live === null) return null;
    const now = this.#now();
    if (now < live.endsAt - EARLY_MS) return live.token;
    if (live.refreshing === null && now < live.retryAt) return usable(live, now);
    live.refreshing ??= this.#refreshed(user, live).finally(() => {
      live.refreshing = null;
    });
    return live.refreshing;
  }

  #stored(user: string): Live | null {
    if (!this.#store.has(user)) return null;
    const live: Live = { token: "", endsAt: 0, retryAt: 0, refreshing: null };
    this.#live.set(user, live);
    return live;
  }

  async #refreshed(user: string, live: Live): Promise<string | null> {
    const refreshToken = this.#store.get(user);
    if (refreshToken === null) return this.#gone(user, live);
    try {
      const answer = await refreshGrant(this.#endpoint, refreshToken);
      if (this.#live.get(user) !== live) return this.token(user); // connected anew, or disconnected, meanwhile
      Object.assign(live, this.#liveOf(answer), { refreshing: live.refreshing });
      if (answer.refreshToken !== "" && answer.refreshToken !== refreshToken)
        this.#store.set(user, answer.refreshToken);
      return live.token;
    } catch (error) {
      if (!(error instanceof LoginFault)) throw error;
      if (error.kind === "refused") return this.#gone(user, live);
      live.retryAt = this.#now() + RETRY_MS;
      return usable(live, this.#now());
    }
  }

  /** The provider, or a change of the key of the store, has ended the account. */
  #gone(user: string, live: Live): null {
    if (this.#live.get(user) === live) this.disconnect(user);
    return null;
  }

  #liveOf({ accessToken, endsAt }: TokenAnswer): Live {
    const end = endsAt === 0 ? this.#now() + UNSAID_MS : endsAt;
    return { token: accessToken, endsAt: end, retryAt: 0, refreshing: null };
  }
}

function usable({ token, endsAt }: Live, now: number): string | null {
  return now < endsAt ? token : null;
}
