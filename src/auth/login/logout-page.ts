// The page that ends a session: deletes it and its cookies, and redirects to the logout of the provider.
import type { RequestContext } from "../../core/context.ts";
import type { Refusal, Reply } from "../../core/reply.ts";
import type { Responder } from "../../core/responder.ts";
import { cookiesOf } from "../../wire/cookies.ts";
import { type LoginParts, redirect } from "./login-parts.ts";
import { isFromOwnSite } from "./navigation.ts";
import type { Session } from "./session.ts";

const WRONG_METHOD: Refusal = { code: "method_not_allowed", fields: ["Allow", "GET, POST"] };

/** The answer to links from other sites, which must not log users out (CSRF). */
const CONFIRMATION: Reply = {
  status: 200,
  fields: [
    ...["Content-Type", "text/html; charset=utf-8", "Cache-Control", "no-store"],
    ...["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'", "X-Frame-Options", "DENY"],
  ],
  body: '<!doctype html><title>Log out</title><form method="post"><button>Log out</button></form>\n',
};

/** Creates the page. */
export function logoutPage(parts: LoginParts): Responder {
  return {
    answer(ctx): Reply | Refusal | Promise<Reply | Refusal> {
      const isOwn = isFromOwnSite(ctx);
      if (ctx.method === "GET") return isOwn === true ? logout(parts, ctx) : CONFIRMATION;
      if (ctx.method !== "POST") return WRONG_METHOD;
      // All browsers send Origin with forms; other clients have no cookies that sites could abuse.
      return isOwn === false ? { code: "origin_not_allowed" } : logout(parts, ctx);
    },
  };
}

async function logout(parts: LoginParts, ctx: RequestContext): Promise<Reply | Refusal> {
  const { cookies, sessions, paths } = parts;
  const brought = cookiesOf(ctx.fields);
  const lines = [...cookies.clear(brought), ...cookies.attempts.endAll(brought)];
  let location = paths.afterLogout;
  try {
    for (const session of await sessions.brought(cookies.session.read(brought) ?? [])) {
      await sessions.end(session);
      location = (await endSessionUrl(parts, session)) || location;
    }
  } catch (error) {
    // The session may still exist, so the browser must not look logged out.
    ctx.detail = `session: ${(error as Error).message}`;
    return { code: "auth_unavailable" };
  }
  return redirect(location, lines);
}

/** "" if the provider has none or cannot be reached: the session has ended here in any case. */
async function endSessionUrl({ providers, paths }: LoginParts, session: Session): Promise<string> {
  const provider = providers.get(session.provider);
  if (provider === undefined) return "";
  const returnTo = new URL(paths.afterLogout, provider.login.redirectUrl).href;
  return await provider.endSessionUrl(session.idToken, returnTo).catch(() => "");
}
