// The contract of a way to authenticate clients, and what it says of credentials it does not accept.
import type { RequestContext } from "../core/context.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { AuthMethod, Identity } from "../core/identity.ts";
import type { Refusal, Reply } from "../core/reply.ts";
import type { ReplyHead } from "../core/reply-head.ts";

/** The request brings this method's credential in several places, with different values. */
export const AMBIGUOUS = Symbol("ambiguous");
/** The request may pass, but who it is from is not known: the method has decided and named nobody. */
export const ADMITTED = Symbol("admitted");

/** Why a credential is not accepted. */
export interface AuthFailure {
  /** `auth_unavailable`: whether it is valid cannot be told now. */
  readonly code: "invalid_credentials" | "expired_credentials" | "auth_unavailable";
  /** For the log. Names nothing of the credential that is secret. */
  readonly why: string;
  /** It is no sign of guessing, and does not count as one. */
  readonly uncounted?: true;
}

/** The method has answered the request itself. */
export interface AuthAnswer {
  readonly answer: Reply | Refusal;
  /** What it counts as; absent: as no refusal. */
  readonly code?: ErrorCode;
}

/** What became of a credential. */
export type AuthResult = Identity | AuthFailure | AuthAnswer | typeof ADMITTED;

/** One way to authenticate. */
export interface Authenticator {
  readonly method: AuthMethod;
  /** Which it is, where routes may have it in several variants. */
  readonly variant?: string;
  /** `WWW-Authenticate` of a refusal (RFC 9110 §11.6.1); "" none. */
  readonly challenge: string;
  /** The credential as sent; null: there is none of this method. */
  credentialOf(ctx: RequestContext): string | null | typeof AMBIGUOUS;
  /** Says who a credential stands for. Synchronous unless it must wait; what ends is judged by the caller. */
  identify(credential: string, ctx: RequestContext): AuthResult | Promise<AuthResult>;
  /**
   * Says for whom a credential stands now that has let this request in, whose stream goes on; without it, `identify` is asked
   * again. The request must stay as it is.
   */
  recheck?(credential: string, ctx: RequestContext): AuthResult | Promise<AuthResult>;
  /** Scopes that whoever this method identifies must hold beside those of the route; without it, none. */
  scopesFor?(identity: Identity): readonly string[];
  /** `WWW-Authenticate` where this method's credential was not enough; without it, the challenges of all methods or none. */
  rejection?(error: "invalid_token" | "insufficient_scope"): string;
  /** Answers a request that has no valid credential instead of 401, such as with a redirect to a login; null: with 401. */
  invite?(ctx: RequestContext): Reply | null;
  /** Sees every reply of routes that accept this method. */
  onReply?(ctx: RequestContext, reply: ReplyHead): void;
  /** Keeps credentials of this method from backends, unless they are to be forwarded. */
  strip(ctx: RequestContext): void;
}

/** A credential that is not valid. @param why for the log */
export function invalid(why: string): AuthFailure {
  return { code: "invalid_credentials", why };
}

/** Whether a credential was not accepted. */
export function isFailure(result: Identity | AuthFailure): result is AuthFailure {
  return "why" in result;
}
