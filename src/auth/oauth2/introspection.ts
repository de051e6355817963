// Opaque tokens: their provider says what they stand for (RFC 7662).
import { type BearerIdentity, bearerIdentity } from "../jwt/authenticator.ts";
import { Issuer, type IssuerSettings, type RefusedToken } from "../jwt/issuer.ts";
import { StaticKeys } from "../jwt/static-keys.ts";
import { digestOf } from "../jwt/token-cache.ts";
import type { Outcome } from "../jwt/verifier.ts";
import type { ProviderQuestion } from "../provider-fetch.ts";

/** Longest time that an answer is not asked for again, ms. */
const TTL_MS = 60_000;
/** The same for tokens that are not accepted, ms. */
const REFUSED_MS = 10_000;
/** Pause after a failure, in which nobody is asked, ms. */
const PAUSE_MS = 1_000;
/** Accepted tokens remembered, some 2 KB each. */
const MAX_ACCEPTED = 5_000;
/** Refused tokens remembered. */
const MAX_REFUSED = 1_000;
/** Most tokens that are asked about at once: a request waits up to five seconds, and anybody can send tokens. */
const MAX_FLIGHTS = 64;

const NO_KEYS = new StaticKeys([], false);

/** What became of a token; a refusal that is `foreign` says that the provider does not know it. */
type TokenAnswer = Outcome<BearerIdentity>;

/** How a provider is asked. */
export interface IntrospectionSource {
  /**
   * The JSON of its answer; null: it answers no such questions, or not about this token. Rejects when it cannot be asked, which
   * no token may bring about.
   */
  ask(question: ProviderQuestion, signal: AbortSignal): Promise<unknown>;
  /** Monotonic time, ms. */
  now(): number;
  /** Wall clock, ms since 1970. */
  wallClock(): number;
  failed(error: Error): void;
  answered(): void;
}

/** What is asked of the answers, and in whose name. */
export interface IntrospectionSettings {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly issuer: IssuerSettings;
}

interface Remembered {
  readonly answer: TokenAnswer;
  /** Monotonic time, ms. */
  readonly until: number;
}

/** Asks one provider, once for all who bring the same token at a time. Call {@link close} when done. */
export class Introspection {
  readonly #settings: IntrospectionSettings;
  readonly #source: IntrospectionSource;
  readonly #authorization: string;
  /** For answers with an end, and for those without. */
  readonly #ending: Issuer;
  readonly #endless: Issuer;
  readonly #gone = new AbortController();
  readonly #accepted = new Map<string, Remembered>();
  readonly #refused = new Map<string, Remembered>();
  readonly #flights = new Map<string, Promise<TokenAnswer>>();
  #pauseUntil = Number.NEGATIVE_INFINITY;

  constructor(settings: IntrospectionSettings, source: IntrospectionSource) {
    this.#settings = settings;
    this.#source = source;
    this.#authorization = basicOf(settings.clientId, settings.clientSecret);
    this.#ending = new Issuer(settings.issuer, NO_KEYS);
    this.#endless = new Issuer({ ...settings.issuer, validateExp: false }, NO_KEYS);
  }

  /** Tokens that are asked about now, and those that are remembered. */
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
    if (now < this.#pauseUntil) return unavailable("the provider cannot be asked");
    if (this.#flights.size >= MAX_FLIGHTS) return unavailable("too many tokens are asked about");
    const asked = this.#asked(token, digest).finally(() => this.#flights.delete(digest));
    this.#flights.set(digest, asked);
    return asked;
  }

  close(): void {
    this.#gone.abort();
  }

  async #asked(token: string, digest: string): Promise<TokenAnswer> {
    const form = { token, token_type_hint: "access_token" };
    try {
      const answer = await this.#source.ask(
        { form, headers: { Authorization: this.#authorization } },
        this.#gone.signal,
      );
      this.#source.answered();
      return this.#remembered(digest, answer ?? { active: false });
    } catch (error) {
      this.#pauseUntil = this.#source.now() + PAUSE_MS;
      if (!this.#gone.signal.aborted) this.#source.failed(error as Error);
      return unavailable("the provider cannot be asked");
    }
  }

  #remembered(digest: string, answer: unknown): TokenAnswer {
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

  /** @param now wall clock, ms @throws Error for an answer that is none */
  #judge(answer: unknown, now: number): ReturnType<Issuer["accept"]> {
    if (typeof answer !== "object" || answer === null || !("active" in answer))
      throw new Error("the answer says nothing of the token");
    const { active, ...claims } = answer as Readonly<Record<string, unknown>>;
    if (active !== true) return foreign("the token is not active");
    const { iss, token_type: type } = claims;
    const { issuers } = this.#settings.issuer;
    if (iss !== undefined && Object.keys(issuers).length > 0 && !Object.hasOwn(issuers, String(iss)))
      return invalid("the issuer is another");
    // Such as those that are bound to a key, which nobody has shown here.
    if (type !== undefined && String(type).toLowerCase() !== "bearer") return invalid("it is no bearer token");
    return (claims.exp === undefined ? this.#endless : this.#ending).accept(claims, now);
  }
}

/** The oldest is forgotten when there are more than `max`. */
function put(map: Map<string, Remembered>, max: number, digest: string, remembered: Remembered): void {
  if (map.size >= max) map.delete(map.keys().next().value!);
  map.set(digest, remembered);
}

/** Authenticates a client (RFC 6749 §2.3.1): both parts are encoded as in a form. */
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
