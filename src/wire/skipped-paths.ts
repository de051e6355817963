// Paths that are exempt from a check, considering every way in which backends interpret them.
import { hasReadings, otherReadings } from "./path-readings.ts";

/** Whether a path is exempt; null: that depends on how it is read. A path that is not UTF-8 is never exempt. */
export function isSkipped(path: string, skips: (path: string) => boolean): boolean | null {
  const skipped = skips(path);
  if (!hasReadings(path)) return skipped;
  if (!otherReadings(path).every((reading) => reading !== null && skips(reading) === skipped)) return null;
  return skipped && isUtf8(path);
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
