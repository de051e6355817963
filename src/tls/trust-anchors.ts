// Bundles of certificates that are trusted to sign those of others.
import type { X509Certificate } from "node:crypto";
import { chainPem, onlyCertificatesOf } from "./certificate-chain.ts";
import { readableName } from "./readable-name.ts";
import { dayOf, validityOfOne } from "./validity.ts";

/** A bundle that was read whole. */
export interface TrustAnchors {
  /** The certificates alone, each once, as `node:tls` takes them. */
  readonly pem: string;
  /** What is wrong with some of them without making the bundle useless. */
  readonly warnings: readonly string[];
}

/**
 * Reads a bundle: every part of it, or none. @param now ms since 1970
 * @throws TlsFault also for an empty one, which Node would take for the roots of the system
 */
export function trustAnchors(text: string, now: number): TrustAnchors {
  const all = [...new Map(onlyCertificatesOf(text).map((each) => [each.fingerprint256, each])).values()];
  return { pem: chainPem(all), warnings: all.flatMap((each) => warningsOf(each, now)) };
}

function warningsOf(certificate: X509Certificate, now: number): readonly string[] {
  const name = readableName(certificate);
  const { from, to } = validityOfOne(certificate);
  return [
    ...(now >= to ? [`${name} ended on ${dayOf(to)}: what it signed is refused`] : []),
    ...(now < from ? [`${name} begins on ${dayOf(from)}: what it signed is refused until then`] : []),
    ...(certificate.ca ? [] : [`${name} is no CA: nothing that it signed is accepted`]),
  ];
}

/**
 * What to say of CAs that OpenSSL does not trust although they are named, because it only trusts a CA by the root above it.
 * @param bundle PEM of all anchors together
 */
export function rootless(bundle: string): readonly string[] {
  const all = onlyCertificatesOf(bundle);
  const same = (one: X509Certificate, other: X509Certificate) =>
    one.subject === other.subject && one.publicKey.equals(other.publicKey);
  // A root that another CA signed, too, is trusted where the bundle has it as it signed itself.
  const anchored = (one: X509Certificate) =>
    all.some((other) => one.checkIssued(other) || (same(one, other) && other.checkIssued(other)));
  return all
    .filter((one) => one.ca && !anchored(one))
    .map((one) => `${readableName(one)} is no root, and the CA that signed it is not named: what it signed is refused`);
}
