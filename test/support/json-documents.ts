// Random JSON: values, and texts that say the same in another way.
import type { Random } from "./hostile.ts";

/** Any value of JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const TEXTS = ["", "a", "model", "stream", '"', "\\", '\\"', "\\\\", "\n\t", "{", "}", "[1,2]", ":", ",", "null"];
const MORE = ["ü", "🦊", "\u{2028}", "\ud800", "/", "\u007f", "x".repeat(70), `${"y".repeat(40)}"z\\`, "\\".repeat(35)];
const NUMBERS = [0, -1, 0.5, 1e21, 1.5e-9, -0, 123456789];

function randomText(random: Random): string {
  const pieces = Array.from({ length: random.int(4) }, () => random.pick(random.once(2) ? TEXTS : MORE));
  return pieces.join("");
}

/** @param depth how many objects and arrays may be in each other */
export function randomJson(random: Random, depth: number): Json {
  const kind = random.int(depth > 0 ? 7 : 5);
  if (kind === 5) return Array.from({ length: random.int(4) }, () => randomJson(random, depth - 1));
  if (kind === 6) return randomObject(random, depth);
  return [null, random.once(2), random.pick(NUMBERS), randomText(random), random.pick(TEXTS)][kind]!;
}

/** @param keys that are likely in it */
export function randomObject(random: Random, depth: number, keys: readonly string[] = []): { [key: string]: Json } {
  const object: { [key: string]: Json } = {};
  for (let left = random.int(6); left > 0; left--) {
    const key = keys.length > 0 && !random.once(3) ? random.pick(keys) : randomText(random);
    object[key] = randomJson(random, depth - 1);
  }
  return object;
}

/** Writes a value with blanks and escapes anywhere, as JSON allows them. */
export function writeJson(random: Random, value: Json): string {
  const blank = () => (random.once(3) ? random.pick([" ", "\n", "\r\n", "\t", "  \n"]) : "");
  const list = (open: string, parts: readonly string[], close: string) =>
    open + blank() + parts.map((part) => blank() + part + blank()).join(",") + close;
  if (typeof value === "string") return writeText(random, value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) {
    const parts = value.map((part) => writeJson(random, part));
    return list("[", parts, "]");
  }
  const parts = Object.entries(value).map(
    ([key, part]) => `${writeText(random, key)}${blank()}:${blank()}${writeJson(random, part)}`,
  );
  return list("{", parts, "}");
}

/** A string, some of its letters as escapes. */
function writeText(random: Random, text: string): string {
  const units = text.split("").map((unit) => {
    if (!random.once(12)) return null;
    const code = unit.charCodeAt(0).toString(16).padStart(4, "0");
    return `\\u${random.once(2) ? code : code.toUpperCase()}`;
  });
  // Halves of a surrogate pair are escaped together, or not at all: one alone has no UTF-8.
  let written = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isPair = code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    if (isPair) written += text.slice(i, ++i + 1);
    else written += units[i] ?? JSON.stringify(text[i]!).slice(1, -1);
  }
  return `"${written}"`;
}

/** Puts in, takes out and replaces a few letters, mostly such that mean something in JSON. */
export function damaged(random: Random, text: string): string {
  let result = text;
  for (let left = 1 + random.int(2); left > 0; left--) {
    const at = random.int(result.length + 1);
    const put = random.pick([
      "",
      "",
      '"',
      "\\",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "0",
      "-",
      ".",
      "e",
      "t",
      "nul",
      "\n",
      " ",
    ]);
    result = result.slice(0, at) + put + result.slice(at + random.int(3));
  }
  return result;
}
