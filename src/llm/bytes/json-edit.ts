// Changes members of JSON objects in bytes; all other bytes stay as they are.
import {
  findValue,
  isProblem,
  type JsonMember,
  type JsonObjectSpan,
  type JsonProblem,
  membersOf,
} from "./json-members.ts";
import { OPEN_OBJECT } from "./json-scanner.ts";

/**
 * Changes by key: JSON text sets the value of a member, and adds it at the end where there is none; null removes it.
 * Changes of a nested object create it where there is none, or null; where nothing would be in it, it is not created.
 */
export interface JsonEdits {
  readonly [key: string]: string | null | JsonEdits;
}

/** Bytes to be replaced: those from `from` to `to`. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * Applies changes to an object.
 * @returns pieces whose bytes in order are the changed text, views of `bytes` where they are unchanged; or, where a nested
 * object is none, or has two equal keys, the problem
 */
export function editedJson(bytes: Buffer, object: JsonObjectSpan, edits: JsonEdits): Buffer[] | JsonProblem {
  const splices: Splice[] = [];
  const problem = collect(bytes, object, edits, splices);
  if (problem !== null) return problem;
  splices.sort((a, b) => a.from - b.from);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { from, to, text } of splices) {
    if (from > at) pieces.push(bytes.subarray(at, from));
    if (text !== "") pieces.push(Buffer.from(text));
    at = to;
  }
  if (at < bytes.length) pieces.push(bytes.subarray(at));
  return pieces;
}

/**
 * Replaces a value that {@link findValue} finds.
 * @param from offset of an object @param path keys of ASCII @param json the new value
 * @returns `bytes` itself where there is no such value
 */
export function replacedValue(bytes: Buffer, from: number, path: readonly string[], json: Buffer): Buffer {
  const value = findValue(bytes, from, path);
  if (value === null) return bytes;
  const edited = Buffer.allocUnsafe(bytes.length - (value.to - value.from) + json.length);
  bytes.copy(edited, 0, 0, value.from);
  json.copy(edited, value.from);
  bytes.copy(edited, value.from + json.length, value.to);
  return edited;
}

/** Adds what changes in one object to `splices`. */
function collect(bytes: Buffer, object: JsonObjectSpan, edits: JsonEdits, splices: Splice[]): JsonProblem | null {
  const added: string[] = [];
  const removed = new Set<string>();
  for (const [key, edit] of Object.entries(edits)) {
    const member = object.members.get(key);
    if (member === undefined) {
      const text = textOf(edit);
      if (text !== null) added.push(`${JSON.stringify(key)}:${text}`);
    } else if (edit === null) removed.add(key);
    else {
      const problem = change(bytes, member, edit, splices);
      if (problem !== null) return problem;
    }
  }
  remove(object, removed, splices);
  if (added.length > 0) {
    const comma = removed.size < object.members.size ? "," : "";
    splices.push({ from: object.close, to: object.close, text: comma + added.join(",") });
  }
  return null;
}

function change(bytes: Buffer, { value }: JsonMember, edit: string | JsonEdits, splices: Splice[]): JsonProblem | null {
  if (typeof edit === "string") {
    splices.push({ ...value, text: edit });
    return null;
  }
  if (bytes[value.from] === OPEN_OBJECT) {
    const object = membersOf(bytes, value);
    return isProblem(object) ? object : collect(bytes, object, edit, splices);
  }
  const text = textOf(edit);
  if (text === null) return null;
  if (bytes.toString("latin1", value.from, value.to) !== "null") return { problem: "not an object", at: value.from };
  splices.push({ ...value, text });
  return null;
}

/** Text of a value that is not there yet; null: it is not to be there. */
function textOf(edit: string | null | JsonEdits): string | null {
  if (edit === null || typeof edit === "string") return edit;
  const members = Object.entries(edit).flatMap(([key, value]) => {
    const text = textOf(value);
    return text === null ? [] : [`${JSON.stringify(key)}:${text}`];
  });
  return members.length > 0 ? `{${members.join(",")}}` : null;
}

/** A member goes with the comma before it; those before the first that stays go with the comma behind them. */
function remove({ members }: JsonObjectSpan, removed: ReadonlySet<string>, splices: Splice[]): void {
  if (removed.size === 0) return;
  const list = [...members.values()];
  let hasKept = false;
  for (const [i, { key, keyFrom, value }] of list.entries()) {
    if (!removed.has(key)) hasKept = true;
    else if (hasKept) splices.push({ from: list[i - 1]!.value.to, to: value.to, text: "" });
    else splices.push({ from: keyFrom, to: list[i + 1]?.keyFrom ?? value.to, text: "" });
  }
}
