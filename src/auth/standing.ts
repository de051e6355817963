// Checks whether the credential of a request is still valid while its stream is open.
import type { Standing } from "../core/bound-stream.ts";
import type { RequestContext } from "../core/context.ts";
import { ADMITTED, AMBIGUOUS, type Authenticator, type AuthResult, isFailure } from "./authenticator.ts";

/**
 * Verifies the credential of a request again.
 * @param method that accepted it, as configured now; null: it is no longer configured
 */
export function standingOf(ctx: RequestContext, method: Authenticator | null): Standing | Promise<Standing> {
  const { method: name } = ctx.admission!;
  if (method === null) return { why: `${name}: the method is no longer configured` };
  const credential = method.credentialOf(ctx);
  if (credential === null || credential === AMBIGUOUS)
    return { why: `${name}: the credential is no longer accepted in this place` };
  const result = method.recheck?.(credential, ctx) ?? method.identify(credential, ctx);
  return result instanceof Promise ? result.then((late) => judge(ctx, method, late)) : judge(ctx, method, result);
}

function judge({ identity, admission }: RequestContext, by: Authenticator, result: AuthResult): Standing {
  const { method, scopes } = admission!;
  if (result === ADMITTED) return { expiresAt: identity?.expiresAt ?? 0 };
  if ("answer" in result) return { why: `${method}: refused` };
  if (isFailure(result)) return result.code === "auth_unavailable" ? null : { why: `${method}: ${result.why}` };
  // The backend was given the subject at the start of the stream, and relies on it.
  if (identity !== null && result.subject !== identity.subject)
    return { why: `${method}: the credential belongs to another subject` };
  const missing = [...scopes, ...(by.scopesFor?.(result) ?? [])].find((scope) => !result.scopes.includes(scope));
  return missing === undefined ? result : { why: `${method}: scope "${missing}" is missing` };
}
