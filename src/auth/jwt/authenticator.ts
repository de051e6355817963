// Authentication by signed tokens (RFC 7519, RFC 6750).

import type { Identity } from "../../core/identity.ts";
import { identityOf } from "../../core/identity.ts";
import type { Authenticator, AuthResult } from "../authenticator.ts";
import type { Issuer } from "./issuer.ts";
import type { JwtSettings } from "./settings.ts";
import { removeToken, tokenIn } from "./token-places.ts";
import { type Outcome, TokenVerifier } from "./verifier.ts";

/** Makes the method. @param issuers with the keys that the settings name */
export function jwt({ places, forward }: JwtSettings, issuers: readonly Issuer[]): Authenticator {
  const verifier = new TokenVerifier(issuers, ({ meaning, provider, expiresAt }) =>
    identityOf({ ...meaning, method: "jwt", provider, expiresAt }),
  );
  return {
    method: "jwt",
    challenge: `Bearer realm="gateway"`,
    rejection: (error) => `Bearer realm="gateway", error="${error}"`,
    credentialOf: (ctx) => tokenIn(places, ctx),
    identify(token) {
      const outcome = verifier.verify(token);
      return outcome instanceof Promise ? outcome.then(resultOf) : resultOf(outcome);
    },
    strip(ctx) {
      if (!forward) removeToken(places, ctx);
    },
  };
}

function resultOf(outcome: Outcome<Identity>): AuthResult {
  return "accepted" in outcome ? outcome.accepted : outcome;
}
