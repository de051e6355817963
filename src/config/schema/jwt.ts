// `auth.jwt`: signed tokens, who issues them, and what their claims must be like and mean.
import type { Infer } from "./field.ts";
import { listOf, mapOf, object } from "./fields.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, dur, str, strings } from "./scalars.ts";

/** Keys of an issuer of tokens. */
export const issuer = {
  issuer: str(
    "what `iss` must be, to the letter; `{tenantid}` in it stands for each of `allowedTenants`; empty = not asked",
    "",
  ),
  allowedTenants: strings(
    "tenants whose tokens are accepted where `issuer` holds `{tenantid}`; `tid` must be the same",
  ),
  audience: strings("one of which the token must be meant for; empty = not asked"),
  audienceClaim: str("claim that holds the audience", "aud"),
  signingMethod: strings(
    "algorithms that are accepted: RS256 to RS512, PS256 to PS512, ES256 to ES512, EdDSA; HS256 to HS512 with `secret` alone",
    ["RS256"],
  ),
  publicKey: str("PEM public key or certificate; several in a row allow rotation", ""),
  publicKeyFile: str("file of the same; re-read when it changes", ""),
  secret: str("shared secret of HS256 to HS512, best written as `${file:/run/secrets/name}`", ""),
  jwksFile: str("file with a JWK set; re-read when it changes", ""),
  jwksEndpoint: str("URL of the JWK set that the issuer publishes; https, or http on this machine", ""),
  jwksCacheDuration: dur("how often the JWK set is fetched again", 3_600_000),
  caFile: str("PEM trust anchors for `jwksEndpoint`; empty = those of the runtime", ""),
  proxy: str("HTTP proxy on the way to what is not on this machine, such as `http://proxy:3128`; empty = none", ""),
  requiredClaims: strings("claims that a token must have"),
  validateExp: bool("refuse tokens without an end (`exp`), and those that have ended", true),
  validateNbf: bool("refuse tokens before their beginning (`nbf`)", true),
  clockSkew: dur("how far the clocks of issuer and gateway may differ", 0),
  subjectClaim: str("claim that names the subject; dots descend, unless a claim has the very name", "sub"),
  scopeClaim: str("claim that holds the scopes: words in one text, or a list", "scope"),
};

const provider = object("One issuer", {
  name: str("names it in logs and in `X-Auth-Provider`"),
  ...issuer,
  customClaims: mapOf(
    "attribute → claim it is read from; `groups` and `roles` are attributes, too",
    str("claim, by its name or by a path with dots"),
  ),
});

const jwt = object("", {
  enabled: bool("accept signed tokens", false),
  ...issuer,
  claimsMapping: mapOf(
    "claim → attribute; the other way round for `subject`, `type` and `scopes`: each → the claim it is read from",
    str("name of the attribute, or of the claim"),
  ),
  providers: listOf(
    "issuers, of which the one that `iss` names decides; besides the one above, if it has a key",
    provider,
  ),
  headerName: str("header that holds the token; empty = none", "Authorization"),
  bearerPrefix: str("word before the token in that header, in any case", "Bearer"),
  cookieName: str("cookie that may hold it, too; empty = none", ""),
  tokenQuery: str("query parameter that may hold it, too; empty = none", ""),
  forward: bool("send the token on to services as it came; otherwise it is taken out wherever it may stand", true),
});

/** `auth.jwt`. */
export const jwtBlock = orSwitch(
  jwt,
  "Signed tokens (JWT): true, false or a block, which is on unless it says otherwise",
);

/** `auth.jwt` of a rule. */
export const ruleJwt = object(
  "Keys for the tokens of this rule, in place of those of `auth.jwt`; implies `authType: jwt`",
  {
    issuer: issuer.issuer,
    audience: issuer.audience,
    signingMethod: issuer.signingMethod,
    publicKey: issuer.publicKey,
    publicKeyFile: issuer.publicKeyFile,
    jwksEndpoint: issuer.jwksEndpoint,
  },
);

/** Effective `auth.jwt`. */
export type JwtSection = Infer<typeof jwt>;
/** Effective `auth.jwt` of a rule. */
export type RuleJwtSection = Infer<typeof ruleJwt>;
/** What `auth.jwt` and its providers have in common. */
export type IssuerSection = Pick<JwtSection, keyof typeof issuer>;
