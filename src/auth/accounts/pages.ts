// Pages by which a user connects an account at a provider, and disconnects it.
import type { RequestContext } from "../../core/context.ts";
import type { Refusal, Reply } from "../../core/reply.ts";
import type { Responder } from "../../core/responder.ts";
import { cookiesOf } from "../../wire/cookies.ts";
import { queryValues } from "../../wire/query.ts";
import { Attempts } from "../login/attempts.ts";
import { LoginFault } from "../login/fault.ts";
import { oneOf, PRIVATE, redirect, setCookies } from "../login/login-parts.ts";
import { isFromOwnSite } from "../login/navigation.ts";
import { codeGrant, type TokenEndpoint } from "../login/oauth-call.ts";
import { challengeOf, newVerifier } from "../login/pkce.ts";
import type { Sealer } from "../login/sealing.ts";
import { CookieJar } from "../login/set-cookie.ts";
import { Remembered } from "../remembered.ts";
import { accountUser } from "./account-user.ts";
import type { Accounts } from "./accounts.ts";
import type { AccountSettings } from "./settings.ts";

/** States of logins that are over, kept as long as one may be under way, ms. */
const USED_MS = 600_000;
const MAX_USED = 10_000;
const COOKIE = "gateway-account.";
const NO_STORE = ["Content-Type", "text/plain; charset=utf-8", ...PRIVATE];

/** What the pages need. */
export interface AccountPageParts {
  readonly settings: AccountSettings;
  readonly endpoint: TokenEndpoint;
  readonly accounts: Accounts;
  readonly sealer: Sealer;
  /** Wall clock, ms. */
  readonly now: () => number;
}

/** The pages. */
export class AccountPages {
  readonly #parts: AccountPageParts;
  readonly #attempts: Attempts;
  readonly #used: Remembered<true>;

  constructor(parts: AccountPageParts) {
    const secure = parts.settings.redirectUrl.startsWith("https:");
    const prefix = secure ? `__Host-${COOKIE}` : COOKIE;
    this.#parts = parts;
    this.#attempts = new Attempts(prefix, parts.sealer, new CookieJar(secure));
    this.#used = new Remembered(MAX_USED, USED_MS, parts.now);
  }

  /** Redirects the browser to the provider. */
  readonly login: Responder = { answer: (ctx) => (ctx.method === "GET" ? this.#begin(ctx) : allowed("GET")) };

  /** The provider redirects back to it. */
  readonly callback: Responder = { answer: (ctx) => (ctx.method === "GET" ? this.#finish(ctx) : allowed("GET")) };

  /** Forgets the account. */
  readonly logout: Responder = {
    answer: (ctx) => {
      if (ctx.method !== "POST") return allowed("POST");
      if (isFromOwnSite(ctx) === false) return { code: "origin_not_allowed" };
      const user = accountUser(ctx);
      if (user === null) return { code: "missing_credentials", fields: PRIVATE };
      this.#parts.accounts.disconnect(user);
      return { status: 200, fields: NO_STORE, body: "The account is disconnected.\n" };
    },
  };

  #begin(ctx: RequestContext): Reply | Refusal {
    const { settings, now } = this.#parts;
    const principal = accountUser(ctx);
    if (principal === null) {
      ctx.detail = "account: a login without authentication is only for clients on this machine";
      return { code: "missing_credentials", fields: PRIVATE };
    }
    const given = { nonce: "", provider: settings.clientId, returnTo: null, verifier: newVerifier(), principal };
    const { attempt, lines } = this.#attempts.begin(given, cookiesOf(ctx.fields), now());
    const url = new URL(settings.authorizationUrl);
    const query = {
      response_type: "code",
      client_id: settings.clientId,
      redirect_uri: settings.redirectUrl,
      scope: settings.scopes.join(" "),
      state: attempt.state,
      code_challenge: challengeOf(attempt.verifier),
      code_challenge_method: "S256",
      // Google issues a refresh token only so.
      access_type: "offline",
      prompt: "consent",
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return redirect(url.href, lines);
  }

  async #finish(ctx: RequestContext): Promise<Reply | Refusal> {
    const { settings, endpoint, accounts, now } = this.#parts;
    const brought = cookiesOf(ctx.fields);
    const state = oneOf(queryValues(ctx.query, "state"));
    const attempt = state === null ? null : this.#attempts.find(state, brought, now());
    const isOpen = attempt !== null && attempt.provider === settings.clientId && this.#used.get(attempt.state) !== true;
    if (!isOpen) {
      ctx.detail = "account: no pending login of this browser has this state";
      return { code: "login_expired", fields: PRIVATE };
    }
    this.#used.set(attempt.state, true);
    const lines = setCookies(this.#attempts.end(attempt.state, brought));
    try {
      accounts.connect(attempt.principal, await codeGrant(endpoint, ctx.query, attempt));
    } catch (error) {
      if (!(error instanceof LoginFault)) throw error;
      ctx.detail = `account: ${error.message}`;
      return { code: error.kind === "down" ? "auth_unavailable" : "login_failed", fields: [...PRIVATE, ...lines] };
    }
    return {
      status: 200,
      fields: [...NO_STORE, ...lines],
      body: "The account is connected. You can close this page.\n",
    };
  }
}

function allowed(methods: string): Refusal {
  return { code: "method_not_allowed", fields: ["Allow", methods] };
}
