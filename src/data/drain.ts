// Stops without losing a request: announce, keep accepting, close the ports, let what is under way finish, all bounded.

import type { Listeners } from "../adapters/listeners.ts";
import type { DrainTimes } from "../core/data-plane.ts";
import type { Log } from "../core/log.ts";
import type { CurrentSnapshot } from "../core/snapshot.ts";
import type { OpenStreams } from "../core/streams.ts";

const POLL_MS = 20;
/** Longest time over which open streams are asked to leave, ms. */
const MAX_SPREAD_MS = 5000;

/**
 * Drains the gateway.
 * @param active number of requests in progress
 * @returns requests that had to be cut off
 */
export async function drain(
  live: CurrentSnapshot,
  listeners: Listeners,
  streams: OpenStreams,
  active: () => number,
  times: DrainTimes,
  log: Log,
): Promise<number> {
  log.info("Draining", { connections: listeners.connections, requests: active() });
  // From here on every reply says Connection: close, and readiness says no.
  live.draining = true;
  listeners.announceClose();
  // Streams have no end of their own: they are asked to leave, spread over the time there is, so that their clients do
  // not all come back to somebody else at one moment.
  streams.leave(Math.min(MAX_SPREAD_MS, (times.delayMs + times.timeoutMs) / 4));
  await until(() => listeners.connections === 0, times.delayMs);
  await listeners.stopAccepting();
  const idle = () => {
    if (active() > 0) return false;
    listeners.closeIdle();
    return listeners.connections === 0;
  };
  await until(idle, times.timeoutMs);
  const cut = active();
  if (cut > 0) log.warn("Requests were cut off by the shutdown timeout", { requests: cut });
  listeners.destroy();
  return cut;
}

/** Waits until `done` or for `limitMs`. */
async function until(done: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (!done() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
