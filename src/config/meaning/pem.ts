// What is wrong with a certificate or key: not PEM, the other of the two, encrypted, out of date, or not a pair.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { validityOf } from "../../tls/validity.ts";
import type { Position, Problems } from "../text/problem.ts";

/** What a file should hold. */
export type PemKind = "certificate" | "key";

/** Why a text is no certificate or key, null when it is one. */
export function pemFault(kind: PemKind, text: string): string | null {
  try {
    if (kind === "key") createPrivateKey(text);
    else validityOf(text); // reads every certificate in it
    return null;
  } catch {
    if (kind === "key" && /ENCRYPTED/.test(text))
      return "the key is encrypted; decrypt it, for example with openssl pkey";
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);
    const certificate = text.includes("-----BEGIN CERTIFICATE-----");
    if (kind === "certificate" && key && !certificate)
      return "not a PEM certificate but a key; are the two files swapped?";
    if (kind === "key" && certificate && !key) return "not a PEM key but a certificate; are the two files swapped?";
    return `not a PEM ${kind}`;
  }
}

/** Why a certificate and a key, each fine by itself, are no pair; null when they are one. */
export function pairFault(cert: string, key: string): string | null {
  // OpenSSL compares them only where both are of one kind.
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
    return "the key does not belong to the certificate";
  return secureFault({ cert, key });
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

/** Warns when the first certificate of a file has expired or is not valid yet. */
export function warnOfDates(text: string, what: string, at: Position, problems: Problems): void {
  const { validFrom, validTo } = new X509Certificate(text);
  const now = Date.now();
  if (Date.parse(validTo) < now) problems.warn(at, `${what}: the certificate ended on ${validTo}`);
  else if (Date.parse(validFrom) > now) problems.warn(at, `${what}: the certificate begins on ${validFrom}`);
}
