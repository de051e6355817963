// `auth.session`: sessions of browsers that log in at a provider with `redirectURL`.
import type { Infer } from "./field.ts";
import { object } from "./fields.ts";
import { dur, str, strings } from "./scalars.ts";

/** `auth.session`. */
export const session = object("Sessions of browsers that log in at a provider of `auth.oauth2` with `redirectURL`", {
  secrets: strings(
    "keys that encrypt session cookies, at least 32 characters each: the first encrypts, all decrypt, so that keys can be rotated; gateways that share sessions need the same list; default: random at each start",
  ),
  cookieName: str(
    "name of the session cookie; default `__Host-auth_token`, or `auth_token` if `redirectURL` is http",
    "",
  ),
  lifetime: dur("maximum age of a session, after which the user must log in again", 43_200_000),
  idleTimeout: dur("a session without requests for this long ends; 0 = no limit", 0),
  provider: str("provider for logins that do not name one; default the first with `redirectURL`", ""),
  loginPath: str("path that starts a login", "/auth/authorize"),
  logoutPath: str("path that ends the session, here and at the provider", "/auth/logout"),
  afterLogin: str("path to redirect to after a login that was not started by a page; empty = answer with JSON", ""),
  afterLogout: str("path to redirect to after a logout; the provider must have its URL registered", "/"),
  store: str(
    "where sessions are kept: `cookie` = encrypted in cookies; `redis`, or the name of a Redis store in `rateLimitStorage.stores` = shared by all gateways, with only an id in the cookie",
    "cookie",
  ),
});

/** Effective `auth.session`. */
export type SessionSection = Infer<typeof session>;
