// A session as plain data, which is stored encrypted.
import { randomBytes } from "node:crypto";
import { type Identity, identityOf } from "../../core/identity.ts";
import type { Claims } from "../jwt/claim-path.ts";
import { jsonObject } from "../jwt/compact.ts";
import type { TokenReader } from "../jwt/token-meaning.ts";

/** Tokens and claims from a provider, for a code or a refresh token. */
export interface Tokens {
  /** Verified; "" = none. */
  readonly idToken: string;
  /** Claims of the userinfo endpoint; null: not requested, or not available. */
  readonly info: Claims | null;
  /** Granted scopes; null: not specified. */
  readonly scopes: readonly string[] | null;
  /** "" = none. */
  readonly refreshToken: string;
  /** Expiry of the first of them, wall clock, ms; 0 = not specified. */
  readonly endsAt: number;
}

/** The session of a user who has logged in. Times are wall clock, ms. */
export interface Session {
  readonly id: string;
  readonly provider: string;
  readonly begunAt: number;
  /** Absolute expiry. */
  readonly endsAt: number;
  /** Number of refreshes; of two versions, the higher is newer. */
  readonly generation: number;
  readonly idToken: string;
  readonly info: Claims;
  readonly scopes: readonly string[];
  /** "" = none, so the session ends with its tokens. */
  readonly refreshToken: string;
  readonly tokensEndAt: number;
  /** Time of the refresh, before the tokens expire: if another gateway was faster, they are still valid. */
  readonly refreshAt: number;
}

/** How long before their expiry tokens are refreshed, ms; a fifth of their lifetime if that is less. */
const AHEAD_MS = 30_000;
/** Shortest time between two refreshes, ms, however short-lived the tokens are. */
const MIN_INTERVAL_MS = 1_000;
/** Version of the stored format. */
const FORM = 1;
/** Claims about the ID token itself and not about the user. */
const OF_TOKEN: readonly string[] = ["nonce", "at_hash", "c_hash", "s_hash"];

/** A new session. @param asked requested scopes, which are granted unless the provider specifies others */
export function beginSession(
  provider: string,
  tokens: Tokens,
  asked: readonly string[],
  lifetimeMs: number,
  now: number,
): Session {
  const endsAt = now + lifetimeMs;
  return {
    id: randomBytes(16).toString("base64url"),
    provider,
    begunAt: now,
    generation: 0,
    idToken: tokens.idToken,
    info: tokens.info ?? {},
    scopes: tokens.scopes ?? asked,
    refreshToken: tokens.refreshToken,
    ...timesOf(tokens.endsAt, tokens.refreshToken, endsAt, now),
  };
}

/** A session with refreshed tokens. Values that they do not contain are kept. */
export function renewSession(session: Session, tokens: Tokens, now: number): Session {
  const refreshToken = tokens.refreshToken || session.refreshToken;
  return {
    ...session,
    generation: session.generation + 1,
    idToken: tokens.idToken || session.idToken,
    info: tokens.info ?? session.info,
    scopes: tokens.scopes ?? session.scopes,
    refreshToken,
    ...timesOf(tokens.endsAt, refreshToken, session.endsAt, now),
  };
}

function timesOf(
  tokensEnd: number,
  refreshToken: string,
  sessionEnd: number,
  now: number,
): Pick<Session, "endsAt" | "refreshAt" | "tokensEndAt"> {
  const tokensEndAt = tokensEnd === 0 ? sessionEnd : Math.min(tokensEnd, sessionEnd);
  if (refreshToken === "") return { endsAt: tokensEndAt, tokensEndAt, refreshAt: tokensEndAt };
  const refreshAt = Math.floor(tokensEndAt - Math.min(AHEAD_MS, (tokensEndAt - now) / 5));
  return { endsAt: sessionEnd, tokensEndAt, refreshAt: Math.max(refreshAt, now + MIN_INTERVAL_MS) };
}

/** Serialises a session. */
export function sessionText(session: Session): string {
  return JSON.stringify({ form: FORM, ...session });
}

/** Parses a serialised session; null: it is of another version of the gateway. */
export function sessionOf(text: string): Session | null {
  const { form, ...session } = JSON.parse(text) as Session & { readonly form: number };
  return form === FORM ? session : null;
}

/** Claims of a verified ID token. */
export function idTokenClaims(idToken: string): Claims {
  return jsonObject(idToken.split(".")[1] ?? "") ?? {};
}

/** The identity of a session; a text: why there is none, for the log. @param reader of its provider */
export function sessionIdentity(session: Session, reader: TokenReader): Identity | string {
  const { provider, scopes, endsAt, info, idToken } = session;
  const ofToken = idToken === "" ? {} : idTokenClaims(idToken);
  const claims = Object.entries({ ...withoutEmailOf(ofToken, info), ...ofToken }).filter(
    ([name]) => !OF_TOKEN.includes(name),
  );
  const meaning = reader.read(Object.fromEntries(claims));
  if (typeof meaning === "string") return meaning;
  return identityOf({ ...meaning, method: "session", provider, scopes, expiresAt: endsAt });
}

/** Userinfo claims beside an ID token: whether an address is verified counts only for the address of the same source. */
function withoutEmailOf(ofToken: Claims, info: Claims): Claims {
  if (!Object.hasOwn(ofToken, "email") && !Object.hasOwn(ofToken, "email_verified")) return info;
  const { email: _, email_verified: __, ...rest } = info;
  return rest;
}
