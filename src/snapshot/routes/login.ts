// Compiles `auth.session` into the method, pages and filter of logins. The state of sessions outlives reloads.

import type { Authenticator } from "../../auth/authenticator.ts";
import { type AcceptedToken, Issuer } from "../../auth/jwt/issuer.ts";
import { TokenVerifier } from "../../auth/jwt/verifier.ts";
import { beginPage } from "../../auth/login/begin-page.ts";
import { callbackPage } from "../../auth/login/callback-page.ts";
import { LoginCookies, privateCookies } from "../../auth/login/cookies.ts";
import type { LoginParts } from "../../auth/login/login-parts.ts";
import { logoutPage } from "../../auth/login/logout-page.ts";
import { SessionMemory } from "../../auth/login/memory.ts";
import { sessionMethod } from "../../auth/login/method.ts";
import { CookieNotes } from "../../auth/login/notes.ts";
import { LoginProvider } from "../../auth/login/provider.ts";
import { Sealer } from "../../auth/login/sealing.ts";
import { Sessions } from "../../auth/login/sessions.ts";
import type { LoginSettings } from "../../auth/login/settings.ts";
import { CookieStore, type SessionStore } from "../../auth/login/store.ts";
import type { ProviderSettings } from "../../auth/oauth2/settings.ts";
import type { Config } from "../../config/config.ts";
import type { LoginConfig, RuleAuthConfig } from "../../config/meaning/auth-config.ts";
import { systemClock } from "../../core/clock.ts";
import type { Filter } from "../../core/filter.ts";
import type { Responder } from "../../core/responder.ts";
import { digest } from "../digest.ts";
import { redisOptions } from "../redis-options.ts";
import type { Build, Runtime } from "../runtime.ts";
import { failuresOf } from "./failures.ts";
import { providerDirectory, providerIssuer } from "./oauth2.ts";

/** Logins of one configuration. */
export interface Login {
  /** Path → page. */
  readonly pages: ReadonlyMap<string, Responder>;
  /** For every route: hides the cookies from backends. */
  readonly filter: Filter;
  /** The method of a rule. @param rule its requirements on tokens and sessions; null: none */
  method(rule: RuleAuthConfig["oauth2"]): Authenticator;
}

/** Loads the Redis client if sessions are stored there. */
export async function prepareLogin({ auth }: Config, runtime: Runtime): Promise<void> {
  if (runtime.redisSessions !== null || (auth.session?.store ?? null) === null) return;
  runtime.redisSessions = await import("../../auth/login/redis-store.ts");
}

const made = new WeakMap<Build, Login | null>();

/** The logins of a build, created once; null: there are none. */
export function loginOf(build: Build): Login | null {
  let login = made.get(build);
  if (login === undefined) {
    const { session } = build.config.auth;
    made.set(build, (login = session === null ? null : makeLogin(build, session)));
  }
  return login;
}

function makeLogin(build: Build, settings: LoginConfig): Login {
  const { leases, runtime } = build;
  const sealer = new Sealer(settings.secrets.length > 0 ? settings.secrets : [runtime.sessionSecret]);
  const cookies = new LoginCookies(settings.cookie, sealer);
  const notes = new CookieNotes();
  const providers = providersOf(build);
  const memory = leases.lease(
    "session-memory",
    () => new SessionMemory(runtime.log, systemClock),
    () => undefined,
  );
  const sessions = new Sessions(storeOf(build, settings, sealer), providers, memory, runtime.log);
  const { paths, lifetimeMs, defaultProvider } = settings;
  const parts: LoginParts = {
    ...{ paths, providers, defaultProvider, cookies, sessions, memory, lifetimeMs },
    failures: failuresOf(build),
    now: Date.now,
    refused: (code) => runtime.meters.auth.refused("session", code),
  };
  return {
    pages: pagesOf(parts),
    filter: privateCookies(cookies),
    method: (rule) => {
      const scopes = [...build.config.auth.oauth2!.scopes, ...(rule?.scopes ?? [])];
      const own = { scopes, provider: rule?.provider ?? "", loginPath: paths.login };
      return sessionMethod({ sessions, cookies, notes, ...own, now: Date.now });
    },
  };
}

function pagesOf(parts: LoginParts): ReadonlyMap<string, Responder> {
  const { login, logout, callbacks } = parts.paths;
  const callback = callbackPage(parts);
  return new Map([
    [login, beginPage(parts)],
    [logout, logoutPage(parts)],
    ...callbacks.map((path): [string, Responder] => [path, callback]),
  ]);
}

function providersOf(build: Build): ReadonlyMap<string, LoginProvider> {
  const all = build.config.auth.oauth2?.providers ?? [];
  return new Map(
    all.flatMap((settings): [string, LoginProvider][] => {
      const { login, name } = settings;
      return login === null ? [] : [[name, providerOf(build, settings, login)]];
    }),
  );
}

function providerOf(build: Build, settings: ProviderSettings, login: LoginSettings): LoginProvider {
  const issuer = login.hasIdTokens ? providerIssuer(settings, build) : null;
  const directory = providerDirectory(settings, build);
  return new LoginProvider({
    settings,
    login,
    directory,
    verifier: issuer === null ? null : idTokens(issuer, settings),
  });
}

/** Verifies ID tokens: their audience is the client, regardless of the audience of other tokens. */
function idTokens({ settings, keys }: Issuer, { clientId }: ProviderSettings): TokenVerifier<AcceptedToken> {
  const issuer = new Issuer({ ...settings, audience: [clientId], audienceClaim: "aud" }, keys);
  return new TokenVerifier([issuer], (token) => token, Date.now, 1);
}

function storeOf({ config, leases, runtime }: Build, { store }: LoginConfig, sealer: Sealer): SessionStore {
  if (store === null) return new CookieStore(sealer);
  const { openSessionClient, RedisSessionStore } = runtime.redisSessions!;
  const options = redisOptions(store.redis, config);
  const client = leases.lease(
    `session-store|redis|${digest(options)}`,
    () => openSessionClient(options),
    (open) => open.disconnect(),
  );
  return new RedisSessionStore(sealer, client);
}
