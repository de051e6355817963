// Header fields as one flat array, name then value: the shape `rawHeaders` arrives in and `writeHead` takes, never rebuilt.
import type { FieldBlock } from "../core/upstream-request.ts";

/** Flat list: `[name, value, name, value, …]`, names in the sender's spelling. */
export type Fields = string[];

/** Whether `name` is `lower` in any case. `lower` must be lower-case ASCII; compares without allocating. */
export function isField(name: string, lower: string): boolean {
  if (name.length !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const a = name.charCodeAt(i);
    const b = lower.charCodeAt(i);
    if (a !== b && (a | 0x20) !== b) return false;
    // `| 0x20` maps a few symbols onto others ("[" to "{"); only letters may differ by case.
    if (a !== b && (b < 0x61 || b > 0x7a)) return false;
  }
  return true;
}

/** First value of the field `lower` (lower-case name), or undefined. */
export function getField(fields: readonly string[], lower: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (isField(fields[i]!, lower)) return fields[i + 1];
  return undefined;
}

/** All values of the field `lower` joined with `, ` (RFC 9110 §5.3), or undefined when it is absent. */
export function joinField(fields: readonly string[], lower: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (isField(fields[i]!, lower)) joined = joined === undefined ? fields[i + 1]! : `${joined}, ${fields[i + 1]}`;
  }
  return joined;
}

/** Removes, in place, every field whose lower-case name is in `names`. */
export function dropFields(fields: Fields, names: ReadonlySet<string>): void {
  let to = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (names.has(fields[i]!.toLowerCase())) continue;
    fields[to] = fields[i]!;
    fields[to + 1] = fields[i + 1]!;
    to += 2;
  }
  fields.length = to;
}

/** Adds the lower-case tokens of a comma-separated list such as `Connection` to `into`. */
export function addTokens(value: string, into: Set<string>): void {
  for (const part of value.split(",")) {
    const token = part.trim().toLowerCase();
    if (token !== "") into.add(token);
  }
}

/**
 * The same text in memory of its own, for text that is kept longer than its request: a piece cut out of a header keeps all of
 * the header in memory. What UTF-8 cannot say, such as half a surrogate pair out of JSON, stays as it is.
 */
export function ownText(text: string): string {
  const own = Buffer.from(text).toString();
  return own === text ? own : text;
}

/** A block of fields whose text is made when it is first asked for. */
export function fieldBlock(list: readonly string[]): FieldBlock {
  return new LazyBlock(list);
}

class LazyBlock implements FieldBlock {
  readonly list: readonly string[];
  #text: string | null = null;

  constructor(list: readonly string[]) {
    this.list = list;
  }

  get text(): string {
    if (this.#text === null) {
      let text = "";
      for (let i = 0; i < this.list.length; i += 2) text += `${this.list[i]}: ${this.list[i + 1]}\r\n`;
      this.#text = text;
    }
    return this.#text;
  }
}

/** A block without fields. */
export const NO_FIELDS: FieldBlock = new LazyBlock([]);
