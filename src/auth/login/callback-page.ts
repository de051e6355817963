// The page that a provider redirects back to: exchanges the code for tokens and starts the session.
import type { RequestContext } from "../../core/context.ts";
import type { Identity } from "../../core/identity.ts";
import type { Refusal, Reply } from "../../core/reply.ts";
import type { Responder } from "../../core/responder.ts";
import { cookiesOf } from "../../wire/cookies.ts";
import { queryValues } from "../../wire/query.ts";
import type { Attempt } from "./attempts.ts";
import { LoginFault } from "./fault.ts";
import { type LoginParts, oneOf, PRIVATE, redirect, refusalOf, setCookies } from "./login-parts.ts";
import { isNavigation } from "./navigation.ts";
import type { LoginProvider } from "./provider.ts";
import { beginSession, type Session, sessionIdentity } from "./session.ts";

/** Shortest session, ms: a shorter one would send the browser back to the provider in a loop. */
const SHORTEST_MS = 5_000;
const WRONG_METHOD: Refusal = { code: "method_not_allowed", fields: ["Allow", "GET"] };

/** Creates the page. */
export function callbackPage(parts: LoginParts): Responder {
  const page = new CallbackPage(parts);
  return { answer: (ctx) => (ctx.method === "GET" ? page.answer(ctx) : WRONG_METHOD) };
}

class CallbackPage {
  readonly #parts: LoginParts;

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  async answer(ctx: RequestContext): Promise<Reply | Refusal> {
    const { cookies, providers, failures, now } = this.#parts;
    const brought = cookiesOf(ctx.fields);
    const state = oneOf(queryValues(ctx.query, "state"));
    const attempt = state === null ? null : cookies.attempts.find(state, brought, now());
    const provider = attempt === null ? undefined : providers.get(attempt.provider);
    if (attempt === null || provider === undefined) return this.#withoutAttempt(ctx);
    const waitMs = failures.waitFor(ctx.clientIp);
    if (waitMs > 0) {
      this.#parts.refused("too_many_failures");
      return { code: "too_many_failures", fields: ["Retry-After", String(Math.ceil(waitMs / 1000))] };
    }
    try {
      return await this.#welcome(ctx, attempt, await this.#finished(attempt, provider, ctx.query));
    } catch (error) {
      const isOver = error instanceof LoginFault && error.kind !== "down";
      if (isOver) failures.failed(ctx.clientIp);
      return refusalOf(this.#parts, ctx, error, isOver ? cookies.attempts.end(attempt.state, brought) : []);
    }
  }

  /** The login has finished or expired: a browser with a session is redirected to a page, others get an error. */
  async #withoutAttempt(ctx: RequestContext): Promise<Reply | Refusal> {
    const { cookies, sessions, paths } = this.#parts;
    const texts = cookies.session.read(cookiesOf(ctx.fields)) ?? [];
    const found = texts.length > 0 && isNavigation(ctx) ? await sessions.find(texts) : "none";
    if (typeof found !== "string") return redirect(paths.afterLogin || "/", []);
    ctx.detail = "session: no pending login of this browser has this state";
    this.#parts.refused("login_expired");
    return { code: "login_expired", fields: PRIVATE };
  }

  /** Finishes a login once, even if the browser reloads the page. */
  #finished(attempt: Attempt, provider: LoginProvider, query: string): Promise<Session> {
    const { logins } = this.#parts.memory;
    const known = logins.get(attempt.state);
    if (known !== undefined) return known;
    const made = this.#begun(attempt, provider, query);
    logins.set(attempt.state, made);
    made.catch((error) => {
      if (error instanceof LoginFault && error.kind === "down") logins.delete(attempt.state);
    });
    return made;
  }

  async #begun(attempt: Attempt, provider: LoginProvider, query: string): Promise<Session> {
    const { sessions, lifetimeMs, now } = this.#parts;
    const tokens = await provider.exchange(attempt, query);
    const session = beginSession(provider.name, tokens, provider.login.scopes, lifetimeMs, now());
    if (session.endsAt - now() < SHORTEST_MS) throw new LoginFault("wrong", "the tokens expire at once");
    try {
      await sessions.store.add(session);
    } catch (error) {
      throw new LoginFault("down", (error as Error).message);
    }
    return session;
  }

  #welcome(ctx: RequestContext, attempt: Attempt, session: Session): Reply {
    const { cookies, sessions, paths, providers, now } = this.#parts;
    const identity = sessionIdentity(session, providers.get(session.provider)!.reader);
    if (typeof identity === "string") throw new LoginFault("wrong", identity);
    const brought = cookiesOf(ctx.fields);
    const lines = cookies.write(session, sessions.store.textOf(session), brought, now());
    if (lines === null)
      throw new LoginFault(
        "wrong",
        "the tokens are too long for cookies; auth.session.store: redis stores them elsewhere",
      );
    ctx.identity = identity;
    const all = [...lines, ...cookies.attempts.end(attempt.state, brought)];
    const location = attempt.returnTo ?? paths.afterLogin;
    return location === "" ? introduction(identity, all) : redirect(location, all);
  }
}

/** The answer to a login without a page to return to. */
function introduction(identity: Identity, lines: readonly string[]): Reply {
  const { provider, subject, scopes, groups, roles, claims } = identity;
  const body = { success: true, provider, user: { subject, scopes, groups, roles, claims } };
  const type = ["Content-Type", "application/json; charset=utf-8"];
  return { status: 200, fields: [...type, ...PRIVATE, ...setCookies(lines)], body: `${JSON.stringify(body)}\n` };
}
