// The contract of a way to authenticate clients, and what it says of credentials it does not accept.
import type { RequestContext } from "../core/context.ts";
import type { AuthMethod, Identity } from "../core/identity.ts";

/** The request brings this method's credential in several places, with different values. */
export const AMBIGUOUS = Symbol("ambiguous");

/** Why a credential is not accepted. */
export interface AuthFailure {
  /** `auth_unavailable`: whether it is valid cannot be told now. */
  readonly code: "invalid_credentials" | "expired_credentials" | "auth_unavailable";
  /** For the log. Names nothing of the credential that is secret. */
  readonly why: string;
}

/** What became of a credential. */
export type AuthResult = Identity | AuthFailure;

/** One way to authenticate. */
export interface Authenticator {
  readonly method: AuthMethod;
  /** `WWW-Authenticate` of a refusal (RFC 9110 §11.6.1). */
  readonly challenge: string;
  /** The credential as sent; null: there is none of this method. */
  credentialOf(ctx: RequestContext): string | null | typeof AMBIGUOUS;
  /** Says who a credential stands for. Synchronous unless it must wait; what ends is judged by the caller. */
  identify(credential: string, ctx: RequestContext): AuthResult | Promise<AuthResult>;
  /** Keeps credentials of this method from backends, unless they are to be forwarded. */
  strip(ctx: RequestContext): void;
}

/** A credential that is not valid. @param why for the log */
export function invalid(why: string): AuthFailure {
  return { code: "invalid_credentials", why };
}

/** Whether a credential was not accepted. */
export function isFailure(result: AuthResult): result is AuthFailure {
  return "why" in result;
}
