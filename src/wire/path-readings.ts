// Other interpretations of a canonical path. Some servers drop path parameters (`/a;x/b`), some let encoded separators
// separate, decode twice or fold compatibility characters (NFKC). Where a decision depends on the interpretation, a backend
// could serve what the gateway has not checked.
import { canonicalPath } from "./path.ts";

const PARAMETERS = /(;|%3B)[^/]*/g;
const PLAIN_PARAMETERS = /;[^/]*/g;
const ESCAPES = /(?:%[0-9a-f]{2})+/gi;
/** Also where a parameter, or the query or fragment that a second parser finds, follows. */
const CLIMB = /(^|[/\\])\.\.([/\\;?#]|$)/;
const NONE: readonly null[] = [];
const ANYWHERE: readonly null[] = [null];

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

/** All other interpretations; null for one that is not a valid path, or that may be anywhere because it {@link climbs}. */
export function otherReadings(path: string): readonly (string | null)[] {
  if (climbs(path)) return ANYWHERE;
  const bare = withoutParameters(path);
  const texts = [path, ...bare].flatMap((text) => (text === null ? [] : decodings(text)));
  return [...bare, ...[...new Set(texts)].filter((text) => text !== path).flatMap(completed)];
}

/** Interpretations that leave the place of the path: by parameters, or, as null, because it {@link climbs}. */
export function strayReadings(path: string): readonly (string | null)[] {
  return climbs(path) ? ANYWHERE : withoutParameters(path);
}

/**
 * Whether `..` segments appear once the path is decoded or without parameters. Where those lead depends on the order in which
 * a server decodes, divides and resolves.
 */
function climbs(path: string): boolean {
  if (CLIMB.test(path)) return true;
  if (!path.includes("%")) return false;
  const once = folded(decoded(path));
  return CLIMB.test(once) || CLIMB.test(folded(decoded(once)));
}

function completed(text: string): readonly (string | null)[] {
  const path = canonicalPath(text);
  return path === null ? [null] : [path, ...withoutParameters(path)];
}

/** The path after decoding it once and twice, with encoded separators as separators: as it is then, and folded. */
function decodings(path: string): readonly string[] {
  if (!path.includes("%")) return [];
  const once = decoded(path);
  return [once, folded(once), decoded(once), folded(decoded(folded(once)))].map(encoded);
}

/** Malformed escapes stay as they are, as lenient decoders do it. */
function decoded(text: string): string {
  return text.replaceAll(ESCAPES, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString());
}

/** Without compatibility characters, with backslashes as slashes, and without the control characters that some servers remove. */
function folded(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll("\\", "/")
    .replaceAll(/[\0-\x1f\x7f]/g, "");
}

/** Text as a path. */
function encoded(text: string): string {
  return text.replaceAll(/[^\w\-.~!$&'()*+,;=:@/]+/g, (run) => {
    return Buffer.from(run).reduce((out, byte) => `${out}%${byte.toString(16).toUpperCase().padStart(2, "0")}`, "");
  });
}
