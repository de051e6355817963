// Reads and validates `auth.jwt`: issuers of tokens and their keys.
import type { JwtSettings, KeyedIssuer } from "../../auth/jwt/settings.ts";
import type { IssuerSection, RuleJwtSection } from "../schema/jwt.ts";
import type { RuleSection } from "../schema/router.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { meantBy, readAlgorithms, readIssuers } from "./issuer.ts";
import { JwtKeyReader } from "./jwt-keys.ts";
import { readPlaces } from "./token-places.ts";

/** Reads and validates the section. @param files records the files that are read */
export function readJwt(draft: Draft, files: SourceFiles): JwtSettings {
  const { jwt } = draft.written.auth;
  const place: Place = ["auth", "jwt"];
  const keys = new JwtKeyReader(draft, files);
  const issuers: KeyedIssuer[] = [];
  if (keys.isGiven(jwt) || jwt.providers.length === 0)
    issuers.push(readIssuer(draft, keys, jwt, place, "jwt", meantBy(jwt.claimsMapping)));
  for (const [i, provider] of jwt.providers.entries()) {
    const at = [...place, "providers", i];
    const named = { ...meantBy({}), attributes: provider.customClaims };
    if (provider.name === "" || /\p{Cc}/u.test(provider.name))
      draft.error([...at, "name"], `${dotted(at)}.name: must not be empty or contain control characters`);
    issuers.push(readIssuer(draft, keys, provider, at, provider.name, named));
  }
  checkApart(draft, issuers, place);
  return { places: jwtPlaces(draft), forward: jwt.forward, issuers };
}

/** Name of the settings of a rule that replace `auth.jwt`; stable across reloads if the rule has an id. */
export function ruleJwtName({ id }: Pick<RuleSection, "id">, place: Place): string {
  return id || dotted(place);
}

/** Reads the blocks of rules with their own keys: name → settings that replace `auth.jwt`. */
export function readRuleJwt(draft: Draft, files: SourceFiles): Readonly<Record<string, JwtSettings>> {
  const { router, auth } = draft.written;
  const keys = new JwtKeyReader(draft, files);
  const read = router.rules.flatMap((written, i): [string, JwtSettings][] => {
    const own = written.auth.jwt;
    if (own === null) return [];
    const rule: Place = ["router", "rules", i];
    if (!hasOwnKeys(own)) {
      const key = (["issuer", "audience", "signingMethod"] as const).find((name) =>
        draft.isGiven(`${dotted(rule)}.auth.jwt.${name}`),
      );
      const at = [...rule, "auth", "jwt"];
      if (key !== undefined)
        draft.error([...at, key], `${dotted(at)}.${key}: has no effect without a key in this block`);
      return [];
    }
    const section = { ...auth.jwt, secret: "", jwksFile: "", allowedTenants: [], ...own };
    const unproxied = own.jwksEndpoint === "" ? { ...section, caFile: "", proxy: "" } : section;
    const meant = meantBy(auth.jwt.claimsMapping);
    const issuer = readIssuer(draft, keys, unproxied, [...rule, "auth", "jwt"], "jwt", meant);
    return [[ruleJwtName(written, rule), { places: jwtPlaces(draft), forward: auth.jwt.forward, issuers: [issuer] }]];
  });
  return Object.fromEntries(read);
}

/** Whether the block of a rule has keys; if not, `auth.jwt` applies. */
export function hasOwnKeys({ publicKey, publicKeyFile, jwksEndpoint }: RuleJwtSection): boolean {
  return publicKey + publicKeyFile + jwksEndpoint !== "";
}

/** Where `auth.jwt` accepts tokens. */
function jwtPlaces(draft: Draft): JwtSettings["places"] {
  const { headerName, bearerPrefix, cookieName, tokenQuery } = draft.written.auth.jwt;
  return readPlaces(draft, ["auth", "jwt"], {
    header: { key: "headerName", value: headerName },
    prefix: { key: "bearerPrefix", value: bearerPrefix },
    cookie: { key: "cookieName", value: cookieName },
    query: { key: "tokenQuery", value: tokenQuery },
  });
}

function readIssuer(
  draft: Draft,
  keys: JwtKeyReader,
  section: IssuerSection,
  place: Place,
  name: string,
  meant: ReturnType<typeof meantBy>,
): KeyedIssuer {
  const algorithms = readAlgorithms(draft, section.signingMethod, [...place, "signingMethod"]);
  const { issuer, allowedTenants, audience } = section;
  const issuers = readIssuers(draft, issuer, allowedTenants, [...place, "issuer"], place);
  if (audience.length === 0)
    draft.warn(place, `${dotted(place)}: without audience, tokens for other recipients are accepted, too`);
  return {
    method: "jwt",
    name,
    issuers,
    algorithms,
    keys: keys.read(section, place, algorithms),
    audience,
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

/** Each token must belong to one issuer. */
function checkApart(draft: Draft, issuers: readonly KeyedIssuer[], place: Place): void {
  const seen = new Set<string>();
  for (const { issuers: own, name } of issuers) {
    const values = Object.keys(own);
    if (values.length === 0 && issuers.length > 1)
      draft.error(place, `auth.jwt: with several issuers, each needs "issuer"; "${name}" has none`);
    else if (values.length === 0) draft.warn(place, "auth.jwt: without issuer, the iss of tokens is not checked");
    for (const value of values) {
      if (seen.has(value)) draft.error(place, `auth.jwt: issuer "${value}" is configured twice`);
      seen.add(value);
    }
  }
}
