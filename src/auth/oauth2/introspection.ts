// Token introspection (RFC 7662), for opaque tokens.
import { type BearerIdentity, bearerIdentity } from "../jwt/authenticator.ts";
import { Issuer, type IssuerSettings, type RefusedToken } from "../jwt/issuer.ts";
import { StaticKeys } from "../jwt/static-keys.ts";
import { digestOf } from "../jwt/token-cache.ts";
import type { Outcome } from "../jwt/verifier.ts";
import type { ProviderRequest } from "../provider-fetch.ts";

/** Maximum time for which an active token is cached, ms. */
const TTL_MS = 60_000;
/** Time for which a rejected token is cached, ms. */
const REFUSED_MS = 10_000;
/** Pause after a failure, in which the provider gets no requests, ms. */
const PAUSE_MS = 1_000;
/** Maximum number of cached accepted tokens, some 2 KB each. */
const MAX_ACCEPTED = 5_000;
/** Maximum number of cached rejected tokens. */
const MAX_REFUSED = 1_000;
/** Maximum number of concurrent requests: each may take five seconds, and any client can send tokens. */
const MAX_FLIGHTS = 64;

const NO_KEYS = new StaticKeys([], false);

/** The result for a token; if it is `foreign`, the provider does not know the token. */
type TokenAnswer = Outcome<BearerIdentity>;

/** The connection to the provider. */
export interface IntrospectionSource {
  /**
   * The JSON of its answer; null: it has no introspection endpoint, or rejected this request. Rejects if the provider fails; no
   * token may cause that.
   */
  ask(request: ProviderRequest, signal: AbortSignal): Promise<unknown>;
  /** Monotonic time, ms. */
  now(): number;
  /** Wall clock, ms since 1970. */
  wallClock(): number;
  failed(error: Error): void;
  answered(): void;
}

/** Client credentials, and the requirements on answers. */
export interface IntrospectionSettings {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly issuer: IssuerSettings;
}

interface Cached {
  readonly answer: TokenAnswer;
  /** Monotonic time, ms. */
  readonly until: number;
}

/** Introspection at one provider. Concurrent requests with the same token share one. Must be closed. */
export class Introspection {
  readonly #settings: IntrospectionSettings;
  readonly #source: IntrospectionSource;
  readonly #authorization: string;
  /** For answers with `exp`, and for those without. */
  readonly #expiring: Issuer;
  readonly #unlimited: Issuer;
  readonly #closing = new AbortController();
  readonly #accepted = new Map<string, Cached>();
  readonly #refused = new Map<string, Cached>();
  readonly #flights = new Map<string, Promise<TokenAnswer>>();
  #pauseUntil = Number.NEGATIVE_INFINITY;

  constructor(settings: IntrospectionSettings, source: IntrospectionSource) {
    this.#settings = settings;
    this.#source = source;
    this.#authorization = basicOf(settings.clientId, settings.clientSecret);
    this.#expiring = new Issuer(settings.issuer, NO_KEYS);
    this.#unlimited = new Issuer({ ...settings.issuer, validateExp: false }, NO_KEYS);
  }

  /** Number of requests in progress and cached tokens. */
  get size(): number {
    return this.#flights.size + this.#accepted.size + this.#refused.size;
  }

  /** Never rejects. */
  ask(token: string): TokenAnswer | Promise<TokenAnswer> {
    const digest = digestOf(token);
    const now = this.#source.now();
    const known = this.#accepted.get(digest) ?? this.#refused.get(digest);
    if (known !== undefined && now < known.until) return known.answer;
    const flight = this.#flights.get(digest);
    if (flight !== undefined) return flight;
    if (now < this.#pauseUntil) return unavailable("the provider is not available");
    if (this.#flights.size >= MAX_FLIGHTS) return unavailable("too many introspection requests");
    const asked = this.#asked(token, digest).finally(() => this.#flights.delete(digest));
    this.#flights.set(digest, asked);
    return asked;
  }

  close(): void {
    this.#closing.abort();
  }

  async #asked(token: string, digest: string): Promise<TokenAnswer> {
    const form = { token, token_type_hint: "access_token" };
    try {
      const answer = await this.#source.ask(
        { form, headers: { Authorization: this.#authorization } },
        this.#closing.signal,
      );
      this.#source.answered();
      return this.#cached(digest, answer ?? { active: false });
    } catch (error) {
      this.#pauseUntil = this.#source.now() + PAUSE_MS;
      if (!this.#closing.signal.aborted) this.#source.failed(error as Error);
      return unavailable("the provider is not available");
    }
  }

  #cached(digest: string, answer: unknown): TokenAnswer {
    const now = this.#source.now();
    const wallClock = this.#source.wallClock();
    const judged = this.#judge(answer, wallClock);
    this.#accepted.delete(digest);
    this.#refused.delete(digest);
    if ("why" in judged) {
      put(this.#refused, MAX_REFUSED, digest, { answer: judged, until: now + REFUSED_MS });
      return judged;
    }
    const accepted = { accepted: bearerIdentity(judged.token) };
    const until = now + Math.min(TTL_MS, judged.endsAt - wallClock);
    put(this.#accepted, MAX_ACCEPTED, digest, { answer: accepted, until });
    return accepted;
  }

  /** @param now wall clock, ms @throws Error for a malformed answer */
  #judge(answer: unknown, now: number): ReturnType<Issuer["accept"]> {
    if (typeof answer !== "object" || answer === null || !("active" in answer))
      throw new Error('the answer has no "active"');
    const { active, ...claims } = answer as Readonly<Record<string, unknown>>;
    if (active !== true) return foreign("the token is not active");
    const { iss, token_type: type } = claims;
    const { issuers } = this.#settings.issuer;
    if (iss !== undefined && Object.keys(issuers).length > 0 && !Object.hasOwn(issuers, String(iss)))
      return invalid("the issuer is not accepted");
    // Such as tokens that are bound to a key: the client has not proved that it has the key.
    if (type !== undefined && String(type).toLowerCase() !== "bearer")
      return invalid("the token is not a bearer token");
    return (claims.exp === undefined ? this.#unlimited : this.#expiring).accept(claims, now);
  }
}

/** Adds an entry; removes the oldest if there are `max`. */
function put(map: Map<string, Cached>, max: number, digest: string, entry: Cached): void {
  if (map.size >= max) map.delete(map.keys().next().value!);
  map.set(digest, entry);
}

/** Client authentication by HTTP Basic (RFC 6749 §2.3.1), where both parts are form-encoded first. */
export function basicOf(clientId: string, clientSecret: string): string {
  const [id, secret] = [clientId, clientSecret].map((text) => new URLSearchParams([["", text]]).toString().slice(1));
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

function invalid(why: string): RefusedToken {
  return { code: "invalid_credentials", why };
}

function foreign(why: string): RefusedToken {
  return { ...invalid(why), foreign: true };
}

function unavailable(why: string): RefusedToken {
  return { code: "auth_unavailable", why };
}
