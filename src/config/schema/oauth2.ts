// `auth.oauth2`: tokens of OAuth 2 and OpenID Connect, and the providers that issue them.
import type { Infer } from "./field.ts";
import { listOf, mapOf, object, optional } from "./fields.ts";
import { issuer } from "./jwt.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, str, strings } from "./scalars.ts";

const { allowedTenants, audienceClaim, jwksCacheDuration, clockSkew, subjectClaim, scopeClaim, caFile, proxy } = issuer;

const provider = object("One provider", {
  name: str("names it in logs, in rules, and in `X-Auth-Provider`"),
  clientId: str("identifier of the gateway at the provider", ""),
  clientSecret: str("secret of the gateway at the provider, best written as `${file:/run/secrets/name}`", ""),
  issuerUrl: str("what `iss` must be, to the letter; `{tenantid}` in it stands for each of `allowedTenants`", ""),
  allowedTenants,
  useDiscovery: bool("ask the provider itself for its URLs; those written here win", true),
  discoveryUrl: str(
    "its discovery document, which may be at an inner name; default `issuerUrl`, and behind it `/.well-known/openid-configuration`",
    "",
  ),
  authorizationUrl: str("authorization endpoint; default as discovered", ""),
  tokenUrl: str("token endpoint; default as discovered", ""),
  userInfoUrl: str("userinfo endpoint; default as discovered", ""),
  introspectionUrl: str("introspection endpoint (RFC 7662), for opaque tokens; default as discovered", ""),
  endSessionUrl: str("endpoint of logout; default as discovered", ""),
  jwksEndpoint: str("URL of the JWK set that the provider publishes; default as discovered", ""),
  jwksCacheDuration,
  caFile: { ...caFile, doc: "PEM trust anchors for the URLs of the provider; empty = those of the runtime" },
  proxy,
  signingMethod: strings(
    "algorithms that are accepted; default all but HS256 to HS512, which take the `clientSecret` and no published keys",
  ),
  validateIssuer: bool("refuse tokens of other issuers than `issuerUrl`", true),
  validateAudience: bool("refuse tokens that are meant for others; opaque tokens are refused without it", true),
  audience: strings("one of which the token must be meant for; default `clientId`"),
  audienceClaim,
  clockSkew,
  subjectClaim,
  scopeClaim,
  claimsMapping: mapOf(
    "claim → attribute; the other way round for `subject`, `type` and `scopes`: each → the claim it is read from",
    str("name of the attribute, or of the claim"),
  ),
  redirectURL: str(
    "URL of the gateway that users are sent back to after a login, such as `https://app.example.org/auth/callback`; registered at the provider; enables logins",
    "",
  ),
  scopes: optional(strings("scopes of logins; default openid, profile and email; without `issuerUrl` none")),
  authorizationParams: mapOf(
    "further parameters of the authorization request, such as `prompt: consent`",
    str("value"),
  ),
});

const oauth2 = object("", {
  enabled: bool("accept tokens of OAuth 2 and OpenID Connect", false),
  providers: listOf("who issues tokens; the one that `iss` names decides", provider),
  requireScopes: strings("scopes that these tokens must hold, all of them"),
  requireAudience: strings("one of which these tokens must be meant for, beside what their provider demands"),
  tokenHeader: str("header that holds the token; empty = none", "Authorization"),
  bearerPrefix: str("word before the token in that header, in any case", "Bearer"),
  tokenCookie: str("cookie that may hold it, too; with logins, the name of the session cookie; empty = none", ""),
  tokenQuery: str("query parameter that may hold it, too; empty = none", ""),
  forward: bool("send the token on to services as it came; otherwise it is taken out wherever it may stand", true),
});

/** `auth.oauth2`. */
export const oauth2Block = orSwitch(
  oauth2,
  "Tokens of OAuth 2 and OpenID Connect: true, false or a block, which is on unless it says otherwise",
);

/** `auth.oauth2` of a rule. */
export const ruleOAuth2 = orSwitch(
  object("", {
    enabled: bool("accept these tokens here; false: everywhere but here", true),
    provider: str("name of the one provider whose tokens are accepted; empty = any", ""),
    requireScopes: strings("scopes that the token must hold, all of them, beside those demanded elsewhere"),
    requireAudience: strings("one of which the token must be meant for, beside what is demanded elsewhere"),
  }),
  "Tokens of OAuth 2 and OpenID Connect, without `authType` these alone: true, false or a block",
);

/** Effective `auth.oauth2`. */
export type OAuth2Section = Infer<typeof oauth2>;
/** One provider as written. */
export type ProviderSection = OAuth2Section["providers"][number];
/** Effective `auth.oauth2` of a rule. */
export type RuleOAuth2Section = Infer<typeof ruleOAuth2>;
