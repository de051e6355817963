// Reads and validates `auth.session` and the login settings of providers.
import type { LoginSettings, SessionSettings } from "../../auth/login/settings.ts";
import type { ProviderSettings } from "../../auth/oauth2/settings.ts";
import { canonicalPath } from "../../wire/path.ts";
import type { StoreConfigs } from "../config.ts";
import type { ProviderSection } from "../schema/oauth2.ts";
import { didYouMean } from "../text/suggest.ts";
import type { LoginConfig } from "./auth-config.ts";
import { type Draft, dotted, type Place } from "./draft.ts";

const BLOCK: Place = ["auth", "session"];
const COOKIE_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
/** Minimum length of a secret, characters: shorter ones can be guessed from a cookie. */
const MIN_SECRET = 32;
/** Parameters of authorization requests that the gateway sets. */
const OWN_PARAMETERS: readonly string[] = [
  ...["response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce"],
  ...["code_challenge", "code_challenge_method", "request", "request_uri"],
];

/** Whether users can log in at a provider. @param wanted name of the only one that counts; "" = any */
export function hasLogins({ written }: Draft, wanted: string): boolean {
  const { oauth2 } = written.auth;
  const counts = (name: string) => wanted === "" || name === wanted;
  return oauth2.enabled && oauth2.providers.some(({ name, redirectURL }) => counts(name) && redirectURL !== "");
}

/** Reads the keys of a provider; null: there are no logins at it. */
export function readProviderLogin(draft: Draft, section: ProviderSection, place: Place): LoginSettings | null {
  const { redirectURL, clientId, issuerUrl, discoveryUrl, useDiscovery, authorizationParams } = section;
  if (redirectURL === "") return null;
  const fault = (key: string, why: string) => draft.error([...place, key], `${dotted(place)}.${key}: ${why}`);
  checkRedirectUrl(draft, redirectURL, [...place, "redirectURL"]);
  const isDiscovered = useDiscovery && (issuerUrl !== "" || discoveryUrl !== "");
  if (clientId === "") fault("redirectURL", "logins need clientId");
  for (const key of ["authorizationUrl", "tokenUrl"] as const)
    if (section[key] === "" && !isDiscovered) fault(key, "logins need it, or issuerUrl to discover it");
  for (const name of Object.keys(authorizationParams))
    if (OWN_PARAMETERS.includes(name)) fault("authorizationParams", `the gateway sets ${name} itself`);
  const hasIdTokens = issuerUrl !== "" || isDiscovered;
  const scopes = section.scopes ?? (hasIdTokens ? ["openid", "profile", "email"] : []);
  for (const scope of scopes)
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)) fault("scopes", `${JSON.stringify(scope)} is not a valid scope`);
  return {
    redirectUrl: redirectURL,
    scopes,
    parameters: authorizationParams,
    hasIdTokens: readIdTokens(draft, section, scopes, hasIdTokens, place),
    asksUserInfo: section.userInfoUrl !== "",
  };
}

/** Whether users are identified by ID tokens; otherwise by the userinfo endpoint. */
function readIdTokens(
  draft: Draft,
  { userInfoUrl, allowedTenants, jwksEndpoint, useDiscovery }: ProviderSection,
  scopes: readonly string[],
  isOpenId: boolean,
  place: Place,
): boolean {
  const fault = (key: string, why: string) => draft.error([...place, key], `${dotted(place)}.${key}: ${why}`);
  if (!scopes.includes("openid")) {
    if (userInfoUrl === "" && !isOpenId)
      fault("userInfoUrl", "without the scope openid, logins need it to find out who the user is");
    return false;
  }
  if (!isOpenId) fault("scopes", "the scope openid needs issuerUrl, to verify ID tokens");
  if (allowedTenants.length > 1) fault("allowedTenants", "logins need one tenant: use a provider for each");
  if (isOpenId && !useDiscovery && jwksEndpoint === "") fault("jwksEndpoint", "logins need it, to verify ID tokens");
  return true;
}

function checkRedirectUrl(draft: Draft, text: string, place: Place): void {
  const fault = (why: string) => draft.error(place, `${dotted(place)}: ${why}`);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.hash !== "")
    return fault(`"${text}" is not a valid http:// or https:// URL`);
  if (url.pathname === "/" || canonicalPath(url.pathname) !== url.pathname)
    return fault("needs a path of its own, such as /auth/callback");
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && !isLocal)
    draft.warn(place, `${dotted(place)}: without https, others on the network can take over sessions`);
}

