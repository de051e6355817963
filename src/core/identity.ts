// The identity of a client, once its credential was accepted.
import type { ClientCertificate } from "./client-certificate.ts";
import type { Tier } from "./limiter.ts";

/** What a subject is. */
export const SUBJECT_TYPES = ["user", "service", "device"] as const;
/** One of {@link SUBJECT_TYPES}. */
export type SubjectType = (typeof SUBJECT_TYPES)[number];

/** Ways to authenticate, as the configuration names them. */
export const AUTH_METHODS = ["jwt", "oauth2", "session", "apikey", "basic", "mtls", "forward"] as const;
/** One of {@link AUTH_METHODS}. */
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** An authenticated client, as plain data. Made by {@link identityOf}, so that all have one shape. */
export interface Identity {
  /** Never empty. */
  readonly subject: string;
  readonly type: SubjectType;
  readonly method: AuthMethod;
  /** What authenticated it: the method, or one of several issuers of the method. */
  readonly provider: string;
  /** Id of the API key it came with; "" with any other credential. */
  readonly apiKey: string;
  /** The certificate it was authenticated by; null: it was by something else. */
  readonly certificate: ClientCertificate | null;
  readonly scopes: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  /** What else is known of it: plain JSON. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Importance of its requests under pressure; null: that of the route. */
  readonly tier: Tier | null;
  /** When the credential ends, ms since 1970; 0 never. */
  readonly expiresAt: number;
}

/** How a route lets clients in: one object for all of their requests. */
export interface Admission {
  readonly method: AuthMethod;
  /** Which of several variants of the method; "" there is one. */
  readonly variant: string;
  /** Scopes that they must hold. */
  readonly scopes: readonly string[];
}

const NONE: readonly string[] = [];
const NO_CLAIMS: Readonly<Record<string, unknown>> = {};

/** An identity with the given properties, and empty values for the others. */
export function identityOf(given: Partial<Identity> & Pick<Identity, "subject" | "method">): Identity {
  const { subject, method } = given;
  return {
    subject,
    type: given.type ?? "user",
    method,
    provider: given.provider ?? method,
    apiKey: given.apiKey ?? "",
    certificate: given.certificate ?? null,
    scopes: given.scopes ?? NONE,
    groups: given.groups ?? NONE,
    roles: given.roles ?? NONE,
    claims: given.claims ?? NO_CLAIMS,
    tier: given.tier ?? null,
    expiresAt: given.expiresAt ?? 0,
  };
}
