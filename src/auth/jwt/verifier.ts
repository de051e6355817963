// Verifies tokens with the issuer named in them, and caches valid ones.
import type { Claims } from "./claim-path.ts";
import { CompactReader, type CompactToken, isOpaque, jsonObject } from "./compact.ts";
import type { AcceptedToken, Issuer, RefusedToken } from "./issuer.ts";
import { digestOf, TokenCache } from "./token-cache.ts";

/** Maximum token length, characters. */
const MAX_TOKEN_LENGTH = 8192;
/** Maximum number of cached tokens, some 2 KB each. */
const MAX_CACHED = 5_000;

/** Makes the value to cache for a token, such as an identity. */
type Make<T> = (token: AcceptedToken) => T;

/** The result of a verification. */
export type Outcome<T> = { readonly accepted: T } | RefusedToken;

/** A parsed token. */
interface Parsed {
  readonly digest: string;
  readonly compact: CompactToken;
  readonly claims: Claims;
  readonly issuer: Issuer;
}

/** Verifies the tokens of one configuration. */
export class TokenVerifier<T> {
  /** By `iss`. */
  readonly #issuers = new Map<unknown, Issuer>();
  /** The issuer that accepts any `iss`, for tokens of no other issuer; null: there is none. */
  readonly #any: Issuer | null;
  readonly #reader = new CompactReader();
  readonly #cache: TokenCache<{ readonly accepted: T }>;
  readonly #make: Make<T>;
  readonly #now: () => number;

  /**
   * @param issuers the first wins if several accept the same `iss`, or any
   * @param now wall clock, ms
   */
  constructor(issuers: readonly Issuer[], make: Make<T>, now: () => number = Date.now, maxCached = MAX_CACHED) {
    for (const issuer of issuers)
      for (const iss of Object.keys(issuer.settings.issuers))
        if (!this.#issuers.has(iss)) this.#issuers.set(iss, issuer);
    this.#any = issuers.find(({ settings }) => Object.keys(settings.issuers).length === 0) ?? null;
    this.#cache = new TokenCache(maxCached);
    this.#make = make;
    this.#now = now;
  }

  /** Asynchronous only if keys must be fetched first. Never rejects. */
  verify(token: string): Outcome<T> | Promise<Outcome<T>> {
    if (token.length > MAX_TOKEN_LENGTH) return invalid("the token is too long");
    const digest = digestOf(token);
    const known = this.#cache.get(digest, this.#now());
    if (known !== undefined) return known;
    const parsed = this.#parse(token, digest);
    if ("why" in parsed) return parsed;
    const outcome = this.#outcome(parsed);
    if (outcome !== null) return outcome;
    const refreshed = parsed.issuer.keys.refresh(parsed.compact.kid);
    return refreshed === null ? withoutKey(parsed) : refreshed.then(() => this.#outcome(parsed) ?? withoutKey(parsed));
  }

  #parse(token: string, digest: string): Parsed | RefusedToken {
    const compact = this.#reader.read(token);
    if (typeof compact === "string") return isOpaque(compact) ? foreign(compact) : invalid(compact);
    const claims = jsonObject(compact.payload);
    if (claims === null) return invalid("the claims are not a JSON object");
    const issuer = this.#issuers.get(claims.iss) ?? this.#any;
    return issuer === null ? foreign("the issuer is not configured") : { digest, compact, claims, issuer };
  }

  /** null: the key is unknown. */
  #outcome({ digest, compact, claims, issuer }: Parsed): Outcome<T> | null {
    const now = this.#now();
    const verified = issuer.verify(compact, claims, now);
    if (verified === null || "why" in verified) return verified;
    const outcome = { accepted: this.#make(verified.token) };
    this.#cache.set(digest, outcome, verified.key, verified.endsAt, now);
    return outcome;
  }
}

function withoutKey({ issuer }: Parsed): RefusedToken {
  if (issuer.keys.current) return invalid("not signed with a key of the issuer");
  return { code: "auth_unavailable", why: "the keys of the issuer cannot be fetched" };
}

function invalid(why: string): RefusedToken {
  return { code: "invalid_credentials", why };
}

function foreign(why: string): RefusedToken {
  return { code: "invalid_credentials", why, foreign: true };
}
