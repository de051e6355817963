// Verifies signatures of X.509 structures (RFC 5280 §4.1.1.3) synchronously, which WebCrypto does not offer.
import { constants, type KeyObject, verify } from "node:crypto";
import { type Der, DerFields, dottedOid, OID, SEQUENCE } from "./der.ts";
import { TlsFault } from "./fault.ts";

/** Parameters for `verify` of `node:crypto`; a null digest means that the key type implies it. */
interface Scheme {
  readonly digest: string | null;
  readonly pss: boolean;
}

const RSA_PSS = "1.2.840.113549.1.1.10";
/** Digests by signature algorithm. SHA-1 is accepted for old CAs, because the operator has chosen the list file. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  "1.2.840.113549.1.1.5": "sha1",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.10045.4.1": "sha1",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.3.101.112": null, // Ed25519
  "1.3.101.113": null, // Ed448
};
const PSS_DIGESTS: Readonly<Record<string, string>> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** A signed structure. */
export interface Signed {
  /** The signed part, as it is encoded. */
  readonly bytes: Buffer;
  /** AlgorithmIdentifier. */
  readonly algorithm: Der;
  /** BIT STRING. */
  readonly signature: Der;
}

/** Whether one of the keys made the signature. @throws TlsFault for an unknown algorithm */
export function isSignedByOneOf(keys: readonly KeyObject[], { bytes, algorithm, signature }: Signed): boolean {
  const { digest, pss } = schemeOf(algorithm);
  const bits = signature.content.subarray(1); // without the count of unused bits, which is 0
  return keys.some((key) => {
    try {
      return pss
        ? verify(digest, bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING }, bits)
        : verify(digest, bytes, key, bits);
    } catch {
      return false; // the key is of another type
    }
  });
}

function schemeOf(algorithm: Der): Scheme {
  const fields = new DerFields(algorithm);
  const oid = dottedOid(fields.take(OID));
  if (oid === RSA_PSS) return { digest: pssDigest(fields.take(SEQUENCE)), pss: true };
  const digest = DIGESTS[oid];
  if (digest === undefined) throw unknown(oid);
  return { digest, pss: false };
}

/** @param parameters RSASSA-PSS-params (RFC 4055 §3.1), where the default digest is SHA-1 */
function pssDigest(parameters: Der): string {
  const hash = new DerFields(parameters).takeIf(0xa0)?.children()[0];
  if (hash === undefined) return "sha1";
  const oid = dottedOid(new DerFields(hash).take(OID));
  const digest = PSS_DIGESTS[oid];
  if (digest === undefined) throw unknown(oid);
  return digest;
}

function unknown(oid: string): TlsFault {
  return new TlsFault(`its signature algorithm is unknown (${oid})`);
}
