// What clients will miss of a chain that a server shows them.
import type { X509Certificate } from "node:crypto";

/** Why clients may find no way from a certificate to an authority they trust; null: no reason is seen. @param chain its own first */
export function chainGap([own, ...others]: readonly X509Certificate[]): string | null {
  if (own === undefined || own.checkIssued(own)) return null;
  if (others.length > 0) {
    return others.some((other) => own.checkIssued(other))
      ? null
      : "no other certificate in it has signed the first: clients cannot verify it";
  }
  // Authorities write where theirs is to be found into certificates that no root has signed, so that clients do not have it.
  return /^CA Issuers/m.test(own.infoAccess ?? "")
    ? "the certificate of the authority that signed it is missing: many clients cannot verify it; use the file with the whole chain, often fullchain.pem"
    : null;
}
