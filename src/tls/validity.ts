// Validity periods of certificates, and warnings about those that have expired or will soon.
import type { X509Certificate } from "node:crypto";
import { certificatesOf } from "./certificate-chain.ts";

/** A validity period, ms since 1970. */
export interface Validity {
  readonly from: number;
  readonly to: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Remaining time below which a warning is due, ms; for short-lived certificates it is a third of their lifetime. */
const SOON_MS = 14 * DAY_MS;

/** The period in which all certificates of a PEM file are valid. @throws TlsFault when the file is damaged */
export function validityOf(pem: string): Validity {
  return validityOfAll(certificatesOf(pem));
}

/** The period in which all certificates are valid. */
export function validityOfAll(certificates: readonly X509Certificate[]): Validity {
  const all = certificates.map(validityOfOne);
  return { from: Math.max(...all.map(({ from }) => from)), to: Math.min(...all.map(({ to }) => to)) };
}

/** The validity period of one certificate. */
export function validityOfOne({ validFrom, validTo }: X509Certificate): Validity {
  return { from: Date.parse(validFrom), to: Date.parse(validTo) };
}

/**
 * A warning about a certificate that is not valid at `now` or will soon expire; null if there is none.
 * @param now ms since 1970 @param by the peers it is shown to
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

/** In how many days and when a period ends, if that is soon; else null. @param now ms since 1970, before the end */
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
