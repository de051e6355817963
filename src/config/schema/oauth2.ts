// `auth.oauth2`: OAuth 2 and OpenID Connect tokens, and their providers.
import type { Infer } from "./field.ts";
import { listOf, mapOf, object, optional } from "./fields.ts";
import { issuer } from "./jwt.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, str, strings } from "./scalars.ts";

const { allowedTenants, audienceClaim, jwksCacheDuration, clockSkew, subjectClaim, scopeClaim, caFile, proxy } = issuer;

const provider = object("One provider", {
  name: str("name of the provider in logs, in rules, and in `X-Auth-Provider`"),
  clientId: str("client identifier of the gateway", ""),
  clientSecret: str("client secret of the gateway, best written as `${file:/run/secrets/name}`", ""),
  issuerUrl: str(
    "required value of `iss`, compared exactly; `{tenantid}` in it stands for each of `allowedTenants`",
    "",
  ),
  allowedTenants,
  useDiscovery: bool("discover the URLs of the provider; those configured here take precedence", true),
  discoveryUrl: str(
    "URL of the discovery document, which may have an internal host name; default `<issuerUrl>/.well-known/openid-configuration`",
    "",
  ),
  authorizationUrl: str("authorization endpoint; default as discovered", ""),
  tokenUrl: str("token endpoint; default as discovered", ""),
  userInfoUrl: str("userinfo endpoint; default as discovered", ""),
  introspectionUrl: str("introspection endpoint (RFC 7662), for opaque tokens; default as discovered", ""),
  endSessionUrl: str("logout endpoint; default as discovered", ""),
  jwksEndpoint: str("URL of the JWK set published by the provider; default as discovered", ""),
  jwksCacheDuration,
  caFile: { ...caFile, doc: "PEM trust anchors for the URLs of the provider; empty = those of the runtime" },
  proxy,
  signingMethod: strings(
    "accepted algorithms; default all but HS256 to HS512, which use the `clientSecret` instead of published keys",
  ),
  validateIssuer: bool("reject tokens of issuers other than `issuerUrl`", true),
  validateAudience: bool("reject tokens with another audience; if false, opaque tokens are rejected", true),
  audience: strings("accepted audiences, of which the token must have one; default `clientId`"),
  audienceClaim,
  clockSkew,
  subjectClaim,
  scopeClaim,
  claimsMapping: mapOf(
    "claim → attribute; for `subject`, `type` and `scopes` the reverse: each → the claim that contains it",
    str("name of the attribute, or of the claim"),
  ),
  redirectURL: str(
    "URL of the gateway that the provider redirects back to after a login, such as `https://app.example.org/auth/callback`; must be registered at the provider; enables logins",
    "",
  ),
  scopes: optional(strings("scopes requested at login; default openid, profile and email; without `issuerUrl` none")),
  authorizationParams: mapOf(
    "further parameters of the authorization request, such as `prompt: consent`",
    str("value"),
  ),
});

const oauth2 = object("", {
  enabled: bool("accept OAuth 2 and OpenID Connect tokens", false),
  providers: listOf("providers, selected by `iss`", provider),
  requireScopes: strings("scopes that these tokens must have, all of them"),
  requireAudience: strings(
    "audiences, of which these tokens must have one, in addition to the requirements of their provider",
  ),
  tokenHeader: str("header that contains the token; empty = none", "Authorization"),
  bearerPrefix: str("scheme before the token in that header, case-insensitive", "Bearer"),
  tokenCookie: str(
    "cookie that may also contain the token; with logins, the name of the session cookie; empty = none",
    "",
  ),
  tokenQuery: str("query parameter that may also contain the token; empty = none", ""),
  forward: bool("forward the token to services; otherwise it is stripped from all these places", true),
});

/** `auth.oauth2`. */
export const oauth2Block = orSwitch(
  oauth2,
  "OAuth 2 and OpenID Connect tokens: true, false or a block, which is on unless it says otherwise",
);

/** `auth.oauth2` of a rule. */
export const ruleOAuth2 = orSwitch(
  object("", {
    enabled: bool("accept these tokens; false disables them for this rule", true),
    provider: str("name of the one provider whose tokens are accepted; empty = any", ""),
    requireScopes: strings("scopes that the token must have, all of them, in addition to those required elsewhere"),
    requireAudience: strings("audiences, of which the token must have one, in addition to those required elsewhere"),
  }),
  "OAuth 2 and OpenID Connect tokens; without `authType` the rule accepts only these: true, false or a block",
);

/** Effective `auth.oauth2`. */
export type OAuth2Section = Infer<typeof oauth2>;
/** One provider as written. */
export type ProviderSection = OAuth2Section["providers"][number];
/** Effective `auth.oauth2` of a rule. */
export type RuleOAuth2Section = Infer<typeof ruleOAuth2>;
