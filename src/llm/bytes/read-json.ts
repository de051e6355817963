// Reads the JSON of a request body, and says where it is malformed without repeating what it says.
import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { JsonObject } from "../json/values.ts";
import { faultOf, LlmError } from "../message/fault.ts";
import { isProblem, type JsonObjectSpan, type JsonProblem, jsonMembers, MAX_DEPTH } from "./json-members.ts";
import { BACKSLASH, type JsonSpan, QUOTE } from "./json-scanner.ts";
import { isClean, LongText } from "./long-texts.ts";

const LF = 10;
const SPACE = 32;
const ESCAPE = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/;

/** A body that is a JSON object. */
export interface JsonBody {
  readonly object: JsonObject;
  /** Where its members are in the bytes. */
  readonly span: JsonObjectSpan;
  /** Long texts in it, as far as JSON has them as they are. */
  readonly long: readonly LongText[];
}

/**
 * Reads a body. Halves of surrogate pairs that are written as escapes are kept: `JSON.stringify` writes them as such again.
 * @throws LlmError `invalid`, of the code `invalid_json` or `duplicate_key`: the body is not UTF-8, malformed, nested too
 * deep or no object, or two of its members have the same key
 */
export function readJson(bytes: Buffer): JsonBody {
  if (!isUtf8(bytes)) throw malformed("is not valid UTF-8");
  const span = jsonMembers(bytes);
  if (isProblem(span)) throw errorOf(bytes, span);
  const long = longTexts(bytes, span.long);
  try {
    return { object: parse(bytes, long) as JsonObject, span, long };
  } catch {
    throw errorOf(bytes, { problem: "malformed", at: stringFault(bytes) });
  }
}

/** Stands for a long text while the rest is parsed; nobody else can write it. */
const MARK = `${randomBytes(16).toString("hex")}:`;

function longTexts(bytes: Buffer, spans: readonly JsonSpan[]): readonly LongText[] {
  return spans
    .map(({ from, to }) => bytes.subarray(from + 1, to - 1))
    .filter(isClean)
    .map((view) => new LongText(view));
}

/** Parses a text; long strings are taken out of it before, so that it is not copied with them. */
function parse(bytes: Buffer, long: readonly LongText[]): unknown {
  if (long.length === 0) return JSON.parse(bytes.toString());
  let rest = "";
  let at = 0;
  for (const [i, { bytes: view }] of long.entries()) {
    const from = view.byteOffset - bytes.byteOffset;
    rest += `${bytes.toString("utf8", at, from)}${MARK}${i}`;
    at = from + view.length;
  }
  return restored(JSON.parse(rest + bytes.toString("utf8", at)), long);
}

/** Puts long texts back, to be made when they are read: a request that passes untranslated does without. */
function restored(value: unknown, long: readonly LongText[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const object = value as Record<string | number, unknown>;
  for (const key of Object.keys(object)) {
    const member = object[key];
    if (typeof member !== "string") restored(member, long);
    else if (member.startsWith(MARK)) restore(object, key, long[Number(member.slice(MARK.length))]!);
  }
  return value;
}

function restore(object: Record<string | number, unknown>, key: string, long: LongText): void {
  Object.defineProperty(object, key, {
    get: () => long.text,
    set: (value: unknown) => Object.defineProperty(object, key, { value, writable: true }),
    enumerable: true,
    configurable: true,
  });
}

function malformed(what: string): LlmError {
  return new LlmError(faultOf("invalid", `The request body ${what}`, null, "invalid_json"));
}

function errorOf(bytes: Buffer, problem: JsonProblem): LlmError {
  const place = placeOf(bytes, problem.at);
  switch (problem.problem) {
    case "not an object":
      return malformed("is not a JSON object");
    case "malformed":
      return malformed(`is not valid JSON at ${place}`);
    case "too deep":
      return malformed(`has more than ${MAX_DEPTH} nested levels at ${place}`);
    case "duplicate key": {
      const key = /^\w{1,64}$/.test(problem.key) ? ` "${problem.key}"` : "";
      const message = `The request body has the key${key} twice, again at ${place}`;
      return new LlmError(faultOf("invalid", message, null, "duplicate_key"));
    }
  }
}

/** @returns such as `byte 17`, `line 3, byte 5 (47 in all)` */
function placeOf(bytes: Buffer, at: number): string {
  const before = bytes.subarray(0, at);
  const lineStart = before.lastIndexOf(LF) + 1;
  if (lineStart === 0) return `byte ${at}`;
  let line = 1;
  for (let lf = before.indexOf(LF); lf !== -1; lf = before.indexOf(LF, lf + 1)) line++;
  return `line ${line}, byte ${at - lineStart} (${at} in all)`;
}

/** Finds the first control character or invalid escape in a string of a text that is valid otherwise. */
function stringFault(bytes: Buffer): number {
  let inside = false;
  let at = 0;
  for (; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) inside = !inside;
    else if (inside && byte < SPACE) return at;
    else if (byte === BACKSLASH) {
      const [valid] = ESCAPE.exec(bytes.toString("latin1", at, at + 6)) ?? [];
      if (valid === undefined) return at;
      at += valid.length - 1;
    }
  }
  return at;
}
