// What issuers of signed tokens have in common, wherever they are written: values of `iss`, algorithms, meanings of claims.
import { ALGORITHM_NAMES, type AlgorithmName, isSymmetric } from "../../auth/jwt/algorithms.ts";
import type { IssuerSettings } from "../../auth/jwt/issuer.ts";
import { didYouMeanOf } from "../text/suggest.ts";
import { type Draft, dotted, type Place } from "./draft.ts";

/** Stands in an issuer for the tenant (Microsoft Entra). */
export const TENANT = "{tenantid}";

/** Values of `iss` → what `tid` must be. @param at place of the issuer itself @param block that `allowedTenants` stand in */
export function readIssuers(
  draft: Draft,
  issuer: string,
  allowedTenants: readonly string[],
  at: Place,
  block: Place,
): IssuerSettings["issuers"] {
  if (issuer.includes(TENANT)) {
    if (allowedTenants.length === 0)
      draft.error(at, `${dotted(at)}: ${TENANT} needs allowedTenants; anyone can have a tenant`);
    return Object.fromEntries(allowedTenants.map((tenant) => [issuer.replaceAll(TENANT, tenant), tenant]));
  }
  const tenants = [...block, "allowedTenants"];
  if (allowedTenants.length > 0)
    draft.error(tenants, `${dotted(tenants)}: they have no effect, for ${at[at.length - 1]} has no ${TENANT}`);
  return issuer === "" ? {} : { [issuer]: "" };
}

/** Names of algorithms, all of one kind. */
export function readAlgorithms(draft: Draft, names: readonly string[], place: Place): readonly AlgorithmName[] {
  if (names.length === 0) draft.error(place, `${dotted(place)}: no algorithm is left`);
  const known = names.flatMap((text, i): AlgorithmName[] => {
    const name = ALGORITHM_NAMES.find((each) => each === text);
    if (name !== undefined) return [name];
    const why =
      text.toLowerCase() === "none"
        ? "is no signature"
        : `is no algorithm${didYouMeanOf(text, ALGORITHM_NAMES, "algorithms are")}`;
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

/** What a mapping of claims says: subject, type and scopes ← claims ("" = nothing of them), other claims → attributes. */
export function meantBy(mapping: Readonly<Record<string, string>>) {
  const { subject = "", type = "", scopes = "", ...claims } = mapping;
  const attributes = Object.fromEntries(Object.entries(claims).map(([claim, attribute]) => [attribute, claim]));
  return { subject, type, scopes, attributes };
}
