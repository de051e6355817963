// Authentication by bearer token (RFC 6750): signed tokens (RFC 7519), and opaque ones that a provider can introspect.

import type { RequestContext } from "../../core/context.ts";
import { type Identity, identityOf } from "../../core/identity.ts";
import { type Authenticator, type AuthResult, invalid } from "../authenticator.ts";
import { type CredentialPlaces, credentialIn, removeCredential } from "../credential-places.ts";
import type { AcceptedToken, RefusedToken, TokenMethod } from "./issuer.ts";
import type { Outcome, TokenVerifier } from "./verifier.ts";

/** The identity and audience of a token. */
export interface BearerIdentity {
  readonly identity: Identity;
  /** Intended recipients of the token. */
  readonly audience: readonly string[];
}

/** The identity of an accepted token. */
export function bearerIdentity({ meaning, audience, method, provider, expiresAt }: AcceptedToken): BearerIdentity {
  // Written out: a spread of `meaning` would take longer than the rest of the verification but the signature.
  const { subject, type, scopes, groups, roles, claims } = meaning;
  return {
    identity: identityOf({ subject, type, scopes, groups, roles, claims, method, provider, expiresAt }),
    audience,
  };
}

/** Introspects a token that no configured issuer has signed. */
export type Introspect = (token: string, refused: RefusedToken) => Promise<Outcome<BearerIdentity>>;

/** Requirements on the tokens of one method, in addition to those of their issuer. */
export interface TokenRequirement {
  readonly method: TokenMethod;
  /** The token must have all of them. */
  readonly scopes: readonly string[];
  /** Lists of audiences: the token must have one of each list. */
  readonly audiences: readonly (readonly string[])[];
}

/** Settings of token authentication by one or more methods. */
export interface BearerSettings {
  /** The method to which refusals are attributed. */
  readonly method: TokenMethod;
  /** Distinguishes the settings of different routes. */
  readonly variant: string;
  /** Where tokens are accepted. */
  readonly places: readonly CredentialPlaces[];
  /** The places from which tokens are stripped. */
  readonly strips: readonly CredentialPlaces[];
  readonly requirement: TokenRequirement;
}

/** Makes the method. @param introspect null: tokens are not introspected */
export function bearer(
  settings: BearerSettings,
  verifier: TokenVerifier<BearerIdentity>,
  introspect: Introspect | null,
): Authenticator {
  const { method, variant, places, strips, requirement } = settings;
  const resultOf = (outcome: Outcome<BearerIdentity>) => judged(outcome, requirement);
  return {
    method,
    variant,
    challenge: `Bearer realm="gateway"`,
    rejection: (error) => `Bearer realm="gateway", error="${error}"`,
    credentialOf: (ctx) => credentialIn(places, ctx),
    identify(token) {
      const outcome = verifier.verify(token);
      if (outcome instanceof Promise) return outcome.then(resultOf);
      if (introspect !== null && "foreign" in outcome) return introspect(token, outcome).then(resultOf);
      return resultOf(outcome);
    },
    scopesFor: ({ method: by }) => (by === requirement.method ? requirement.scopes : []),
    strip: (ctx: RequestContext) => {
      for (const place of strips) removeCredential(place, ctx);
    },
  };
}

function judged(outcome: Outcome<BearerIdentity>, { method, audiences }: TokenRequirement): AuthResult {
  if (!("accepted" in outcome)) return outcome;
  const { identity, audience } = outcome.accepted;
  const isAccepted = (accepted: readonly string[]) => accepted.some((name) => audience.includes(name));
  return identity.method !== method || audiences.every(isAccepted) ? identity : invalid("the audience is not accepted");
}
