// Runs long work as a series of short steps and lets the event loop serve requests in between.

/** Steps are run in a row for this long, ms, before the event loop has a turn. */
const SLICE_MS = 5;

/**
 * Runs all steps, and lets the event loop have a turn every {@link SLICE_MS}.
 * @returns what the last step returns
 * @throws the error that a step throws
 */
export async function inSlices<T>(steps: Iterator<unknown, T>): Promise<T> {
  let end = performance.now() + SLICE_MS;
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() < end) continue;
    await new Promise((resolve) => setImmediate(resolve));
    end = performance.now() + SLICE_MS;
  }
}

/** Runs all steps without a pause. */
export function atOnce<T>(steps: Iterator<unknown, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
