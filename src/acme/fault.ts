// Checks whether a certificate from an authority or a store can be used.
import { createPrivateKey } from "node:crypto";
import { certificatesOf } from "../tls/certificate-chain.ts";
import { pairFault } from "../tls/key-pair.ts";
import type { CertificateRecord } from "./records.ts";
import { MAX_RECORD_BYTES } from "./store.ts";

/** Why it cannot; null when it can. */
export function faultOf({ names, cert, key }: CertificateRecord): string | null {
  // A store would not keep it.
  if (cert.length > MAX_RECORD_BYTES / 2) return "the chain is too long";
  try {
    const chain = certificatesOf(cert);
    const fault = pairFault(chain, createPrivateKey(key));
    const missing = names.find((name) => chain[0]!.checkHost(name, { subject: "never" }) === undefined);
    return fault ?? (missing === undefined ? null : `the certificate is not for ${missing}`);
  } catch (error) {
    return (error as Error).message;
  }
}
