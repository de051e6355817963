// Reads bundles of CA certificates that are trusted to sign other certificates.
import type { X509Certificate } from "node:crypto";
import { chainPem, onlyCertificatesOf } from "./certificate-chain.ts";
import { listed, readableName } from "./readable-name.ts";
import { validityOfOne } from "./validity.ts";

/** A bundle without damaged parts. */
interface TrustAnchors {
  /** The certificates as PEM, each once. */
  readonly pem: string;
  /** Problems with single certificates, which do not prevent the use of the bundle. */
  readonly warnings: readonly string[];
}

/**
 * Reads a bundle. @param now ms since 1970
 * @throws TlsFault when any part is damaged, or the bundle is empty: for an empty one Node would trust the system's roots
 */
export function trustAnchors(text: string, now: number): TrustAnchors {
  const all = [...new Map(onlyCertificatesOf(text).map((each) => [each.fingerprint256, each])).values()];
  return { pem: chainPem(all), warnings: warningsOf(all, now) };
}

/** One warning for each kind of fault, because bundles of operating systems keep expired certificates for years. */
function warningsOf(all: readonly X509Certificate[], now: number): readonly string[] {
  const where = (wrong: (one: X509Certificate) => boolean, fault: string) => {
    const names = all.filter(wrong).map(readableName);
    return names.length === 0 ? [] : [`${fault}: ${listed(names)}`];
  };
  return [
    ...where((one) => now >= validityOfOne(one).to, "certificates signed by expired CAs are refused"),
    ...where(
      (one) => now < validityOfOne(one).from,
      "certificates signed by CAs that are not valid yet are refused until then",
    ),
    ...where(({ ca }) => !ca, "certificates that are not CAs cannot sign others"),
  ];
}

/**
 * A warning about intermediate CAs whose root is not in the bundle, which OpenSSL therefore does not trust; null if there
 * are none. @param bundle PEM of all anchors together
 */
export function rootless(bundle: string): string | null {
  const all = onlyCertificatesOf(bundle);
  const same = (one: X509Certificate, other: X509Certificate) =>
    one.subject === other.subject && one.publicKey.equals(other.publicKey);
  // A cross-signed root is trusted if the bundle also has its self-signed certificate.
  const anchored = (one: X509Certificate) =>
    all.some((other) => one.checkIssued(other) || (same(one, other) && other.checkIssued(other)));
  const names = all.filter((one) => one.ca && !anchored(one)).map(readableName);
  return names.length === 0
    ? null
    : `certificates signed by CAs without their root in the bundle are refused: ${listed(names)}`;
}
