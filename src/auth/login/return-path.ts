// Validates the path that a browser is redirected to after a login: it must be of the same origin.
import { canonicalPath } from "../../wire/path.ts";

/** Longest path, characters: it is kept in a cookie. */
const MAX_LENGTH = 1000;
const PRINTABLE = /^[\x21-\x7e]*$/;

/**
 * The path in canonical form, with its query; null: it is not a valid path, or could lead to another origin.
 * @param own paths of the login itself, which are rejected
 */
export function safeReturn(text: string, own: readonly string[]): string | null {
  if (text.length > MAX_LENGTH) return null;
  const end = text.search(/[?#]/);
  const path = canonicalPath(end === -1 ? text : text.slice(0, end));
  const rest = end === -1 ? "" : text.slice(end);
  // A canonical path does not begin with two slashes, and has no backslashes, which browsers treat as slashes.
  return path === null || own.includes(path) || !PRINTABLE.test(rest) ? null : path + rest;
}
