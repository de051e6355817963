// Paths that are exempt from a check, considering every way in which backends interpret them.
import { withoutParameters } from "./path-readings.ts";

/** What paths are divided by, read from left to right, also in what backends may make of it. */
const DIVIDERS = /[^/\\.;%\0-\x1f\x7f]+/g;

/**
 * Whether a path is exempt; null: that depends on how its path parameters (`/a;x/b`) are read, which backends
 * do in different ways. Paths that a backend may divide in another way once it has decoded them are never exempt: those with
 * encoded slashes, percent signs (decoded twice), control characters, look-alikes (NFKC), or what is no UTF-8.
 */
export function isSkipped(path: string, skips: (path: string) => boolean): boolean | null {
  if (path.includes("%") && isDividedOtherwise(path)) return false;
  const skipped = skips(path);
  const agrees = (bare: string | null) => bare !== null && skips(bare) === skipped;
  return withoutParameters(path).every(agrees) ? skipped : null;
}

function isDividedOtherwise(path: string): boolean {
  try {
    const decoded = decodeURIComponent(path.replaceAll("%3B", ";"));
    const dividers = path
      .replaceAll("%3B", ";")
      .replaceAll(/%[0-9A-F]{2}/g, "")
      .replaceAll(DIVIDERS, "");
    return decoded.normalize("NFKC").replaceAll(DIVIDERS, "") !== dividers;
  } catch {
    return true;
  }
}
