// When to renew, when to check, and how long to wait after a failure, computed from the certificate's dates.
import { X509Certificate } from "node:crypto";
import { type Validity, validityOfOne } from "../tls/validity.ts";

/** How long to wait after failures. */
export interface AcmeTimes {
  /** After an authority or a store that does not answer; doubles with each failure in a row. */
  readonly troubleMs: number;
  /** After an authority that says no; doubles, too. Authorities count such failures by the hour. */
  readonly refusalMs: number;
  /** Longest such wait. */
  readonly longestMs: number;
  /** Between two looks at an order of another gateway. */
  readonly lookMs: number;
  /** An authority that has not finished by then is asked again later. */
  readonly patienceMs: number;
}

/** What gateways use. */
export const ACME_TIMES: AcmeTimes = {
  troubleMs: 2_000,
  refusalMs: 60_000,
  longestMs: 3_600_000,
  lookMs: 1_000,
  patienceMs: 15 * 60_000,
};

/** Longest `Retry-After` believed, ms: limits of known authorities pass within a week. */
const LONGEST_RETRY_AFTER_MS = 7 * 24 * 3_600_000;
/** Time between two looks at the store, ms: bounds where there is a certificate, and where none has come yet. */
const LOOK_MS = { shortest: 1000, longest: 3_600_000, none: 10_000 } as const;

/** Of the certificate alone, and not of those that signed it. @param cert PEM, the certificate first */
export function lifetimeOf(cert: string): Validity {
  return validityOfOne(new X509Certificate(cert));
}

/** When one third of the lifetime is left, and up to a sixtieth of it later. @param spread in [0, 1): differs between gateways */
export function renewAt({ from, to }: Validity, spread: number): number {
  const ms = to - from;
  return to - ms / 3 + (ms / 60) * spread;
}

/** Time between two looks at the store while nothing is due: a hundredth of the lifetime, within bounds. */
export function lookEveryMs(lifetime: Validity | null): number {
  if (lifetime === null) return LOOK_MS.none;
  const hundredth = (lifetime.to - lifetime.from) / 100;
  return Math.min(LOOK_MS.longest, Math.max(LOOK_MS.shortest, hundredth));
}

/** A failed order, as far as the wait after it depends on it. */
export interface FailedOrder {
  /** Failures in a row, this one included. */
  readonly count: number;
  /** Whether the authority, or something on the way to it, may just have been busy. */
  readonly passes: boolean;
  /** Whether another kind of challenge is to be tried. */
  readonly another: boolean;
  /** What the authority asked for; 0: nothing. */
  readonly retryAfterMs: number;
}

/** How long no gateway orders, ms. A certificate that lives for minutes cannot wait for an hour. @param random in [0, 1) */
export function waitMs(failed: FailedOrder, lifetime: Validity | null, times: AcmeTimes, random: number): number {
  const twentieth = lifetime === null ? times.longestMs : (lifetime.to - lifetime.from) / 20;
  const longest = Math.min(times.longestMs, Math.max(times.troubleMs / 5, twentieth));
  const first = failed.passes || failed.another ? times.troubleMs : times.refusalMs;
  const own = Math.min(longest, first * 2 ** Math.min(failed.another ? 0 : failed.count - 1, 20));
  return Math.max(Math.round(own * (0.8 + 0.4 * random)), Math.min(failed.retryAfterMs, LONGEST_RETRY_AFTER_MS));
}
