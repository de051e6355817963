// Old spellings of keys of authentication: a part of the table of all.

const RULE = "router.rules.[]";
const PROVIDER = "auth.oauth2.providers.[]";

/** Old spelling → canonical key. */
export const AUTH_ALIASES: readonly (readonly [string, string])[] = [
  ["middleware.auth.jwt", "auth.jwt"],
  ["auth.jwt.tokenHeader", "auth.jwt.headerName"],
  ["auth.jwt.tokenCookie", "auth.jwt.cookieName"],
  ...["auth.jwt", "auth.jwt.providers.[]", `${RULE}.auth.jwt`].flatMap((block) => [
    [`${block}.algorithm`, `${block}.signingMethod`] as const,
    [`${block}.publicKeyPath`, `${block}.publicKeyFile`] as const,
  ]),
  ["middleware.auth.oauth2", "auth.oauth2"],
  ["auth.oauth2.requiredScopes", "auth.oauth2.requireScopes"],
  ["auth.oauth2.sessionSecret", "auth.session.secrets"],
  ...[
    ["issuer", "issuerUrl"],
    ["authorizationEndpoint", "authorizationUrl"],
    ["tokenEndpoint", "tokenUrl"],
    ["userInfoEndpoint", "userInfoUrl"],
    ["jwksURI", "jwksEndpoint"],
  ].map(([old, key]) => [`${PROVIDER}.${old}`, `${PROVIDER}.${key}`] as const),
  ["middleware.auth.apikey", "auth.apikey"],
  ["auth.apiKey", "auth.apikey"],
  ["auth.apikey.header", "auth.apikey.headerName"],
  ["auth.apikey.query", "auth.apikey.queryParam"],
  ["auth.apikey.cookie", "auth.apikey.cookieName"],
  ["auth.apikey.hashAlgorithm", "auth.apikey.hashKeys"],
  [`${RULE}.metadata.authRequired`, `${RULE}.authRequired`],
  [`${RULE}.metadata.requiredScopes`, `${RULE}.requiredScopes`],
  [`${RULE}.auth.required`, `${RULE}.authRequired`],
  [`${RULE}.auth.type`, `${RULE}.authType`],
  [`${RULE}.auth.scopes`, `${RULE}.requiredScopes`],
  [`${RULE}.auth.oauth2.requiredScopes`, `${RULE}.auth.oauth2.requireScopes`],
];
