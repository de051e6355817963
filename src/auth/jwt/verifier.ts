// Verifies tokens: takes them apart, asks the issuer they name, and remembers those that were good.
import type { Claims } from "./claim-path.ts";
import { CompactReader, type CompactToken, isOpaque, jsonObject, MAX_TOKEN_LENGTH } from "./compact.ts";
import type { AcceptedToken, Issuer, RefusedToken } from "./issuer.ts";
import { digestOf, TokenCache } from "./token-cache.ts";

/** Tokens remembered by one verifier: some 2 KB each. */
const MAX_REMEMBERED = 5_000;

/** What a verifier makes of tokens, such as identities. */
type Make<T> = (token: AcceptedToken) => T;

/** A token that was looked at. */
export type Outcome<T> = { readonly accepted: T } | RefusedToken;

/** A token taken apart. */
interface Opened {
  readonly digest: string;
  readonly compact: CompactToken;
  readonly claims: Claims;
  readonly issuer: Issuer;
}

/** Verifies the tokens of one configuration. */
export class TokenVerifier<T> {
  /** By `iss`. */
  readonly #issuers = new Map<unknown, Issuer>();
  /** The one that does not ask for `iss`, for tokens of nobody else; null: all do. */
  readonly #any: Issuer | null;
  readonly #reader = new CompactReader();
  readonly #cache: TokenCache<{ readonly accepted: T }>;
  readonly #make: Make<T>;
  readonly #now: () => number;

  /**
   * @param issuers of which the first counts where two have a value of `iss` in common, and where two do not ask for it
   * @param now wall clock, ms
   */
  constructor(issuers: readonly Issuer[], make: Make<T>, now: () => number = Date.now, remembered = MAX_REMEMBERED) {
    for (const issuer of issuers)
      for (const iss of Object.keys(issuer.settings.issuers))
        if (!this.#issuers.has(iss)) this.#issuers.set(iss, issuer);
    this.#any = issuers.find(({ settings }) => Object.keys(settings.issuers).length === 0) ?? null;
    this.#cache = new TokenCache(remembered);
    this.#make = make;
    this.#now = now;
  }

  /** Waits only where keys must be fetched first. Never rejects. */
  verify(token: string): Outcome<T> | Promise<Outcome<T>> {
    if (token.length > MAX_TOKEN_LENGTH) return invalid("the token is too long");
    const digest = digestOf(token);
    const known = this.#cache.get(digest, this.#now());
    if (known !== undefined) return known;
    const opened = this.#open(token, digest);
    if ("why" in opened) return opened;
    const outcome = this.#outcome(opened);
    if (outcome !== null) return outcome;
    const refreshed = opened.issuer.keys.refresh(opened.compact.kid);
    return refreshed === null ? withoutKey(opened) : refreshed.then(() => this.#outcome(opened) ?? withoutKey(opened));
  }

  #open(token: string, digest: string): Opened | RefusedToken {
    const compact = this.#reader.read(token);
    if (typeof compact === "string") return isOpaque(compact) ? foreign(compact) : invalid(compact);
    const claims = jsonObject(compact.payload);
    if (claims === null) return invalid("the claims are no JSON object");
    const issuer = this.#issuers.get(claims.iss) ?? this.#any;
    return issuer === null ? foreign("the issuer is none of those configured") : { digest, compact, claims, issuer };
  }

  /** null: the key is not known. */
  #outcome({ digest, compact, claims, issuer }: Opened): Outcome<T> | null {
    const now = this.#now();
    const verified = issuer.verify(compact, claims, now);
    if (verified === null || "why" in verified) return verified;
    const outcome = { accepted: this.#make(verified.token) };
    this.#cache.set(digest, outcome, verified.key, verified.endsAt, now);
    return outcome;
  }
}

function withoutKey({ issuer }: Opened): RefusedToken {
  if (issuer.keys.current) return invalid("no key of the issuer has signed it");
  return { code: "auth_unavailable", why: "the keys of the issuer cannot be fetched" };
}

function invalid(why: string): RefusedToken {
  return { code: "invalid_credentials", why };
}

function foreign(why: string): RefusedToken {
  return { code: "invalid_credentials", why, foreign: true };
}
