// Reads the settings that all issuers of signed tokens have: values of `iss`, algorithms, and the mapping of claims.
import { ALGORITHM_NAMES, type AlgorithmName, isSymmetric } from "../../auth/jwt/algorithms.ts";
import type { IssuerSettings } from "../../auth/jwt/issuer.ts";
import { didYouMeanOf } from "../text/suggest.ts";
import { type Draft, dotted, type Place } from "./draft.ts";

/** Placeholder for the tenant in an issuer (Microsoft Entra). */
export const TENANT = "{tenantid}";

/** Accepted `iss` → required `tid`. @param at place of the issuer @param block that contains `allowedTenants` */
export function readIssuers(
  draft: Draft,
  issuer: string,
  allowedTenants: readonly string[],
  at: Place,
  block: Place,
): IssuerSettings["issuers"] {
  if (issuer.includes(TENANT)) {
    if (allowedTenants.length === 0)
      draft.error(at, `${dotted(at)}: ${TENANT} needs allowedTenants, because anyone can create a tenant`);
    return Object.fromEntries(allowedTenants.map((tenant) => [issuer.replaceAll(TENANT, tenant), tenant]));
  }
  const tenants = [...block, "allowedTenants"];
  if (allowedTenants.length > 0)
    draft.error(tenants, `${dotted(tenants)}: has no effect, because ${at[at.length - 1]} does not contain ${TENANT}`);
  return issuer === "" ? {} : { [issuer]: "" };
}

/** Names of algorithms, either all symmetric or all asymmetric. */
export function readAlgorithms(draft: Draft, names: readonly string[], place: Place): readonly AlgorithmName[] {
  if (names.length === 0) draft.error(place, `${dotted(place)}: needs at least one algorithm`);
  const known = names.flatMap((text, i): AlgorithmName[] => {
    const name = ALGORITHM_NAMES.find((each) => each === text);
    if (name !== undefined) return [name];
    const why =
      text.toLowerCase() === "none"
        ? "is not a signature algorithm"
        : `is not a supported algorithm${didYouMeanOf(text, ALGORITHM_NAMES, "algorithms are")}`;
    draft.error([...place, i], `${dotted(place)}: "${text}" ${why}`);
    return [];
  });
  if (known.some(isSymmetric) && !known.every(isSymmetric))
    draft.error(
      place,
      `${dotted(place)}: HS algorithms need a secret and the others a public key; use one kind per issuer`,
    );
  return known;
}

/** Splits a mapping of claims: the claims of subject, type and scopes ("" = not set), and attribute → claim. */
export function meantBy(mapping: Readonly<Record<string, string>>) {
  const { subject = "", type = "", scopes = "", ...claims } = mapping;
  const attributes = Object.fromEntries(Object.entries(claims).map(([claim, attribute]) => [attribute, claim]));
  return { subject, type, scopes, attributes };
}
