// The text of permissions: validation, canonical form, and encoding of request values.
import { canonicalPath } from "../wire/path.ts";

/** Longest permission in a configuration, characters. */
const MAX_LENGTH = 512;
/** Not allowed in permissions: white space, control characters, and metacharacters of other pattern languages. */
const FOREIGN = /[\s\p{Cc}{}[\]|\\^?#"`<>]/u;
const DOTS = /\/\/|\/\.\.?(\/|$)/;

/**
 * Parses a permission of a role, in which `*` matches any sequence of characters. If it begins with a slash, the last colon
 * separates a path and an action.
 * @returns the canonical form, which is compared with requests
 * @throws Error saying what is wrong with it
 */
export function readGrant(text: string): string {
  checkText(text);
  const plain = ascii(text);
  return plain.startsWith("/") ? readPathGrant(plain) : plain;
}

function readPathGrant(text: string): string {
  const colon = text.lastIndexOf(":");
  const path = colon === -1 ? text : text.slice(0, colon);
  const canonical = DOTS.test(path) ? null : canonicalPath(path);
  if (canonical === null) throw new Error("the part before its last colon is not a valid path");
  return canonical.replaceAll(":", "%3A") + (colon === -1 ? "" : text.slice(colon));
}

/** Parses fixed text of a required permission into the same form. @throws Error saying what is wrong with it */
export function readFixed(text: string): string {
  if (text.includes("*")) throw new Error('it contains "*", which only permissions of roles may');
  checkText(text);
  return ascii(text);
}

function checkText(text: string): void {
  if (text === "") throw new Error("it is empty");
  if (text.length > MAX_LENGTH) throw new Error(`it has more than ${MAX_LENGTH} characters`);
  const foreign = FOREIGN.exec(text);
  if (foreign !== null)
    throw new Error(
      `it contains ${JSON.stringify(foreign[0])}; the only wildcard is "*", for any sequence of characters`,
    );
}

/** A part of a canonical path as a value: `:` and `*` are encoded, so that they neither separate nor match. */
export function pathValue(part: string): string {
  return part.includes(":") || part.includes("*") ? part.replaceAll(":", "%3A").replaceAll("*", "%2A") : part;
}

/** Any text as a value. Different texts yield different values. */
export function textValue(text: string): string {
  return encoded(text, /[^\x21-\x7e]+|[%:*]+/g);
}

/** Percent-encodes what a canonical path has encoded, and converts escapes to upper case. */
function ascii(text: string): string {
  return encoded(text, /[^\x21-\x7e]+/g).replaceAll(/%[0-9a-f]{2}/gi, (triplet) => triplet.toUpperCase());
}

/** Percent-encodes the UTF-8 bytes of some characters. @param which matches runs of them */
function encoded(text: string, which: RegExp): string {
  return text.replaceAll(which, (run) => {
    let out = "";
    for (const byte of Buffer.from(run)) out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    return out;
  });
}
