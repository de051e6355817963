// Tokens that no configured issuer has signed: they are introspected at one provider after another.
import type { Introspect } from "../jwt/authenticator.ts";
import type { Introspection } from "./introspection.ts";

/** The first provider that knows a token decides. If none does, but one is not available, the result is `auth_unavailable`. */
export function inTurn(providers: readonly Pick<Introspection, "ask">[]): Introspect {
  return async (token, refused) => {
    let outcome = refused;
    for (const provider of providers) {
      const answer = await provider.ask(token);
      if ("accepted" in answer) return answer;
      const isKnown = answer.foreign === undefined && answer.code !== "auth_unavailable";
      if (isKnown) return answer;
      if (outcome.code !== "auth_unavailable") outcome = answer;
    }
    return outcome;
  };
}
