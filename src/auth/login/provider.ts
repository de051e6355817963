// Logins at a provider: OAuth 2 with PKCE (RFC 6749, RFC 7636, RFC 9207), and OpenID Connect if it has ID tokens.
import type { Claims } from "../jwt/claim-path.ts";
import type { AcceptedToken } from "../jwt/issuer.ts";
import { TokenReader } from "../jwt/token-meaning.ts";
import type { TokenVerifier } from "../jwt/verifier.ts";
import type { ProviderDirectory, ProviderMetadata } from "../oauth2/provider-metadata.ts";
import type { ProviderSettings } from "../oauth2/settings.ts";
import { fetchJson } from "../provider-fetch.ts";
import type { Attempt } from "./attempts.ts";
import { LoginFault } from "./fault.ts";
import { codeGrant, refreshGrant, type TokenAnswer, type TokenEndpoint } from "./oauth-call.ts";
import { challengeOf } from "./pkce.ts";
import { idTokenClaims, type Session, type Tokens } from "./session.ts";
import type { SessionProvider } from "./sessions.ts";
import type { LoginSettings } from "./settings.ts";

/** Maximum number of concurrent logins and refreshes at a provider, and of those that wait: many sessions may be due at once. */
const MAX_CALLS = 64;
const MAX_WAITING = 4_096;

/** Dependencies of a provider. */
export interface LoginProviderParts {
  readonly settings: ProviderSettings;
  readonly login: LoginSettings;
  readonly directory: ProviderDirectory;
  /** Verifies ID tokens; null: there are none. */
  readonly verifier: TokenVerifier<AcceptedToken> | null;
}

/** One provider. Promises reject with {@link LoginFault}. */
export class LoginProvider implements SessionProvider {
  readonly name: string;
  readonly login: LoginSettings;
  readonly reader: TokenReader;
  readonly #parts: LoginProviderParts;
  readonly #waiting: (() => void)[] = [];
  #calls = 0;

  constructor(parts: LoginProviderParts) {
    this.name = parts.settings.name;
    this.login = parts.login;
    this.reader = new TokenReader(parts.settings.issuer);
    this.#parts = parts;
  }

