// Authentication by tokens (RFC 6750): those that are signed (RFC 7519), and opaque ones that somebody knows.

import type { RequestContext } from "../../core/context.ts";
import { type Identity, identityOf } from "../../core/identity.ts";
import { type Authenticator, type AuthResult, invalid } from "../authenticator.ts";
import type { AcceptedToken, RefusedToken, TokenMethod } from "./issuer.ts";
import { removeToken, type TokenPlaces, tokenIn } from "./token-places.ts";
import type { Outcome, TokenVerifier } from "./verifier.ts";

/** Whom a token stands for. */
export interface BearerIdentity {
  readonly identity: Identity;
  /** Whom the token is meant for. */
  readonly audience: readonly string[];
}

/** Makes it of a token that was accepted. */
export function bearerIdentity({ meaning, audience, method, provider, expiresAt }: AcceptedToken): BearerIdentity {
  return { identity: identityOf({ ...meaning, method, provider, expiresAt }), audience };
}

/** Asks others about a token that no known issuer has signed. */
export type AskOthers = (token: string, refused: RefusedToken) => Promise<Outcome<BearerIdentity>>;

/** What is asked of the tokens of one method, beside what their issuer asks. */
export interface TokenDemand {
  readonly method: TokenMethod;
  /** All of which must be held. */
  readonly scopes: readonly string[];
  /** Lists of audiences, of each of which the token must name one. */
  readonly audiences: readonly (readonly string[])[];
}

/** Settings of the authentication by tokens of one or more methods. */
export interface BearerSettings {
  /** That of refusals. */
  readonly method: TokenMethod;
  /** Names what differs between routes. */
  readonly variant: string;
  /** Where tokens are looked for. */
  readonly places: readonly TokenPlaces[];
  /** Those of them where they are taken out. */
  readonly strips: readonly TokenPlaces[];
  readonly demand: TokenDemand;
}

/** Makes the method. @param others null: nobody else is asked */
export function bearer(
  settings: BearerSettings,
  verifier: TokenVerifier<BearerIdentity>,
  others: AskOthers | null,
): Authenticator {
  const { method, variant, places, strips, demand } = settings;
  const resultOf = (outcome: Outcome<BearerIdentity>) => judged(outcome, demand);
  return {
    method,
    variant,
    challenge: `Bearer realm="gateway"`,
    rejection: (error) => `Bearer realm="gateway", error="${error}"`,
    credentialOf: (ctx) => tokenIn(places, ctx),
    identify(token) {
      const outcome = verifier.verify(token);
      if (outcome instanceof Promise) return outcome.then(resultOf);
      if (others !== null && "foreign" in outcome) return others(token, outcome).then(resultOf);
      return resultOf(outcome);
    },
    scopesFor: ({ method: its }) => (its === demand.method ? demand.scopes : []),
    strip: (ctx: RequestContext) => {
      for (const place of strips) removeToken(place, ctx);
    },
  };
}

function judged(outcome: Outcome<BearerIdentity>, { method, audiences }: TokenDemand): AuthResult {
  if (!("accepted" in outcome)) return outcome;
  const { identity, audience } = outcome.accepted;
  const isMeant = (wanted: readonly string[]) => wanted.some((name) => audience.includes(name));
  return identity.method !== method || audiences.every(isMeant) ? identity : invalid("the audience is another");
}
