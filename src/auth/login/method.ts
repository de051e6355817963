// Authentication by the session cookie of a browser that has logged in.
import type { RequestContext } from "../../core/context.ts";
import type { Reply } from "../../core/reply.ts";
import { cookiesOf } from "../../wire/cookies.ts";
import type { Authenticator, AuthResult } from "../authenticator.ts";
import type { LoginCookies } from "./cookies.ts";
import { isNavigation } from "./navigation.ts";
import type { CookieNotes } from "./notes.ts";
import type { SessionOutcome, Sessions } from "./sessions.ts";

/** Separates the texts of several sessions; it cannot be part of a cookie. */
const SEPARATOR = "\n";
const OVER: AuthResult = { code: "expired_credentials", why: "the session has ended" };
const UNAVAILABLE: AuthResult = { code: "auth_unavailable", why: "the session cannot be read or refreshed" };

/** Dependencies of the method. */
export interface SessionMethodParts {
  readonly sessions: Sessions;
  readonly cookies: LoginCookies;
  readonly notes: CookieNotes;
  /** Path that starts a login. */
  readonly loginPath: string;
  /** Only sessions of this provider are accepted; "" = any. */
  readonly provider: string;
  /** Scopes that a session must have been granted. */
  readonly scopes: readonly string[];
  /** Wall clock, ms. */
  readonly now: () => number;
}

/** Creates the method. */
export function sessionMethod(parts: SessionMethodParts): Authenticator {
  const method = new SessionMethod(parts);
  const { cookies, notes, loginPath, provider } = parts;
  return {
    method: "session",
    challenge: 'Session realm="gateway"',
    credentialOf({ fields }) {
      return cookies.mayBeIn(fields) ? (cookies.session.read(cookiesOf(fields))?.join(SEPARATOR) ?? null) : null;
    },
    identify: (texts, ctx) => method.identify(texts, ctx),
    recheck: (texts) => method.recheck(texts),
    scopesFor: () => parts.scopes,
    invite: (ctx) => (isNavigation(ctx) ? redirectToLogin(loginPath, provider, ctx) : null),
    onReply: (ctx, reply) => notes.addTo(ctx, reply),
    strip: () => undefined, // `privateCookies` removes these cookies on every route
  };
}

class SessionMethod {
  readonly #parts: SessionMethodParts;

  constructor(parts: SessionMethodParts) {
    this.#parts = parts;
  }

  identify(texts: string, ctx: RequestContext): AuthResult | Promise<AuthResult> {
    const found = this.#parts.sessions.find(texts === "" ? [] : texts.split(SEPARATOR));
    return found instanceof Promise ? found.then((late) => this.#resultOf(ctx, late)) : this.#resultOf(ctx, found);
  }

  recheck(texts: string): AuthResult | Promise<AuthResult> {
    const found = this.#parts.sessions.standing(texts.split(SEPARATOR));
    return found instanceof Promise ? found.then(standing) : standing(found);
  }

  #resultOf(ctx: RequestContext, found: SessionOutcome): AuthResult {
    if (found === "unavailable") return UNAVAILABLE;
    if (found === "none") return this.#over(ctx, "the session has ended or was encrypted with an unknown secret");
    const { provider, cookies, sessions, notes, now } = this.#parts;
    const { session, identity, isNewer } = found;
    if (provider !== "" && session.provider !== provider)
      return { code: "invalid_credentials", why: "the session is from another provider", uncounted: true };
    const isRenewed = isNewer && sessions.store.renewsCookies;
    if (cookies.idle === null && !isRenewed) return identity;
    const sent = cookiesOf(ctx.fields);
    const idle = cookies.idle?.check(session.id, sent, now()) ?? "recent";
    if (idle === "over") return this.#over(ctx, "the session was idle for too long");
    if (isRenewed) notes.note(ctx, cookies.write(session, sessions.store.textOf(session), sent, now()) ?? []);
    else if (idle === "due") notes.note(ctx, [cookies.idle!.line(session.id, now())]);
    return identity;
  }

  #over(ctx: RequestContext, why: string): AuthResult {
    const { cookies, notes } = this.#parts;
    notes.note(ctx, cookies.clear(cookiesOf(ctx.fields)));
    return { code: "expired_credentials", why, uncounted: true };
  }
}

/** Result for a stream: it ends only if its session has. */
function standing(found: SessionOutcome): AuthResult {
  if (found === "unavailable") return UNAVAILABLE;
  return found === "none" ? OVER : found.identity;
}

/** Redirects to the login, and from there back to the requested page. */
function redirectToLogin(loginPath: string, provider: string, { path, query }: RequestContext): Reply {
  const parameters = new URLSearchParams({ ...(provider === "" ? {} : { provider }), return: path + query });
  return {
    status: 302,
    fields: ["Location", `${loginPath}?${parameters.toString()}`, "Cache-Control", "no-store"],
    body: "",
  };
}
