// Reads the authentication requirements of a rule from its own settings and those of `auth`.
import { AUTH_METHODS, type AuthMethod } from "../../core/identity.ts";
import type { AuthNeed } from "../schema/auth.ts";
import type { RuleSection } from "../schema/router.ts";
import { didYouMean } from "../text/suggest.ts";
import type { RuleAuthConfig } from "./auth-config.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { impliedNeed, isSet, ownNeed, skippedPaths } from "./implied-auth.ts";
import { hasOwnKeys, ruleJwtName } from "./jwt.ts";
import { hasLogins } from "./login.ts";
import { skipPatterns } from "./skip-paths.ts";

/** Without comma, which separates scopes in requests to services. */
const SCOPE = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/;

/** The requirements of a rule; null: none. @param place of the rule */
export function readRuleAuth(draft: Draft, section: RuleSection, place: Place, id: string): RuleAuthConfig | null {
  const { auth } = draft.written;
  const fault = (key: string, message: string) => draft.error([...place, key], `rule "${id}": ${message}`);
  const { authRequired, authType, authService, requiredScopes, requiredPermissions } = section;
  const blocks = methodsOfBlocks(section);
  const asked = [authType, blocks, authService, requiredScopes, requiredPermissions];
  const asks = asked.some(({ length }) => length > 0);
  const own: AuthNeed | null = authRequired ?? (asks ? true : null);
  if (isSet(section.metadata.skipAuth)) {
    if (own === true) fault("metadata", "metadata.skipAuth conflicts with the authentication that the rule requires");
    return null;
  }
  if (authRequired === false && asks)
    fault(
      "authRequired",
      "must not be false together with authType, authService, auth, requiredScopes or requiredPermissions",
    );
  if (authRequired === "optional" && requiredScopes.length > 0)
    fault("requiredScopes", "anonymous requests have no scopes; set authRequired: true");
  checkScopes(draft, requiredScopes, [...place, "requiredScopes"]);
  const oauth2 = readRuleOAuth2(draft, section, place, id);
  const need = own ?? (ownNeed(draft, section) || impliedNeed(draft, section));
  if (need === false) return null;
  const named = [authType, blocks, auth.providers].find((names) => names.length > 0) ?? [];
  const wanted = named === authType ? methodsIn(draft, authType, [...place, "authType"]) : knownIn(named);
  const isOn = (method: AuthMethod) => {
    if (method === "oauth2" && section.auth.oauth2?.enabled === false) return false;
    if (method === "session") return hasLogins(draft, oauth2?.provider ?? "") && section.auth.oauth2?.enabled !== false;
    return auth[method].enabled || (method === "jwt" && ownJwt(section));
  };
  const methods = (named.length > 0 ? withSessions(wanted) : AUTH_METHODS).filter(isOn);
  if (methods.length === 0) {
    const which = named.length > 0 ? ` of ${named.join(", ")}` : "";
    draft.error(place, `rule "${id}" requires authentication, but no method${which} is enabled below auth`);
  }
  return {
    optional: need === "optional",
    methods,
    scopes: [...new Set([...auth.requiredScopes, ...requiredScopes])],
    service: readService(draft, section, methods, fault),
    jwt: ownJwt(section) ? ruleJwtName(section, place) : "",
    oauth2,
    skipPaths: own === null ? skipPatterns(skippedPaths(draft, section)) : [],
  };
}

/** A rule that accepts tokens of providers also accepts sessions of users who logged in there. */
function withSessions(methods: readonly AuthMethod[]): readonly AuthMethod[] {
  return [
    ...new Set(methods.flatMap((method): AuthMethod[] => (method === "oauth2" ? [method, "session"] : [method]))),
  ];
}

/** Methods for which the rule has a block. */
function methodsOfBlocks({ auth: { jwt, oauth2 } }: RuleSection): readonly AuthMethod[] {
  const on = { jwt: jwt !== null, oauth2: oauth2?.enabled ?? false };
  return (["jwt", "oauth2"] as const).filter((method) => on[method]);
}

function ownJwt({ auth: { jwt } }: RuleSection): boolean {
  return jwt !== null && hasOwnKeys(jwt);
}

function readRuleOAuth2(draft: Draft, section: RuleSection, place: Place, id: string): RuleAuthConfig["oauth2"] {
  const own = section.auth.oauth2;
  if (own === null) return null;
  const at = [...place, "auth", "oauth2"];
  const { oauth2 } = draft.written.auth;
  const names = oauth2.providers.map(({ name }) => name);
  if (own.provider !== "" && !names.includes(own.provider))
    draft.error(
      [...at, "provider"],
      `rule "${id}": unknown provider "${own.provider}"${didYouMean(own.provider, names)}`,
    );
  checkScopes(draft, own.requireScopes, [...at, "requireScopes"]);
  const { enabled, provider, requireScopes: scopes, requireAudience: audience } = own;
  const asks = provider !== "" || scopes.length + audience.length > 0 || section.authType.includes("oauth2");
  if (!enabled && asks)
    draft.error(at, `rule "${id}": auth.oauth2 has requirements on tokens, but is disabled for this rule`);
  return enabled ? { provider, scopes, audience } : null;
}

/** Name of the authorization service; null: `forward` is not one of the methods. */
function readService(
  draft: Draft,
  { authService }: RuleSection,
  methods: readonly AuthMethod[],
  fault: (key: string, message: string) => void,
): string | null {
  const { url, services } = draft.written.auth.forward;
  const at = methods.indexOf("forward");
  if (at === -1) {
    if (authService !== "") fault("authService", "has no effect without the method forward");
    return null;
  }
  if (at < methods.length - 1) fault("authType", "forward decides every request; name it last");
  if (authService === "") {
    const names = Object.keys(services);
    if (url === "" && names.length > 0) fault("authService", `name one of ${names.join(", ")}`);
  } else if (!Object.hasOwn(services, authService)) {
    const hint = didYouMean(authService, Object.keys(services));
    fault("authService", `auth.forward.services has no "${authService}"${hint}`);
  }
  return authService;
}

/** Reports unknown methods. */
export function methodsIn(draft: Draft, names: readonly string[], place: Place): readonly AuthMethod[] {
  for (const [i, name] of names.entries()) {
    if (isMethod(name)) continue;
    const hint = name === "oidc" ? '; OpenID Connect is "oauth2"' : didYouMean(name, AUTH_METHODS);
    draft.error([...place, i], `${dotted(place)}: unknown method "${name}"${hint}`);
  }
  return knownIn(names);
}

/** Reports invalid scopes. */
export function checkScopes(draft: Draft, scopes: readonly string[], place: Place): void {
  for (const [i, scope] of scopes.entries()) {
    if (!isScope(scope)) draft.error([...place, i], `${dotted(place)}: ${JSON.stringify(scope)} is not a valid scope`);
  }
}

/** Whether a text is a scope (RFC 6749 §3.3), without comma. */
export function isScope(text: string): boolean {
  return SCOPE.test(text);
}

function knownIn(names: readonly string[]): readonly AuthMethod[] {
  return [...new Set(names.filter(isMethod))];
}

function isMethod(name: string): name is AuthMethod {
  return (AUTH_METHODS as readonly string[]).includes(name);
}
