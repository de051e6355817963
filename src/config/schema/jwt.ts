// `auth.jwt`: signed tokens, their issuers, and the validation and mapping of their claims.
import type { Infer } from "./field.ts";
import { listOf, mapOf, object } from "./fields.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, dur, str, strings } from "./scalars.ts";

/** Keys of an issuer of tokens. */
export const issuer = {
  issuer: str(
    "required value of `iss`, compared exactly; `{tenantid}` in it stands for each of `allowedTenants`; empty = not checked",
    "",
  ),
  allowedTenants: strings(
    "tenants whose tokens are accepted if `issuer` contains `{tenantid}`; `tid` must be the same",
  ),
  audience: strings("accepted audiences, of which the token must have one; empty = not checked"),
  audienceClaim: str("claim that contains the audience", "aud"),
  signingMethod: strings(
    "accepted algorithms: RS256 to RS512, PS256 to PS512, ES256 to ES512, EdDSA; HS256 to HS512 only with `secret`",
    ["RS256"],
  ),
  publicKey: str("PEM public key or certificate; several allow rotation", ""),
  publicKeyFile: str("file with PEM public keys or certificates; re-read when it changes", ""),
  secret: str("shared secret of HS256 to HS512, best written as `${file:/run/secrets/name}`", ""),
  jwksFile: str("file with a JWK set; re-read when it changes", ""),
  jwksEndpoint: str("URL of the JWK set published by the issuer; https, or http on this machine", ""),
  jwksCacheDuration: dur("time after which the JWK set is fetched again", 3_600_000),
  caFile: str("PEM trust anchors for `jwksEndpoint`; empty = those of the runtime", ""),
  proxy: str("HTTP proxy for requests to other machines, such as `http://proxy:3128`; empty = none", ""),
  requiredClaims: strings("claims that a token must have"),
  validateExp: bool("reject tokens without `exp`, and expired ones", true),
  validateNbf: bool("reject tokens that are not valid yet (`nbf`)", true),
  clockSkew: dur("tolerated difference between the clocks of issuer and gateway", 0),
  subjectClaim: str(
    "claim that contains the subject; dots separate a path, unless a claim has exactly this name",
    "sub",
  ),
  scopeClaim: str("claim that contains the scopes: a text with spaces between them, or a list", "scope"),
};

const provider = object("One issuer", {
  name: str("name of the issuer in logs and in `X-Auth-Provider`"),
  ...issuer,
  customClaims: mapOf(
    "attribute → claim that contains it; `groups` and `roles` are attributes, too",
    str("name of the claim, or a path separated by dots"),
  ),
});

const jwt = object("", {
  enabled: bool("accept signed tokens", false),
  ...issuer,
  claimsMapping: mapOf(
    "claim → attribute; for `subject`, `type` and `scopes` the reverse: each → the claim that contains it",
    str("name of the attribute, or of the claim"),
  ),
  providers: listOf("issuers, selected by `iss`, in addition to the one above if that has a key", provider),
  headerName: str("header that contains the token; empty = none", "Authorization"),
  bearerPrefix: str("scheme before the token in that header, case-insensitive", "Bearer"),
  cookieName: str("cookie that may also contain the token; empty = none", ""),
  tokenQuery: str("query parameter that may also contain the token; empty = none", ""),
  forward: bool("forward the token to services; otherwise it is stripped from all these places", true),
});

/** `auth.jwt`. */
export const jwtBlock = orSwitch(
  jwt,
  "Signed tokens (JWT): true, false or a block, which is on unless it says otherwise",
);

/** `auth.jwt` of a rule. */
export const ruleJwt = object(
  "Keys for the tokens of this rule, instead of those of `auth.jwt`; implies `authType: jwt`",
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
