// Tokens that no known issuer has signed: the providers that answer questions about tokens are asked in turn.
import type { AskOthers } from "../jwt/authenticator.ts";
import type { Introspection } from "./introspection.ts";

/** The first that knows a token decides. Where none does and one could not be asked, it cannot be told. */
export function inTurn(providers: readonly Pick<Introspection, "ask">[]): AskOthers {
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
