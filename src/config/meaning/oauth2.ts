// Reads and validates `auth.oauth2`: providers and the requirements on their tokens.
import { ALGORITHM_NAMES, type AlgorithmName, isSymmetric } from "../../auth/jwt/algorithms.ts";
import type { IssuerSettings } from "../../auth/jwt/issuer.ts";
import type { MetadataSettings, OAuth2Settings, ProviderSettings } from "../../auth/oauth2/settings.ts";
import { AUTH_METHODS } from "../../core/identity.ts";
import type { ProviderSection } from "../schema/oauth2.ts";
import { isUnresolved } from "../text/placeholders.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { meantBy, readAlgorithms, readIssuers, TENANT } from "./issuer.ts";
import { checkSecretLength } from "./jwt-keys.ts";
import { readProviderLogin } from "./login.ts";
import { checkKeysDuration, checkUrl, readAccess } from "./provider-access.ts";
import { checkScopes } from "./rule-auth.ts";
import { TlsReader } from "./tls-reader.ts";
import { readPlaces } from "./token-places.ts";

const BLOCK: Place = ["auth", "oauth2"];
/** Path of the discovery document after the issuer (OpenID Connect Discovery 1.0 §4). */
const WELL_KNOWN = "/.well-known/openid-configuration";
/** Names are part of login URLs and, between colons, of role bindings. */
const NAME = /^[\w.-]+$/;
const PUBLIC_KEY: readonly AlgorithmName[] = ALGORITHM_NAMES.filter((name) => !isSymmetric(name));

/** Settings with the URLs of a provider. */
const URLS = [
  "authorizationUrl",
  "tokenUrl",
  "userInfoUrl",
  "introspectionUrl",
  "endSessionUrl",
  "jwksEndpoint",
  "discoveryUrl",
] as const;

/** Reads and validates the section. @param files records the files that are read */
export function readOAuth2(draft: Draft, files: SourceFiles): OAuth2Settings {
  const { oauth2 } = draft.written.auth;
  const { providers: written, requireScopes, requireAudience, forward } = oauth2;
  checkScopes(draft, requireScopes, [...BLOCK, "requireScopes"]);
  const places = readPlaces(draft, BLOCK, {
    header: { key: "tokenHeader", value: oauth2.tokenHeader },
    prefix: { key: "bearerPrefix", value: oauth2.bearerPrefix },
    cookie: { key: "tokenCookie", value: oauth2.tokenCookie },
    query: { key: "tokenQuery", value: oauth2.tokenQuery },
  });
  if (written.length === 0) draft.warn(BLOCK, "auth.oauth2: no providers are configured, so no token is accepted");
  const reader = new TlsReader(draft, files);
  const providers = written.map((section, i) => readProvider(draft, reader, section, [...BLOCK, "providers", i]));
  checkApart(draft, providers);
  return { places, forward, scopes: requireScopes, audience: requireAudience, providers };
}

function readProvider(draft: Draft, reader: TlsReader, written: ProviderSection, place: Place): ProviderSettings {
  // An unresolved placeholder is not a secret.
  const section = isUnresolved(written.clientSecret) ? { ...written, clientSecret: "" } : written;
  const { name, clientId, clientSecret, jwksCacheDuration } = section;
  if (!NAME.test(name))
    draft.error([...place, "name"], `${dotted(place)}.name: must consist of letters, digits, ".", "_" and "-"`);
  else if (name !== "oauth2" && (AUTH_METHODS as readonly string[]).includes(name))
    draft.error([...place, "name"], `${dotted(place)}.name: "${name}" is the name of another method`);
  for (const key of URLS) if (section[key] !== "") checkUrl(draft, section[key], [...place, key]);
  checkKeysDuration(draft, jwksCacheDuration, place);
  const issuer = readIssuer(draft, section, place);
  const metadata = readMetadata(draft, reader, section, Object.keys(issuer.issuers), place);
  const keys = keysOf(draft, section, metadata, issuer, place);
  if (keys !== "none") warnOfChecks(draft, section, issuer, place);
  const introspects = canIntrospect(draft, section, metadata, issuer, place);
  return {
    name,
    clientId,
    clientSecret,
    metadata,
    issuer,
    keys,
    keysMs: jwksCacheDuration,
    introspects,
    login: readProviderLogin(draft, section, place),
  };
}

function readIssuer(draft: Draft, section: ProviderSection, place: Place): IssuerSettings {
  const { name, clientId, issuerUrl, allowedTenants, signingMethod, validateIssuer, validateAudience } = section;
  const meant = meantBy(section.claimsMapping);
  const own = section.audience.length > 0 ? section.audience : [clientId].filter((id) => id !== "");
  const issuers = readIssuers(draft, issuerUrl, allowedTenants, [...place, "issuerUrl"], place);
  const named = signingMethod.length === 0 ? PUBLIC_KEY : signingMethod;
  return {
    method: "oauth2",
    name,
    issuers: validateIssuer ? issuers : {},
    algorithms: readAlgorithms(draft, named, [...place, "signingMethod"]),
    audience: validateAudience ? own : [],
    audienceClaim: section.audienceClaim,
    requiredClaims: [],
    validateExp: true,
    validateNbf: true,
    clockSkewMs: section.clockSkew,
    subjectClaim: meant.subject || section.subjectClaim,
    scopeClaim: meant.scopes || section.scopeClaim,
    typeClaim: meant.type || "typ",
    attributes: meant.attributes,
  };
}

