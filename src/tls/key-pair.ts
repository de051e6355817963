// Whether a certificate and a key belong together, and whether TLS can be set up with them.
import { createPrivateKey } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { certificatesOf } from "./certificate-chain.ts";

/** Certificates, the one of the key first, and their key, both PEM and not encrypted. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Why a certificate and a key, each fine by itself, are no pair; null when they are one. */
export function pairFault({ cert, key }: KeyPair): string | null {
  // OpenSSL compares them only where both are of one kind.
  const privateKey = createPrivateKey(key);
  const at = certificatesOf(cert).findIndex((certificate) => certificate.checkPrivateKey(privateKey));
  if (at > 0) return `the key belongs to certificate ${at + 1} of the file, which must stand first`;
  return at === 0 ? secureFault({ cert, key }) : "the key does not belong to the certificate";
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
