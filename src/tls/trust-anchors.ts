// Bundles of certificates that are trusted to sign those of others.
import type { X509Certificate } from "node:crypto";
import { chainPem, onlyCertificatesOf } from "./certificate-chain.ts";
import { readableName } from "./readable-name.ts";
import { validityOfOne } from "./validity.ts";

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
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return [
    ...(now >= to ? [`${name} ended on ${day(to)}: what it signed is refused`] : []),
    ...(now < from ? [`${name} begins on ${day(from)}: what it signed is refused until then`] : []),
    ...(certificate.ca ? [] : [`${name} is no CA: nothing that it signed is accepted`]),
  ];
}
