// Other interpretations of a canonical path. Some servers drop path parameters (`/a;x/b`), some let encoded separators
// separate, decode twice or fold compatibility characters (NFKC). Where a decision depends on the interpretation, a backend
// could serve what the gateway has not checked.
import { canonicalPath } from "./path.ts";

const PARAMETERS = /(;|%3B)[^/]*/g;
const PLAIN_PARAMETERS = /;[^/]*/g;
const ESCAPES = /(?:%[0-9a-f]{2})+/gi;
const DOT_SEGMENT = /(^|\/)\.\.?(\/|;|$)/;
const NONE: readonly null[] = [];

/** Whether there can be other interpretations. A fast check for the common case. */
export function hasReadings(path: string): boolean {
  return path.includes(";") || path.includes("%");
}

/**
 * The path without parameters. Servers remove them before or after decoding, so there can be two interpretations; none if the
 * path has no parameters.
 * @returns null for an interpretation that is not a valid path
 */
export function withoutParameters(path: string): readonly (string | null)[] {
  const plain = path.includes(";");
  if (!path.includes("%3B")) return plain ? [canonicalPath(path.replaceAll(PARAMETERS, ""))] : NONE;
  const both = canonicalPath(path.replaceAll(PARAMETERS, ""));
  return plain ? [both, canonicalPath(path.replaceAll(PLAIN_PARAMETERS, ""))] : [both];
}

/** All other interpretations; null for one that is not a valid path. */
export function otherReadings(path: string): readonly (string | null)[] {
  return [...withoutParameters(path), ...decodings(path).flatMap((decoded) => completed(decoded))];
}

/** Interpretations that leave the place of the path: by parameters, or by dot segments that appear once it is decoded. */
export function strayReadings(path: string): readonly (string | null)[] {
  const climbing = decodings(path).filter((decoded) => DOT_SEGMENT.test(decoded));
  return [...withoutParameters(path), ...climbing.flatMap((decoded) => completed(decoded))];
}

function completed(decoded: string): readonly (string | null)[] {
  const path = canonicalPath(decoded);
  return path === null ? [null] : [path, ...withoutParameters(path)];
}

/** The path as text after decoding it once and twice, with encoded separators as separators, if that changes it. */
function decodings(path: string): readonly string[] {
  if (!path.includes("%")) return [];
  const once = decoded(path);
  const texts = [once, decoded(once)].map(encoded);
  return [...new Set(texts)].filter((text) => text !== path);
}

/** Malformed escapes stay as they are, as lenient decoders do it. */
function decoded(text: string): string {
  return text.replaceAll(ESCAPES, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString());
}

/** Text as a path: folded, with backslashes as slashes, and without the control characters that some servers remove. */
function encoded(text: string): string {
  const plain = text
    .normalize("NFKC")
    .replaceAll("\\", "/")
    .replaceAll(/[\0-\x1f\x7f]/g, "");
  return plain.replaceAll(/[^\w\-.~!$&'()*+,;=:@/]+/g, (run) => {
    return Buffer.from(run).reduce((out, byte) => `${out}%${byte.toString(16).toUpperCase().padStart(2, "0")}`, "");
  });
}
