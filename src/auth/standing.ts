// How the credential of a request that was let in stands now: whether its stream may go on.
import type { Standing } from "../core/bound-stream.ts";
import type { RequestContext } from "../core/context.ts";
import { ADMITTED, AMBIGUOUS, type Authenticator, type AuthResult, isFailure } from "./authenticator.ts";

/**
 * Asks for the credential of a request again, as it was sent.
 * @param method that has let it in, by the configuration in effect; null: that is off
 */
export function standingOf(ctx: RequestContext, method: Authenticator | null): Standing | Promise<Standing> {
  const { method: name } = ctx.admission!;
  if (method === null) return { why: `${name}: clients are no longer authenticated by it` };
  const credential = method.credentialOf(ctx);
  if (credential === null || credential === AMBIGUOUS) return { why: `${name}: no credential where it is looked for` };
  const result = method.recheck?.(credential, ctx) ?? method.identify(credential, ctx);
  return result instanceof Promise ? result.then((late) => judge(ctx, method, late)) : judge(ctx, method, result);
}

function judge({ identity, admission }: RequestContext, by: Authenticator, result: AuthResult): Standing {
  const { method, scopes } = admission!;
  if (result === ADMITTED) return { expiresAt: identity?.expiresAt ?? 0 };
  if ("answer" in result) return { why: `${method}: refused` };
  if (isFailure(result)) return result.code === "auth_unavailable" ? null : { why: `${method}: ${result.why}` };
  // The service was told who it is, and goes by that.
  if (identity !== null && result.subject !== identity.subject)
    return { why: `${method}: the credential is somebody else's` };
  const missing = [...scopes, ...(by.scopesFor?.(result) ?? [])].find((scope) => !result.scopes.includes(scope));
  return missing === undefined ? result : { why: `${method}: scope "${missing}" is missing` };
}
