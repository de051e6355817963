// The text of permissions: what a role may be given, and how values of a request stand in what it would need.
import { canonicalPath } from "../wire/path.ts";

/** Longest permission that can be written, characters. */
const MAX_LENGTH = 512;
/** What no permission holds: blanks, controls, and the wildcards and classes of other notations. */
const FOREIGN = /[\s\p{Cc}{}[\]|\\^?#"`<>]/u;
const DOTS = /\/\/|\/\.\.?(\/|$)/;

/**
 * A permission as a role is given it: text in which `*` stands for any run of characters. One that begins with a slash is a
 * path, a colon and an action.
 * @returns it in the form that requests are compared in
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
  if (canonical === null) throw new Error("what is before its last colon is no path");
  return canonical.replaceAll(":", "%3A") + (colon === -1 ? "" : text.slice(colon));
}

/** Fixed text of a permission that a rule requires, in the same form. @throws Error saying what is wrong with it */
export function readFixed(text: string): string {
  if (text.includes("*")) throw new Error('it holds a "*", which only permissions of roles do');
  checkText(text);
  return ascii(text);
}

function checkText(text: string): void {
  if (text === "") throw new Error("it is empty");
  if (text.length > MAX_LENGTH) throw new Error(`it has more than ${MAX_LENGTH} characters`);
  const foreign = FOREIGN.exec(text);
  if (foreign !== null)
    throw new Error(`it holds ${JSON.stringify(foreign[0])}; only "*" is a wildcard, and stands for any characters`);
}

/** A part of a canonical path as a value: what separates or stands for others in permissions is encoded. */
export function pathValue(part: string): string {
  return part.includes(":") || part.includes("*") ? part.replaceAll(":", "%3A").replaceAll("*", "%2A") : part;
}

/** Any text as a value; different texts are different values. */
export function textValue(text: string): string {
  return encoded(text, /[^\x21-\x7e]+|[%:*]+/g);
}

/** Characters that a canonical path has encoded are so here, too, and escapes are in upper case. */
function ascii(text: string): string {
  return encoded(text, /[^\x21-\x7e]+/g).replaceAll(/%[0-9a-f]{2}/gi, (triplet) => triplet.toUpperCase());
}

/** @param which characters are percent-encoded as UTF-8 */
function encoded(text: string, which: RegExp): string {
  return text.replaceAll(which, (run) => {
    let out = "";
    for (const byte of Buffer.from(run)) out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    return out;
  });
}
