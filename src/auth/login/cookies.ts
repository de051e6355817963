// All cookies of logins and sessions, which share a name prefix, and the filter that hides them from backends.
import type { Filter } from "../../core/filter.ts";
import type { Cookie } from "../../wire/cookies.ts";
import { isField } from "../../wire/fields.ts";
import { dropCookies } from "../strip.ts";
import { Attempts } from "./attempts.ts";
import { IdleTimeout } from "./idle-timeout.ts";
import type { Sealer } from "./sealing.ts";
import type { Session } from "./session.ts";
import { SessionCookie } from "./session-cookie.ts";
import { CookieJar } from "./set-cookie.ts";
import type { CookieSettings } from "./settings.ts";

/** All cookies of logins and sessions. */
export class LoginCookies {
  readonly session: SessionCookie;
  readonly attempts: Attempts;
  /** null: no timeout. */
  readonly idle: IdleTimeout | null;
  readonly #name: string;

  constructor({ name, secure, idleMs }: CookieSettings, sealer: Sealer) {
    const jar = new CookieJar(secure);
    this.session = new SessionCookie(name, jar);
    this.attempts = new Attempts(`${name}.login.`, sealer, jar);
    this.idle = idleMs === 0 ? null : new IdleTimeout(`${name}.seen`, sealer, jar, idleMs);
    this.#name = name;
  }

  /**
   * Set-Cookie lines of a session.
   * @param text from its store @param cookies of the client
   * @returns null: the text does not fit into cookies
   */
  write(session: Session, text: string, cookies: readonly Cookie[], now: number): readonly string[] | null {
    const lines = this.session.write(text, (session.endsAt - now) / 1000, cookies);
    return lines === null || this.idle === null ? lines : [...lines, this.idle.line(session.id, now)];
  }

  /** Set-Cookie lines that delete the session. */
  clear(cookies: readonly Cookie[]): readonly string[] {
    return [...this.session.clear(cookies), ...(this.idle?.clear(cookies) ?? [])];
  }

  /** Whether the name is that of one of these cookies. */
  has(name: string): boolean {
    return name.startsWith(this.#name) && (name.length === this.#name.length || name[this.#name.length] === ".");
  }

  /** Whether the fields may contain such a cookie. */
  mayBeIn(fields: readonly string[]): boolean {
    for (let i = 0; i < fields.length; i += 2)
      if (isField(fields[i]!, "cookie") && fields[i + 1]!.includes(this.#name)) return true;
    return false;
  }
}

/** Removes these cookies from requests to backends, and ignores those that backends set. */
export function privateCookies(cookies: LoginCookies): Filter {
  return {
    name: "private-cookies",
    phase: "authorize",
    onRequest(ctx) {
      if (cookies.mayBeIn(ctx.fields)) dropCookies(ctx, (name) => cookies.has(name));
      return undefined;
    },
    onReply(_, { made, fields }) {
      if (made !== "backend") return undefined;
      for (let i = fields.length - 2; i >= 0; i -= 2)
        if (isField(fields[i]!, "set-cookie") && cookies.has(nameOf(fields[i + 1]!))) fields.splice(i, 2);
      return undefined;
    },
  };
}

/** Name of the cookie that a Set-Cookie line sets. */
function nameOf(line: string): string {
  return line.slice(0, line.search(/[=;]|$/)).trim();
}