  /** URL that starts a login. */
  async authorizationUrl({ state, nonce, verifier }: Attempt): Promise<string> {
    const { authorizationEndpoint } = await this.#metadata();
    if (authorizationEndpoint === "") throw new LoginFault("wrong", "the provider publishes no authorization endpoint");
    const { redirectUrl, scopes, parameters } = this.login;
    const url = new URL(authorizationEndpoint);
    const all = {
      ...parameters,
      response_type: "code",
      client_id: this.#parts.settings.clientId,
      redirect_uri: redirectUrl,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
      state,
      ...(nonce === "" ? {} : { nonce }),
      code_challenge: challengeOf(verifier),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
    return url.href;
  }

  /** Tokens for an authorization response. @param query with its leading `?` */
  async exchange(attempt: Attempt, query: string): Promise<Tokens> {
    return await this.#bounded(async (at) => {
      const answer = await codeGrant(at, query, attempt);
      const idToken = await this.#verified(answer);
      return this.#tokens(answer, idToken, await this.#userInfo(answer, idToken, at));
    });
  }

  async refresh(session: Session): Promise<Tokens> {
    return await this.#bounded(async (at) => {
      const answer = await refreshGrant(at, session.refreshToken);
      const idToken = await this.#verified(answer);
      if (idToken !== null && session.idToken !== "" && idTokenClaims(session.idToken).sub !== idToken.claims.sub)
        throw new LoginFault("refused", "the refreshed ID token has another subject");
      // The refresh token has been used: if userinfo fails, the session keeps what was known before.
      const info = await this.#userInfo(answer, idToken ?? knownOf(session), at).catch(() => null);
      return this.#tokens(answer, idToken, info);
    });
  }

  /** URL that ends the session at the provider (RP-initiated logout); "" = it has none. @param returnTo URL */
  async endSessionUrl(idToken: string, returnTo: string): Promise<string> {
    const { endSessionEndpoint } = await this.#metadata();
    if (endSessionEndpoint === "") return "";
    const url = new URL(endSessionEndpoint);
    if (idToken !== "") url.searchParams.set("id_token_hint", idToken);
    url.searchParams.set("client_id", this.#parts.settings.clientId);
    url.searchParams.set("post_logout_redirect_uri", returnTo);
    return url.href;
  }

  async #bounded(work: (at: TokenEndpoint) => Promise<Tokens>): Promise<Tokens> {
    if (this.#calls < MAX_CALLS) this.#calls++;
    else if (this.#waiting.length >= MAX_WAITING)
      throw new LoginFault("down", "too many concurrent logins and refreshes");
    else await new Promise<void>((resolve) => this.#waiting.push(resolve)); // resumed when another call ends
    try {
      const metadata = await this.#metadata();
      if (metadata.tokenEndpoint === "") throw new LoginFault("wrong", "the provider publishes no token endpoint");
      const { settings, login } = this.#parts;
      return await work({ settings, redirectUrl: login.redirectUrl, metadata });
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#calls--;
      else next();
    }
  }

  async #metadata(): Promise<ProviderMetadata> {
    try {
      return await this.#parts.directory.get(new AbortController().signal);
    } catch (error) {
      throw new LoginFault("down", (error as Error).message);
    }
  }

  async #verified({ idToken }: TokenAnswer): Promise<VerifiedIdToken | null> {
    const { verifier } = this.#parts;
    if (verifier === null || idToken === "") return null;
    const outcome = await verifier.verify(idToken);
    if (!("accepted" in outcome))
      throw new LoginFault(outcome.code === "auth_unavailable" ? "down" : "wrong", `ID token: ${outcome.why}`);
    return { text: idToken, claims: idTokenClaims(idToken), endsAt: outcome.accepted.expiresAt };
  }

  async #userInfo(
    { accessToken }: TokenAnswer,
    idToken: VerifiedIdToken | null,
    at: TokenEndpoint,
  ): Promise<Claims | null> {
    if (this.login.hasIdTokens && !this.login.asksUserInfo) return null;
    const { userInfoEndpoint } = at.metadata;
    if (userInfoEndpoint === "") throw new LoginFault("wrong", "the provider publishes no userinfo endpoint");
    const request = { headers: { Authorization: `Bearer ${accessToken}` } };
    const info = await fetchJson(
      userInfoEndpoint,
      at.settings.metadata.access,
      new AbortController().signal,
      request,
    ).catch((error: Error) => {
      throw new LoginFault("down", `userinfo: ${error.message}`);
    });
    if (typeof info !== "object" || info === null || Array.isArray(info))
      throw new LoginFault("wrong", "userinfo: the answer is not a JSON object");
    if (idToken !== null && (info as Claims).sub !== idToken.claims.sub)
      throw new LoginFault("wrong", "userinfo: the answer has another subject");
    return this.#named(info as Claims);
  }

  /** Some providers identify users by a number. */
  #named(info: Claims): Claims {
    const { subjectClaim } = this.#parts.settings.issuer;
    const subject = info[subjectClaim];
    return Number.isSafeInteger(subject) ? { ...info, [subjectClaim]: String(subject) } : info;
  }

  #tokens({ refreshToken, scopes, endsAt }: TokenAnswer, idToken: VerifiedIdToken | null, info: Claims | null): Tokens {
    const ends = [endsAt, idToken?.endsAt ?? 0].filter((ms) => ms > 0);
    return {
      idToken: idToken?.text ?? "",
      info,
      scopes,
      refreshToken,
      endsAt: ends.length === 0 ? 0 : Math.min(...ends),
    };
  }
}

/** An ID token whose signature was verified. */
interface VerifiedIdToken {
  readonly text: string;
  readonly claims: Claims;
  /** Wall clock, ms; 0 never. */
  readonly endsAt: number;
}

function knownOf({ idToken }: Session): VerifiedIdToken | null {
  return idToken === "" ? null : { text: idToken, claims: idTokenClaims(idToken), endsAt: 0 };
}
