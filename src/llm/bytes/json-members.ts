// Finds members of JSON objects in bytes, without parsing what they contain.
import { BACKSLASH, CLOSE_OBJECT, COMMA, JsonScanner, type JsonSpan, OPEN_OBJECT, QUOTE } from "./json-scanner.ts";

/** Most objects and arrays in each other. */
export const MAX_DEPTH = 200;

/** One member of an object. */
export interface JsonMember {
  readonly key: string;
  /** Offset of the quote that begins the key. */
  readonly keyFrom: number;
  readonly value: JsonSpan;
}

/** An object whose members are known. */
export interface JsonObjectSpan {
  /** By key, in the order of the text. */
  readonly members: ReadonlyMap<string, JsonMember>;
  /** Offsets of its braces. */
  readonly open: number;
  readonly close: number;
  /** Values that are long strings, quotes included, however deep in it. */
  readonly long: readonly JsonSpan[];
}

/** Why bytes are not taken; `at` is the offset of a byte. What strings contain is not checked, so that it can be malformed. */
export type JsonProblem =
  | { readonly problem: "malformed" | "too deep" | "not an object"; readonly at: number }
  /** @see RFC 8259 §4: which of two equal keys counts is left to the reader */
  | { readonly problem: "duplicate key"; readonly key: string; readonly at: number };

/** Whether a result is a problem. */
export function isProblem(result: object): result is JsonProblem {
  return "problem" in result;
}

/**
 * Finds the members of the object that is the whole text. The structure of all of it is checked.
 * @param maxDepth of objects and arrays in each other, the whole text included
 */
export function jsonMembers(bytes: Buffer, maxDepth = MAX_DEPTH): JsonObjectSpan | JsonProblem {
  const scanner = new JsonScanner(bytes, maxDepth);
  const from = scanner.blanks(0);
  const object = bytes[from] === OPEN_OBJECT ? membersAt(bytes, scanner, from) : null;
  if (object !== null && isProblem(object)) return object;
  const to = object === null ? scanner.value(from, 0) : object.close + 1;
  if (to === -1) return problemOf(scanner);
  const rest = scanner.blanks(to);
  if (rest < bytes.length) return { problem: "malformed", at: rest };
  return object ?? { problem: "not an object", at: from };
}

/** Finds the members of an object that is the value of another's member. */
export function membersOf(bytes: Buffer, { from }: JsonSpan): JsonObjectSpan | JsonProblem {
  return membersAt(bytes, new JsonScanner(bytes, MAX_DEPTH), from);
}

/**
 * Finds a value by the keys that lead to it, and looks no further: for texts that are passed on whatever they contain.
 * @param from offset of an object @param path keys of ASCII
 * @returns the first of several with equal keys; null: there is none, or the text is malformed before it
 */
export function findValue(bytes: Buffer, from: number, path: readonly string[]): JsonSpan | null {
  const scanner = new JsonScanner(bytes, MAX_DEPTH);
  let at = from;
  for (const key of path) {
    at = valueFor(bytes, scanner, at, key);
    if (at === -1) return null;
  }
  const to = scanner.value(at, 0);
  return to === -1 ? null : { from: at, to };
}

function membersAt(bytes: Buffer, scanner: JsonScanner, open: number): JsonObjectSpan | JsonProblem {
  if (bytes[open] !== OPEN_OBJECT) return { problem: "not an object", at: open };
  const members = new Map<string, JsonMember>();
  const { long } = scanner;
  let at = scanner.blanks(open + 1);
  if (bytes[at] === CLOSE_OBJECT) return { members, open, close: at, long };
  for (;;) {
    const keyFrom = at;
    const from = scanner.key(keyFrom);
    const to = from === -1 ? -1 : scanner.value(from, 1);
    if (to === -1) return problemOf(scanner);
    const key = keyAt(bytes, keyFrom, scanner.string(keyFrom));
    if (key === null) return { problem: "malformed", at: keyFrom };
    if (members.has(key)) return { problem: "duplicate key", key, at: keyFrom };
    members.set(key, { key, keyFrom, value: { from, to } });
    at = scanner.blanks(to);
    if (bytes[at] === CLOSE_OBJECT) return { members, open, close: at, long };
    if (bytes[at] !== COMMA) return { problem: "malformed", at };
    at = scanner.blanks(at + 1);
  }
}

function problemOf({ problem, at }: JsonScanner): JsonProblem {
  return { problem, at };
}

/** @returns the first byte of the value; -1 none */
function valueFor(bytes: Buffer, scanner: JsonScanner, object: number, key: string): number {
  if (bytes[object] !== OPEN_OBJECT) return -1;
  let at = scanner.blanks(object + 1);
  while (bytes[at] === QUOTE) {
    const value = scanner.key(at);
    if (value === -1 || isKey(bytes, scanner, at, key)) return value;
    const end = scanner.value(value, 1);
    if (end === -1) return -1;
    at = scanner.blanks(end);
    if (bytes[at] !== COMMA) return -1;
    at = scanner.blanks(at + 1);
  }
  return -1;
}

/** Whether the key whose quote is at `from` is this one, also with escapes. */
function isKey(bytes: Buffer, scanner: JsonScanner, from: number, key: string): boolean {
  for (let i = 0; i < key.length; i++) {
    const byte = bytes[from + 1 + i];
    if (byte === key.charCodeAt(i)) continue;
    return byte === BACKSLASH && keyAt(bytes, from, scanner.string(from)) === key;
  }
  return bytes[from + 1 + key.length] === QUOTE;
}

/** @param from of its first quote @param to behind its last @returns null: an escape is malformed */
function keyAt(bytes: Buffer, from: number, to: number): string | null {
  const key = bytes.toString("utf8", from + 1, to - 1);
  if (!key.includes("\\")) return key;
  try {
    return JSON.parse(`"${key}"`) as string;
  } catch {
    return null;
  }
}
