// The page that starts a login: redirects the browser to its provider.
import { randomBytes } from "node:crypto";
import type { RequestContext } from "../../core/context.ts";
import type { Refusal, Reply } from "../../core/reply.ts";
import type { Responder } from "../../core/responder.ts";
import { cookiesOf } from "../../wire/cookies.ts";
import { queryValues } from "../../wire/query.ts";
import { type LoginParts, oneOf, redirect, refusalOf } from "./login-parts.ts";
import { newVerifier } from "./pkce.ts";
import { safeReturn } from "./return-path.ts";

const WRONG_METHOD: Refusal = { code: "method_not_allowed", fields: ["Allow", "GET"] };

/** Creates the page. Query parameters: `provider`, and `return`, the path to redirect to after the login. */
export function beginPage(parts: LoginParts): Responder {
  const { paths, providers, defaultProvider } = parts;
  const own = [paths.login, paths.logout, ...paths.callbacks];
  return {
    answer(ctx): Refusal | Promise<Reply | Refusal> {
      if (ctx.method !== "GET") return WRONG_METHOD;
      const [name = defaultProvider, ...others] = queryValues(ctx.query, "provider");
      const provider = others.length === 0 ? providers.get(name) : undefined;
      if (provider === undefined) return { code: "no_route" };
      const wanted = oneOf(queryValues(ctx.query, "return"));
      return begin(parts, ctx, provider, wanted === null ? null : safeReturn(wanted, own));
    },
  };
}

async function begin(
  parts: LoginParts,
  ctx: RequestContext,
  provider: NonNullable<ReturnType<LoginParts["providers"]["get"]>>,
  returnTo: string | null,
): Promise<Reply | Refusal> {
  const nonce = provider.login.hasIdTokens ? randomBytes(32).toString("base64url") : "";
  const given = { nonce, provider: provider.name, returnTo, verifier: newVerifier(), principal: "" };
  const { attempt, lines } = parts.cookies.attempts.begin(given, cookiesOf(ctx.fields), parts.now());
  try {
    return redirect(await provider.authorizationUrl(attempt), lines);
  } catch (error) {
    return refusalOf(parts, ctx, error, []);
  }
}
