// Checks whether a certificate and a key belong together, and whether OpenSSL accepts them.
import type { KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { chainPem } from "./certificate-chain.ts";
import { certificateFields } from "./certificate-fields.ts";

/** A certificate chain, leaf first, and the private key of the leaf; both PEM, the key not encrypted. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Why a chain and a key cannot be used together; null if they can. @param chain the certificates of a file, in file order */
export function pairFault(chain: readonly X509Certificate[], key: KeyObject): string | null {
  // OpenSSL itself compares the two only if both are of the same key type.
  const at = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (at > 0) return `the key belongs to certificate ${at + 1} of the file, which must come first`;
  return at === 0 ? weakness(chain, key) : "the key does not belong to the certificate";
}

/** Results of {@link weakness} by kinds of keys and signatures. */
const weaknesses = new Map<string, string | null>();

/**
 * Why OpenSSL refuses a pair; null if it does not. It refuses kinds of keys and signatures, such as short keys, so one pair
 * of each kind is tried: a try takes a millisecond and leaves 40 KB to the garbage collector.
 */
function weakness(chain: readonly X509Certificate[], key: KeyObject): string | null {
  const kinds = chain.map(({ raw }) => {
    const { keyKind, signature } = certificateFields(raw);
    return `${keyKind} ${signature}`;
  });
  const kind = kinds.join();
  let fault = weaknesses.get(kind);
  if (fault === undefined) {
    const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
    fault = secureFault({ cert: chainPem(chain), key: pem });
    weaknesses.set(kind, fault);
  }
  return fault;
}

/** Why a secure context cannot be created with these options; null if it can. */
export function secureFault(options: SecureContextOptions): string | null {
  try {
    createSecureContext(options);
    return null;
  } catch (error) {
    createSecureContext(); // takes what OpenSSL queued, else Node blames the next key that is read
    return /key too small/.test((error as Error).message)
      ? "the key is too small to be safe; generate one of 2048 bits"
      : (error as Error).message;
  }
}
