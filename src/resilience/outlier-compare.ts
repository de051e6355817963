// Finds endpoints that do worse than their peers. Each is compared with the others only, since in a small service one bad
// endpoint would shift the mean it is compared with.
import type { EjectionReason, OutlierSettings } from "./outlier-settings.ts";

/** How one endpoint did in an interval. */
export interface Tally {
  ok: number;
  bad: number;
  /** Sum of the latencies of what went well. */
  ms: number;
}

/** An endpoint to eject. */
interface Outlier<T> {
  readonly who: T;
  readonly reason: EjectionReason;
  /** How much it deviates; sorts the worst first. */
  readonly excess: number;
}

/** Peers that all do alike deviate by nothing; a difference below this much of the success rate is chance. */
const LEAST_DEVIATION = 0.05;
/** Differences in latency below this are ignored, ms. */
const LEAST_LATENCY_GAP_MS = 5;

/** @returns the worst first; empty when fewer than two endpoints had enough requests */
export function findOutliers<T extends Tally>(all: readonly T[], settings: OutlierSettings): Outlier<T>[] {
  const measured = all.filter(({ ok, bad }) => ok + bad >= Math.max(1, settings.minRequests));
  if (measured.length < 2) return [];
  const found = measured.flatMap((who) => {
    const peers = measured.filter((other) => other !== who);
    const verdict = bySuccess(who, peers, settings) ?? byLatency(who, peers, settings);
    return verdict === null ? [] : [{ who, ...verdict }];
  });
  return found.sort((a, b) => b.excess - a.excess);
}

type Judgement = Omit<Outlier<never>, "who"> | null;

function bySuccess(who: Tally, peers: readonly Tally[], settings: OutlierSettings): Judgement {
  if (settings.successRateFactor === 0) return null;
  const rates = peers.map(rateOf);
  const mean = sum(rates) / rates.length;
  const deviation = Math.sqrt(sum(rates.map((rate) => (rate - mean) ** 2)) / rates.length);
  const excess = (mean - rateOf(who)) / Math.max(deviation, LEAST_DEVIATION);
  return excess > settings.successRateFactor ? { reason: "success_rate", excess } : null;
}

function byLatency(who: Tally, peers: readonly Tally[], settings: OutlierSettings): Judgement {
  const known = peers.filter(({ ok }) => ok > 0).map(latencyOf);
  if (settings.latencyFactor === 0 || who.ok === 0 || known.length === 0) return null;
  const limit = Math.max(median(known) * settings.latencyFactor, median(known) + LEAST_LATENCY_GAP_MS);
  const own = latencyOf(who);
  return own > limit ? { reason: "latency", excess: own / limit } : null;
}

function rateOf({ ok, bad }: Tally): number {
  return ok / (ok + bad);
}

function latencyOf({ ok, ms }: Tally): number {
  return ms / ok;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