/** Reads the section. @param stores null: they are invalid, which is reported */
export function readLogin(
  draft: Draft,
  all: readonly Pick<ProviderSettings, "name" | "login">[],
  stores: StoreConfigs | null,
): LoginConfig | null {
  const providers = new Map(all.flatMap(({ name, login }) => (login === null ? [] : [[name, login] as const])));
  const { session } = draft.written.auth;
  const fault = (key: string, why: string) => draft.error([...BLOCK, key], `${dotted(BLOCK)}.${key}: ${why}`);
  const [first] = providers.keys();
  if (first === undefined) {
    if (draft.isGiven("auth.session.provider") || session.secrets.length > 0)
      draft.warn(BLOCK, "auth.session: has no effect, because no provider of auth.oauth2 has redirectURL");
    return null;
  }
  if (session.provider !== "" && !providers.has(session.provider))
    fault(
      "provider",
      `no provider "${session.provider}" has redirectURL${didYouMean(session.provider, providers.keys())}`,
    );
  if (session.lifetime === 0) fault("lifetime", "must be more than 0");
  checkSecrets(draft);
  return {
    secrets: session.secrets,
    cookie: readCookie(draft, providers),
    paths: readPaths(draft, providers),
    lifetimeMs: session.lifetime,
    defaultProvider: session.provider || first,
    store: readStore(draft, stores),
  };
}

function checkSecrets(draft: Draft): void {
  const { secrets } = draft.written.auth.session;
  // The position is that of the block, because messages quote the line.
  if (secrets.some((secret) => secret.length < MIN_SECRET))
    draft.error(
      BLOCK,
      `auth.session.secrets: each needs at least ${MIN_SECRET} characters; openssl rand -hex 32 makes one`,
    );
  if (secrets.length === 0)
    draft.warn(BLOCK, "auth.session: without secrets, users must log in again after each restart, and on each gateway");
}

function readCookie(draft: Draft, providers: ReadonlyMap<string, LoginSettings>): SessionSettings["cookie"] {
  const { session, jwt, apikey, oauth2 } = draft.written.auth;
  const place: Place = [...BLOCK, "cookieName"];
  const fault = (why: string) => draft.error(place, `${dotted(place)}: ${why}`);
  const schemes = new Set([...providers.values()].map(({ redirectUrl }) => redirectUrl.split(":")[0]!));
  if (schemes.size > 1)
    draft.error(
      ["auth", "oauth2", "providers"],
      "auth.oauth2.providers: redirectURL must be https at all of them, or http",
    );
  const secure = schemes.has("https");
  const name = session.cookieName || oauth2.tokenCookie || (secure ? "__Host-auth_token" : "auth_token");
  if (!COOKIE_NAME.test(name)) fault(`"${name}" is not a valid cookie name`);
  if (!secure && /^__(Host|Secure)-/i.test(name)) fault(`"${name}" needs a redirectURL with https`);
  if ([jwt.cookieName, apikey.cookieName].includes(name)) fault(`"${name}" is the cookie of another method`);
  return { name, secure, idleMs: session.idleTimeout };
}

function readPaths(draft: Draft, providers: ReadonlyMap<string, LoginSettings>): SessionSettings["paths"] {
  const { loginPath, logoutPath, afterLogin, afterLogout } = draft.written.auth.session;
  const fault = (key: string, why: string) => draft.error([...BLOCK, key], `${dotted(BLOCK)}.${key}: ${why}`);
  const isPath = (text: string) => canonicalPath(text) === text;
  const callbacks = [...new Set([...providers.values()].map(({ redirectUrl }) => pathOf(redirectUrl)))];
  for (const [key, path] of Object.entries({ loginPath, logoutPath }))
    if (path === "/" || !isPath(path)) fault(key, `"${path}" is not a valid path, such as /auth/login`);
  for (const [key, path] of Object.entries({ afterLogin, afterLogout }))
    if (path !== "" && !isPath(path.split("?")[0]!)) fault(key, `"${path}" is not a valid path`);
  if (afterLogout === "") fault("afterLogout", "must not be empty");
  const own = [loginPath, logoutPath, ...callbacks];
  if (new Set(own).size < own.length)
    fault("loginPath", "loginPath, logoutPath and the paths of redirectURL must differ");
  if (own.includes(afterLogin)) fault("afterLogin", `"${afterLogin}" is a path of the login itself`);
  if (own.includes(afterLogout)) fault("afterLogout", `"${afterLogout}" is a path of the login itself`);
  return { login: loginPath, callbacks, logout: logoutPath, afterLogin, afterLogout };
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : "/";
}

function readStore(draft: Draft, stores: StoreConfigs | null): LoginConfig["store"] {
  const { store: name } = draft.written.auth.session;
  if (name === "cookie" || stores === null) return null;
  const place: Place = [...BLOCK, "store"];
  const found = stores.get(name);
  if (found !== undefined && found !== null) return { name: found.name, redis: found.redis };
  const needsBlock = name === "redis" ? "; it needs a redis block at the top" : "";
  const why =
    found === null
      ? `"${name}" is in the memory of one process; sessions are kept in cookies or in Redis`
      : `unknown store "${name}"${needsBlock}${didYouMean(name, ["cookie", ...stores.keys()])}`;
  draft.error(place, `${dotted(place)}: ${why}`);
  return null;
}
