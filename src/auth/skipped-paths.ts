// Paths that need no authentication, read in every way that backends read them.
import { canonicalPath } from "../wire/path.ts";

const SEPARATORS = /%(2F|5C)/;
const PARAMETERS = /(;|%3B)[^/]*/g;

/**
 * Whether a path needs no authentication; null: that depends on how its path parameters (`/a;x/b`) are read, which backends
 * do in different ways. Encoded slashes are never exempt: a backend may decode them.
 */
export function isSkipped(path: string, skips: (path: string) => boolean): boolean | null {
  if (SEPARATORS.test(path)) return false;
  const skipped = skips(path);
  if (!path.includes(";") && !path.includes("%3B")) return skipped;
  const bare = canonicalPath(path.replaceAll(PARAMETERS, ""));
  return bare !== null && skips(bare) === skipped ? skipped : null;
}
