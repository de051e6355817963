// The source of time that mechanisms are given, so that tests can pass one that they advance themselves.

/** A monotonic clock that can also call back after a time. */
export interface Clock {
  /** ms since an arbitrary fixed moment; never goes back. */
  now(): number;
  /** Calls `run` once, `ms` from now. Does not keep the process alive. @returns a function that cancels the call */
  after(ms: number, run: () => void): () => void;
}

/** Real time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Total time the event loop of this process has been busy, ms, not counting waits for I/O. */
export function loopBusyMs(): number {
  return performance.eventLoopUtilization().active;
}