/** @param issuers values of `iss` that the provider's tokens may have */
function readMetadata(
  draft: Draft,
  reader: TlsReader,
  section: ProviderSection,
  issuers: readonly string[],
  place: Place,
): MetadataSettings {
  const { issuerUrl, useDiscovery, discoveryUrl } = section;
  if (discoveryUrl !== "" && !useDiscovery)
    draft.error([...place, "discoveryUrl"], `${dotted(place)}.discoveryUrl: has no effect with useDiscovery: false`);
  const asks = useDiscovery && (discoveryUrl !== "" || issuerUrl !== "");
  // Without requests to it, the issuer is only a name and need not be a safe URL.
  if (asks && discoveryUrl === "") checkUrl(draft, issuerUrl, [...place, "issuerUrl"]);
  if (asks && discoveryUrl === "" && issuerUrl.includes(TENANT))
    draft.error(
      [...place, "issuerUrl"],
      `${dotted(place)}.issuerUrl: ${TENANT} needs discoveryUrl, such as https://login.microsoftonline.com/organizations/v2.0${WELL_KNOWN}`,
    );
  const at = discoveryUrl || issuerUrl.replace(/\/$/, "") + WELL_KNOWN;
  // A provider may use the internal host name in its document if it is requested by that name.
  const inner = at.endsWith(WELL_KNOWN) ? at.slice(0, -WELL_KNOWN.length) : "";
  return {
    issuer: issuerUrl,
    discoveryUrl: asks ? at : "",
    documentIssuers:
      issuerUrl === "" ? [] : [issuerUrl, ...issuers, inner, `${inner}/`].filter((url) => url.length > 1),
    endpoints: {
      authorizationEndpoint: section.authorizationUrl,
      tokenEndpoint: section.tokenUrl,
      userInfoEndpoint: section.userInfoUrl,
      introspectionEndpoint: section.introspectionUrl,
      endSessionEndpoint: section.endSessionUrl,
      jwksUri: section.jwksEndpoint,
    },
    access: readAccess(draft, reader, section, place),
  };
}

function keysOf(
  draft: Draft,
  { clientSecret }: ProviderSection,
  { endpoints, discoveryUrl }: MetadataSettings,
  { algorithms }: IssuerSettings,
  place: Place,
): ProviderSettings["keys"] {
  if (!algorithms.some(isSymmetric)) return endpoints.jwksUri + discoveryUrl === "" ? "none" : "published";
  const at = [...place, "signingMethod"];
  // If a public key were used as the secret of HS256, anyone could sign with it.
  if (endpoints.jwksUri !== "") draft.error(at, `${dotted(at)}: HS algorithms need clientSecret, not jwksEndpoint`);
  if (clientSecret === "") draft.error(at, `${dotted(at)}: HS algorithms need clientSecret`);
  else checkSecretLength(draft, clientSecret, [...place, "clientSecret"]);
  return "secret";
}

function warnOfChecks(
  draft: Draft,
  { validateAudience }: ProviderSection,
  { issuers, audience }: IssuerSettings,
  place: Place,
): void {
  const warn = (message: string) => draft.warn(place, `${dotted(place)}: ${message}`);
  if (Object.keys(issuers).length === 0) warn("without issuerUrl and validateIssuer, the iss of tokens is not checked");
  if (audience.length > 0) return;
  if (validateAudience)
    draft.error(place, `${dotted(place)}: set audience or clientId, which tokens must name as audience`);
  else warn("without validateAudience, tokens for other recipients are accepted, too");
}

/** Whether opaque tokens are introspected; this requires client credentials and an audience. */
function canIntrospect(
  draft: Draft,
  { clientId, clientSecret, introspectionUrl }: ProviderSection,
  { discoveryUrl }: MetadataSettings,
  { audience }: IssuerSettings,
  place: Place,
): boolean {
  if (introspectionUrl + discoveryUrl === "") return false;
  const can = clientId !== "" && clientSecret !== "" && audience.length > 0;
  if (introspectionUrl !== "" && !can) {
    const at = [...place, "introspectionUrl"];
    draft.error(at, `${dotted(at)}: needs clientId, clientSecret, and validateAudience`);
  }
  return can;
}

/** Each token must belong to one provider. */
function checkApart(draft: Draft, providers: readonly ProviderSettings[]): void {
  const names = new Set<string>();
  const seen = new Set<string>();
  let any = "";
  for (const [i, { name, issuer, keys }] of providers.entries()) {
    const place = [...BLOCK, "providers", i];
    if (names.has(name)) draft.error([...place, "name"], `auth.oauth2.providers: "${name}" is configured twice`);
    names.add(name);
    const values = Object.keys(issuer.issuers);
    if (values.length === 0 && keys !== "none") {
      if (any !== "") draft.error(place, `auth.oauth2.providers: "${any}" takes tokens of any issuer already`);
      any = name;
    }
    for (const value of values) {
      if (seen.has(value)) draft.error(place, `auth.oauth2.providers: issuer "${value}" is configured twice`);
      seen.add(value);
    }
  }
}
