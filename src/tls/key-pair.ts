// Whether a certificate and a key belong together, and whether TLS can be set up with them.
import type { KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { chainPem } from "./certificate-chain.ts";
import { certificateFields } from "./certificate-fields.ts";

/** Certificates, the one of the key first, and their key, both PEM and not encrypted. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Why certificates and a key, each fine by itself, are no pair; null when they are one. @param chain of one file, in its order */
export function pairFault(chain: readonly X509Certificate[], key: KeyObject): string | null {
  // OpenSSL compares them only where both are of one kind.
  const at = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (at > 0) return `the key belongs to certificate ${at + 1} of the file, which must stand first`;
  return at === 0 ? weakness(chain, key) : "the key does not belong to the certificate";
}

/** What OpenSSL says of pairs by what they are made of. */
const weaknesses = new Map<string, string | null>();

/**
 * Why OpenSSL takes no such pair. What it refuses are kinds of keys and of signatures, so that one pair of each is shown to
 * it: every try takes it a millisecond and leaves 40 KB behind until they are collected.
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

/** Why TLS cannot be set up with this, null when it can. */
export function secureFault(options: SecureContextOptions): string | null {
  try {
    createSecureContext(options);
    return null;
  } catch (error) {
    return /key too small/.test((error as Error).message)
      ? "the key is too small to be safe; make one of 2048 bits"
      : (error as Error).message;
  }
}
