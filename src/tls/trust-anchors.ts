// Bundles of certificates that are trusted to sign those of others.
import type { X509Certificate } from "node:crypto";
import { chainPem, onlyCertificatesOf } from "./certificate-chain.ts";
import { listed, readableName } from "./readable-name.ts";
import { validityOfOne } from "./validity.ts";

/** A bundle that was read whole. */
interface TrustAnchors {
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
  return { pem: chainPem(all), warnings: warningsOf(all, now) };
}

/** One warning for all with the same fault: bundles of systems keep what has ended for years. */
function warningsOf(all: readonly X509Certificate[], now: number): readonly string[] {
  const where = (wrong: (one: X509Certificate) => boolean, fault: string) => {
    const names = all.filter(wrong).map(readableName);
    return names.length === 0 ? [] : [`${fault}: ${listed(names)}`];
  };
  return [
    ...where((one) => now >= validityOfOne(one).to, "what was signed by certificates that have ended is refused"),
    ...where(
      (one) => now < validityOfOne(one).from,
      "what was signed by certificates that begin later is refused until then",
    ),
    ...where(({ ca }) => !ca, "a certificate that is no CA can sign nothing"),
  ];
}

/**
 * What to say of CAs that OpenSSL does not trust although they are named, because it only trusts a CA by the root above
 * it; null: nothing. @param bundle PEM of all anchors together
 */
export function rootless(bundle: string): string | null {
  const all = onlyCertificatesOf(bundle);
  const same = (one: X509Certificate, other: X509Certificate) =>
    one.subject === other.subject && one.publicKey.equals(other.publicKey);
  // A root that another CA signed, too, is trusted where the bundle has it as it signed itself.
  const anchored = (one: X509Certificate) =>
    all.some((other) => one.checkIssued(other) || (same(one, other) && other.checkIssued(other)));
  const names = all.filter((one) => one.ca && !anchored(one)).map(readableName);
  return names.length === 0 ? null : `what was signed by CAs whose root is not named is refused: ${listed(names)}`;
}
