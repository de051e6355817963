// Reads and validates `auth`, with the files it names.
import type { BasicUser } from "../../auth/basic.ts";
import type { IssuerSettings } from "../../auth/jwt/issuer.ts";
import type { JwtSettings } from "../../auth/jwt/settings.ts";
import type { OAuth2Settings } from "../../auth/oauth2/settings.ts";
import { parsePasswordHash } from "../../auth/password-hash.ts";
import { knownField, OTHER } from "../../wire/known.ts";
import type { StoreConfigs } from "../config.ts";
import { namedEntries } from "../schema/map-or-list.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { KeyReader } from "./api-keys.ts";
import type { AuthConfig } from "./auth-config.ts";
import { subjectFault, subjectOf } from "./auth-subject.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { readForward } from "./forward.ts";
import { readJwt, readRuleJwt } from "./jwt.ts";
import { readLogin } from "./login.ts";
import { readOAuth2 } from "./oauth2.ts";
import { checkScopes, methodsIn } from "./rule-auth.ts";
import { checkSkipPaths } from "./skip-paths.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Reads and checks the section.
 * @param files records the files that are read
 * @param stores null: they are invalid, which is reported
 */
export function readAuth(draft: Draft, files: SourceFiles, stores: StoreConfigs | null): AuthConfig {
  const { auth } = draft.written;
  const place: Place = ["auth"];
  methodsIn(draft, auth.providers, [...place, "providers"]);
  checkScopes(draft, auth.requiredScopes, [...place, "requiredScopes"]);
  checkSkipPaths(draft, auth.skipPaths, [...place, "skipPaths"]);
  const { jwt, oauth2, apikey, basic, mtls, forward, failures } = auth;
  for (const [subject, scopes] of Object.entries(mtls.scopes))
    checkScopes(draft, scopes, [...place, "mtls", "scopes", subject]);
  const read = {
    jwt: jwt.enabled ? readJwt(draft, files) : null,
    oauth2: oauth2.enabled ? readOAuth2(draft, files) : null,
  };
  if (read.jwt !== null && read.oauth2 !== null) checkShared(draft, read.jwt, read.oauth2);
  const session = readLogin(draft, read.oauth2?.providers ?? [], stores);
  return {
    failures: { max: failures.max, windowMs: failures.window },
    ...read,
    oauth2: read.oauth2 === null ? null : withoutSessions(read.oauth2, session?.cookie.name ?? ""),
    session,
    ruleJwt: readRuleJwt(draft, files),
    apikey: apikey.enabled ? readKeys(draft, files) : null,
    basic: basic.enabled ? readUsers(draft) : null,
    mtls: mtls.enabled ? { scopes: mtls.scopes } : null,
    forward: forward.enabled ? readForward(draft, files) : null,
  };
}

/** With logins, `tokenCookie` names the session cookie, which contains no token. */
function withoutSessions(oauth2: OAuth2Settings, cookieName: string): OAuth2Settings {
  const { places } = oauth2;
  return places.cookie === cookieName ? { ...oauth2, places: { ...places, cookie: "" } } : oauth2;
}

/** Warns of issuers that are configured for both methods, because a token is verified by only one. */
function checkShared(draft: Draft, jwt: JwtSettings, oauth2: OAuth2Settings): void {
  const known = new Set(jwt.issuers.flatMap(issuersOf));
  for (const { issuer, keys, name } of oauth2.providers) {
    if (keys === "none" || !issuersOf(issuer).some((iss) => known.has(iss))) continue;
    const first = "if a rule accepts both, the first method verifies its tokens";
    draft.warn(["auth", "oauth2"], `auth.oauth2: the issuer of "${name}" is also configured in auth.jwt; ${first}`);
  }
}

/** "" = any. */
function issuersOf({ issuers }: Pick<IssuerSettings, "issuers">): readonly string[] {
  const own = Object.keys(issuers);
  return own.length > 0 ? own : [""];
}

function readKeys(draft: Draft, files: SourceFiles): AuthConfig["apikey"] {
  const { apikey } = draft.written.auth;
  const place: Place = ["auth", "apikey"];
  const headers = apikey.headerName.map((name) => name.toLowerCase()).filter((name) => name !== "");
  const fault = (key: string, message: string) => draft.error([...place, key], `${dotted(place)}.${key}: ${message}`);
  for (const header of headers) {
    if (header === "authorization") fault("headerName", "set scheme instead, to the word before the key");
    else if (!TOKEN.test(header) || header === "cookie" || knownField(header) !== OTHER)
      fault("headerName", `"${header}" cannot contain a key`);
  }
  for (const name of ["queryParam", "cookieName", "scheme"] as const)
    if (apikey[name] !== "" && !TOKEN.test(apikey[name])) fault(name, `"${apikey[name]}" is not a valid name`);
  if (apikey.scheme.toLowerCase() === "basic") fault("scheme", "Basic is for user names and passwords");
  const { queryParam: query, cookieName: cookie, scheme } = apikey;
  if (headers.length === 0 && query + cookie + scheme === "")
    draft.error(place, "auth.apikey: keys need a header, query parameter, cookie or scheme");
  checkScopes(draft, apikey.defaultScopes, [...place, "defaultScopes"]);
  const keys = new KeyReader(draft, apikey).read(files);
  if (keys.length === 0) draft.warn(place, "auth.apikey: no keys are configured, so none is accepted");
  const none = { header: "", prefix: "", query: "", cookie: "", subprotocol: false };
  const places = [
    ...headers.map((header) => ({ ...none, header })),
    ...(query + cookie === "" ? [] : [{ ...none, query, cookie }]),
    ...(scheme === "" ? [] : [{ ...none, header: "authorization", prefix: scheme.toLowerCase() }]),
  ];
  return { places, scheme: scheme || "ApiKey", forward: apikey.forward, keys };
}

function readUsers(draft: Draft): AuthConfig["basic"] {
  const { realm, forward, users } = draft.written.auth.basic;
  const place: Place = ["auth", "basic"];
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(realm))
    draft.error([...place, "realm"], "auth.basic.realm: must be printable ASCII without quotes and backslashes");
  const names = new Set<string>();
  const read = namedEntries(users, (user) => user.name).flatMap(([step, name, user]): BasicUser[] => {
    const at = [...place, "users", step];
    const fault = (message: string) => {
      draft.problems.error(draft.at(at), `auth.basic.users: ${message}`, true);
      return [];
    };
    if (name === "" || /[:\p{Cc}]/u.test(name)) return fault("each user needs a name without colon");
    if (names.has(name)) return fault(`user "${name}" is configured twice`);
    names.add(name);
    if (parsePasswordHash(user.passwordHash) === null)
      return fault(`user "${name}" needs a passwordHash; gateway hash-key -password makes one`);
    const why = subjectFault(user, name);
    if (why !== null) return fault(`user "${name}": ${why}`);
    const identity = subjectOf("basic", user, name);
    return [{ name, passwordHash: user.passwordHash, disabled: user.disabled, identity }];
  });
  if (read.length === 0) draft.warn(place, "auth.basic: no users are configured, so none is accepted");
  return { realm, forward, users: read };
}
