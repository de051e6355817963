// The interface of authentication methods, and the results of checking a credential.
import type { RequestContext } from "../core/context.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { AuthMethod, Identity } from "../core/identity.ts";
import type { Refusal, Reply } from "../core/reply.ts";
import type { ReplyHead } from "../core/reply-head.ts";

/** The request has several different credentials for this method. */
export const AMBIGUOUS = Symbol("ambiguous");
/** The request is permitted but remains anonymous: the method named no subject. */
export const ADMITTED = Symbol("admitted");

/** Why a credential was rejected. */
export interface AuthFailure {
  /** `auth_unavailable`: the credential cannot be verified at the moment. */
  readonly code: "invalid_credentials" | "expired_credentials" | "auth_unavailable";
  /** For the log. Contains no secret part of the credential. */
  readonly why: string;
  /** Set if this failure does not indicate guessing and is not counted towards the limit. */
  readonly uncounted?: true;
}

/** The method answers the request itself. */
export interface AuthAnswer {
  readonly answer: Reply | Refusal;
  /** The error code to count; absent: the answer does not count as a refusal. */
  readonly code?: ErrorCode;
}

/** The result of checking a credential. */
export type AuthResult = Identity | AuthFailure | AuthAnswer | typeof ADMITTED;

/** An authentication method. */
export interface Authenticator {
  readonly method: AuthMethod;
  /** Distinguishes variants of the method if routes configure it differently. */
  readonly variant?: string;
  /** `WWW-Authenticate` of a 401 reply (RFC 9110 §11.6.1); "" = none. */
  readonly challenge: string;
  /** The credential as sent; null: the request has none for this method. */
  credentialOf(ctx: RequestContext): string | null | typeof AMBIGUOUS;
  /** Verifies a credential. Synchronous unless it has to wait; the caller checks the expiry of the identity. */
  identify(credential: string, ctx: RequestContext): AuthResult | Promise<AuthResult>;
  /**
   * Verifies a credential again while the stream of its request is open; `identify` is called if this is absent.
   * Must not modify the request.
   */
  recheck?(credential: string, ctx: RequestContext): AuthResult | Promise<AuthResult>;
  /** Scopes that an identity of this method must have in addition to those of the route; absent: none. */
  scopesFor?(identity: Identity): readonly string[];
  /** `WWW-Authenticate` if this method's credential was rejected; absent: the challenges of all methods, or none. */
  rejection?(error: "invalid_token" | "insufficient_scope"): string;
  /** A reply in place of 401 for a request without a valid credential, such as a redirect to a login; null: 401. */
  invite?(ctx: RequestContext): Reply | null;
  /** Called with every reply of a route that accepts this method. */
  onReply?(ctx: RequestContext, reply: ReplyHead): void;
  /** Removes credentials of this method from the request unless they are to be forwarded. */
  strip(ctx: RequestContext): void;
}

/** The failure for an invalid credential. @param why for the log */
export function invalid(why: string): AuthFailure {
  return { code: "invalid_credentials", why };
}

/** Whether a credential was rejected. */
export function isFailure(result: Identity | AuthFailure): result is AuthFailure {
  return "why" in result;
}
