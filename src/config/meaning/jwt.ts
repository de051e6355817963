// `auth.jwt`: the issuers of tokens, checked, with the keys they are verified by.
import { ALGORITHM_NAMES, type AlgorithmName, isSymmetric } from "../../auth/jwt/algorithms.ts";
import type { JwtSettings, KeyedIssuer } from "../../auth/jwt/settings.ts";
import { knownField, OTHER } from "../../wire/known.ts";
import type { IssuerSection } from "../schema/jwt.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { didYouMean } from "../text/suggest.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { JwtKeyReader } from "./jwt-keys.ts";

/** Stands in `issuer` for the tenant (Microsoft Entra). */
const TENANT = "{tenantid}";
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Reads and checks the section. @param files told of the files that are read */
export function readJwt(draft: Draft, files: SourceFiles): JwtSettings {
  const { jwt } = draft.written.auth;
  const place: Place = ["auth", "jwt"];
  const keys = new JwtKeyReader(draft, files);
  const issuers: KeyedIssuer[] = [];
  if (keys.isGiven(jwt) || jwt.providers.length === 0)
    issuers.push(readIssuer(draft, keys, jwt, place, "jwt", meantBy(jwt.claimsMapping)));
  for (const [i, provider] of jwt.providers.entries()) {
    const named = { subject: "", type: "", scopes: "", attributes: provider.customClaims };
    issuers.push(readIssuer(draft, keys, provider, [...place, "providers", i], provider.name, named));
  }
  checkApart(draft, issuers, place);
  return { places: placesOf(draft, place), forward: jwt.forward, issuers };
}

/** What a mapping of claims says. */
interface Meant {
  /** Claims; "" = those of the other keys. */
  readonly subject: string;
  readonly type: string;
  readonly scopes: string;
  /** Attribute → claim. */
  readonly attributes: Readonly<Record<string, string>>;
}

function meantBy(mapping: Readonly<Record<string, string>>): Meant {
  const { subject = "", type = "", scopes = "", ...claims } = mapping;
  const attributes = Object.fromEntries(Object.entries(claims).map(([claim, attribute]) => [attribute, claim]));
  return { subject, type, scopes, attributes };
}

function readIssuer(
  draft: Draft,
  keys: JwtKeyReader,
  section: IssuerSection,
  place: Place,
  name: string,
  meant: Meant,
): KeyedIssuer {
  if (name === "" || /\p{Cc}/u.test(name)) draft.error([...place, "name"], `${dotted(place)}.name: it must be text`);
  const algorithms = readAlgorithms(draft, section, [...place, "signingMethod"]);
  if (section.audience.length === 0)
    draft.warn(place, `${dotted(place)}: without audience, tokens that were meant for others are accepted, too`);
  return {
    name,
    issuers: readIssuers(draft, section, place),
    algorithms,
    keys: keys.read(section, place, algorithms),
    audience: section.audience,
    audienceClaim: section.audienceClaim,
    requiredClaims: section.requiredClaims,
    validateExp: section.validateExp,
    validateNbf: section.validateNbf,
    clockSkewMs: section.clockSkew,
    subjectClaim: meant.subject || section.subjectClaim,
    scopeClaim: meant.scopes || section.scopeClaim,
    typeClaim: meant.type || "typ",
    attributes: meant.attributes,
  };
}

function readAlgorithms(draft: Draft, { signingMethod }: IssuerSection, place: Place): readonly AlgorithmName[] {
  if (signingMethod.length === 0) draft.error(place, `${dotted(place)}: no algorithm is left`);
  const known = signingMethod.flatMap((text, i): AlgorithmName[] => {
    const name = ALGORITHM_NAMES.find((each) => each === text);
    if (name !== undefined) return [name];
    const why =
      text.toLowerCase() === "none" ? "is no signature" : `is no algorithm${didYouMean(text, ALGORITHM_NAMES)}`;
    draft.error([...place, i], `${dotted(place)}: "${text}" ${why}`);
    return [];
  });
  if (known.some(isSymmetric) && !known.every(isSymmetric))
    draft.error(
      place,
      `${dotted(place)}: HS algorithms take a secret, the others a public key; one issuer has one kind`,
    );
  return known;
}

/** `iss` → tenant. */
function readIssuers(
  draft: Draft,
  { issuer, allowedTenants }: IssuerSection,
  place: Place,
): Readonly<Record<string, string>> {
  const at = [...place, "allowedTenants"];
  if (issuer.includes(TENANT)) {
    if (allowedTenants.length === 0)
      draft.error(
        [...place, "issuer"],
        `${dotted(place)}.issuer: ${TENANT} needs allowedTenants; anyone can have a tenant`,
      );
    return Object.fromEntries(allowedTenants.map((tenant) => [issuer.replaceAll(TENANT, tenant), tenant]));
  }
  if (allowedTenants.length > 0) draft.error(at, `${dotted(at)}: they have no effect, for issuer has no ${TENANT}`);
  return issuer === "" ? {} : { [issuer]: "" };
}

/** Each token must belong to one issuer. */
function checkApart(draft: Draft, issuers: readonly KeyedIssuer[], place: Place): void {
  const seen = new Set<string>();
  for (const { issuers: own, name } of issuers) {
    const values = Object.keys(own);
    if (values.length === 0 && issuers.length > 1)
      draft.error(place, `auth.jwt: with several issuers, each needs the key issuer; "${name}" has none`);
    else if (values.length === 0)
      draft.warn(place, "auth.jwt: without issuer, tokens are accepted whoever they say has issued them");
    for (const value of values) {
      if (seen.has(value)) draft.error(place, `auth.jwt: two issuers have the same issuer "${value}"`);
      seen.add(value);
    }
  }
}

function placesOf(draft: Draft, place: Place): JwtSettings["places"] {
  const { headerName, bearerPrefix, cookieName, tokenQuery } = draft.written.auth.jwt;
  const fault = (key: string, message: string) => draft.error([...place, key], `${dotted(place)}.${key}: ${message}`);
  const header = headerName.toLowerCase();
  const isFree = TOKEN.test(header) && header !== "cookie" && knownField(header) === OTHER;
  if (header !== "" && header !== "authorization" && !isFree)
    fault("headerName", `"${headerName}" cannot hold a token`);
  const prefix = bearerPrefix.trim().toLowerCase();
  if (prefix !== "" && !TOKEN.test(prefix)) fault("bearerPrefix", `"${bearerPrefix}" is no word`);
  if (prefix === "basic") fault("bearerPrefix", "Basic is for user names and passwords");
  if (cookieName !== "" && !TOKEN.test(cookieName)) fault("cookieName", `"${cookieName}" is no name`);
  if (header + cookieName + tokenQuery === "") draft.error(place, `${dotted(place)}: no place is left for tokens`);
  return { header, prefix, cookie: cookieName, query: tokenQuery };
}
