// Time as mechanisms see it: passed in, so that tests can turn it by hand.

/** A monotonic clock with alarms. */
export interface Clock {
  /** ms since some moment. */
  now(): number;
  /** Calls `run` once, `ms` from now; keeps no process alive. @returns calls it off */
  after(ms: number, run: () => void): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** How long the event loop of this process has been busy in all, ms: what it waited for I/O is not counted. */
export function loopBusyMs(): number {
  return performance.eventLoopUtilization().active;
}
