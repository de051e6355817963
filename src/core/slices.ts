// Long work in short slices, so that requests are served in between.

/** Longest slice, ms; a single step may take longer. */
const SLICE_MS = 5;

/**
 * Runs all steps, giving the event loop a turn whenever a slice is used up.
 * @returns what the last step returns
 * @throws whatever a step throws
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

/** Runs all steps at once. */
export function atOnce<T>(steps: Iterator<unknown, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
