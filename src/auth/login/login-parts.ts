// Dependencies and replies that the pages of the login share.
import type { RequestContext } from "../../core/context.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Refusal, Reply } from "../../core/reply.ts";
import type { FailedCredentials } from "../failures.ts";
import type { LoginCookies } from "./cookies.ts";
import { LoginFault } from "./fault.ts";
import type { SessionMemory } from "./memory.ts";
import type { LoginProvider } from "./provider.ts";
import type { Sessions } from "./sessions.ts";
import type { LoginPaths } from "./settings.ts";

/** Dependencies of the pages. */
export interface LoginParts {
  readonly paths: LoginPaths;
  readonly providers: ReadonlyMap<string, LoginProvider>;
  /** Name of the provider for logins that do not name one. */
  readonly defaultProvider: string;
  readonly cookies: LoginCookies;
  readonly sessions: Sessions;
  readonly memory: SessionMemory;
  readonly failures: FailedCredentials;
  /** Maximum age of a session, ms. */
  readonly lifetimeMs: number;
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Counts a failed login. */
  refused(code: ErrorCode): void;
}

/** Fields of replies that contain credentials or were requested with some in the URL. */
export const PRIVATE: readonly string[] = ["Cache-Control", "no-store", "Referrer-Policy", "no-referrer"];

/** A redirect. @param lines of Set-Cookie */
export function redirect(location: string, lines: readonly string[]): Reply {
  return { status: 302, fields: [...PRIVATE, ...setCookies(lines), "Location", location], body: "" };
}

/** Set-Cookie lines as fields. */
export function setCookies(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => ["Set-Cookie", line]);
}

/** The reply to a failed login. @param lines of Set-Cookie @throws the error if it is not a LoginFault */
export function refusalOf(parts: LoginParts, ctx: RequestContext, error: unknown, lines: readonly string[]): Refusal {
  if (!(error instanceof LoginFault)) throw error;
  const code = error.kind === "down" ? "auth_unavailable" : "login_failed";
  ctx.detail = `session: ${error.message}`;
  parts.refused(code);
  return { code, fields: [...PRIVATE, ...setCookies(lines)] };
}

/** The value of a query parameter; null: it is missing, or there are several. */
export function oneOf(values: readonly string[]): string | null {
  return values.length === 1 ? values[0]! : null;
}
