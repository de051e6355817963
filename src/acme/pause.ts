// Waiting that can be cancelled.
import { setTimeout as wait } from "node:timers/promises";

/** Longest pause of a timer, ms. */
const MAX_MS = 2 ** 31 - 1;

/** Waits without keeping the process alive. @throws the signal's reason (rejects) as soon as it is aborted */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(Math.min(ms, MAX_MS), undefined, { signal, ref: false });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
