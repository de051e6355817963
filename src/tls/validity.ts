// Reads from when to when the certificates of a file are valid, and warns of those that are not or will soon not be.
import type { X509Certificate } from "node:crypto";
import { certificatesOf } from "./certificate-chain.ts";

/** Times in ms since 1970. */
export interface Validity {
  readonly from: number;
  readonly to: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Time left from which a certificate ends soon; for one of a short life, the last third of it. */
const SOON_MS = 14 * DAY_MS;

/** When all certificates of a PEM file hold together. @throws TlsFault when one is no certificate */
export function validityOf(pem: string): Validity {
  return validityOfAll(certificatesOf(pem));
}

/** When all certificates hold together. */
export function validityOfAll(certificates: readonly X509Certificate[]): Validity {
  const all = certificates.map(validityOfOne);
  return { from: Math.max(...all.map(({ from }) => from)), to: Math.min(...all.map(({ to }) => to)) };
}

/** When one certificate holds. */
export function validityOfOne({ validFrom, validTo }: X509Certificate): Validity {
  return { from: Date.parse(validFrom), to: Date.parse(validTo) };
}

/**
 * What is wrong with a certificate now, or will be soon; null: nothing.
 * @param now ms since 1970 @param by who it is shown to
 */
export function validityProblem(
  validity: Validity,
  now: number,
  by: "clients" | "services" = "clients",
): string | null {
  const { from, to } = validity;
  if (now >= to) return `the certificate expired on ${dayOf(to)}: ${by} refuse it`;
  if (now < from) return `the certificate is not valid before ${dayOf(from)}: ${by} refuse it until then`;
  const soon = soonEnd(validity, now);
  return soon === null ? null : `the certificate expires ${soon}`;
}

/** In how many days it ends, where that is soon; null where it is not. @param now ms since 1970, before the end */
export function soonEnd({ from, to }: Validity, now: number): string | null {
  const left = to - now;
  if (left >= Math.min(SOON_MS, (to - from) / 3)) return null;
  const days = Math.floor(left / DAY_MS);
  const when = days < 1 ? "in less than a day" : days === 1 ? "in 1 day" : `in ${days} days`;
  return `${when}, on ${dayOf(to)}`;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
