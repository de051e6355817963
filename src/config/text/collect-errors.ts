// Runs a later stage of loading although earlier ones found errors, so that all errors are reported at once.
import type { Problems } from "./problem.ts";

/**
 * Runs `stage`. When errors were found before, values may be missing and the stage may stumble over them: its own
 * exception is then only a consequence, and null is returned.
 */
export function collectErrors<T>(problems: Problems, stage: () => T): T | null {
  const before = problems.errors.length;
  try {
    return stage();
  } catch (error) {
    if (before === 0) throw error;
    return null;
  }
}
