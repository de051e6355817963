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

/** How long the event loop of this process has been busy in all, ms: what it waited for I/O is not counted. */
export function loopBusyMs(): number {
  return performance.eventLoopUtilization().active;
}
