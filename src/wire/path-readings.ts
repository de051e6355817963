// Other ways in which servers read a canonical path: without the path parameters of its segments (`/a;x/b`), or with encoded
// separators that separate. Where a decision depends on the way, a backend could serve what the gateway has not judged.
import { canonicalPath } from "./path.ts";

const PARAMETERS = /(;|%3B)[^/]*/g;
const PLAIN_PARAMETERS = /;[^/]*/g;
const SEPARATORS = /%(2F|5C)/g;
const NONE: readonly null[] = [];

/** Whether there may be other readings at all. */
export function hasReadings(path: string): boolean {
  return path.includes(";") || path.includes("%");
}

/**
 * The path without its parameters. Some servers look for them before they decode the path and some after it, so there may be
 * two readings; none where there are no parameters.
 * @returns null in place of a reading that is no path
 */
export function withoutParameters(path: string): readonly (string | null)[] {
  const plain = path.includes(";");
  if (!path.includes("%3B")) return plain ? [canonicalPath(path.replaceAll(PARAMETERS, ""))] : NONE;
  const both = canonicalPath(path.replaceAll(PARAMETERS, ""));
  return plain ? [both, canonicalPath(path.replaceAll(PLAIN_PARAMETERS, ""))] : [both];
}

/** Whether an encoded slash or backslash is in the path. */
export function hasSeparators(path: string): boolean {
  return path.includes("%2F") || path.includes("%5C");
}

function withSeparators(path: string): string | null {
  return canonicalPath(path.replaceAll(SEPARATORS, "/"));
}

/** Every other reading of a path, each null when it is no path. */
export function otherReadings(path: string): readonly (string | null)[] {
  const separated = hasSeparators(path) ? withSeparators(path) : path;
  if (separated === null) return [null];
  const more = separated === path ? NONE : [separated, ...withoutParameters(separated)];
  return [...withoutParameters(path), ...more];
}
