// google.api.http as plain data: read from the options of a method, and written there when a .proto file is compiled.
import type { DescMethod } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { DescriptorError } from "./descriptors/descriptor-error.ts";

/** Field number of `google.api.http` in `google.protobuf.MethodOptions`. */
export const HTTP_EXTENSION = 72295728;
/** Rules nest no further: additional bindings have no additional bindings (google/api/http.proto). */
const MAX_BINDINGS = 1000;

/** One binding of a method. */
export interface HttpRule {
  /** HTTP method in upper case; `*` any. "" when the rule has no pattern. */
  readonly method: string;
  readonly template: string;
  /** `*`, a field of the request message, or "" for none. */
  readonly body: string;
  /** A field of the response message, or "" for the whole message. */
  readonly responseBody: string;
  readonly additional: readonly HttpRule[];
}

const PATTERNS: readonly (readonly [number: number, name: string])[] = [
  [2, "get"],
  [3, "put"],
  [4, "post"],
  [5, "delete"],
  [6, "patch"],
];
const NUMBERS: ReadonlyMap<string, number> = new Map(PATTERNS.map(([number, name]) => [name.toUpperCase(), number]));
const METHODS: ReadonlyMap<number, string> = new Map(PATTERNS.map(([number, name]) => [number, name.toUpperCase()]));

/** The `google.api.http` option of a method; undefined when it has none, or one that cannot be read. */
export function httpRuleOf(method: DescMethod): HttpRule | undefined {
  let data: Uint8Array | undefined;
  // Options are read without knowing extensions, so the option is among the unknown fields; the last one counts.
  for (const field of method.proto.options?.$unknown ?? []) if (field.no === HTTP_EXTENSION) data = field.data;
  if (data === undefined) return undefined;
  try {
    return readHttpRule(new BinaryReader(data).bytes(), true);
  } catch {
    return undefined;
  }
}

/** Reads a rule from the text-format aggregate of a .proto file. @throws {DescriptorError} */
export function httpRuleFromJson(json: unknown, place: string): HttpRule {
  const rule = isObject(json) ? json : {};
  const text = (name: string): string => (typeof rule[name] === "string" ? rule[name] : "");
  const pattern = PATTERNS.find(([, name]) => rule[name] !== undefined)?.[1];
  const custom = isObject(rule.custom) ? rule.custom : undefined;
  const more = rule.additional_bindings ?? [];
  const known = new Set([...PATTERNS.map(([, name]) => name), "custom", "body", "response_body", "selector"]);
  for (const name of Object.keys(rule)) {
    if (name !== "additional_bindings" && !known.has(name)) {
      throw new DescriptorError(`${place}: google.api.http has no field "${name}"`);
    }
  }
  return {
    method: pattern?.toUpperCase() ?? String(custom?.kind ?? "").toUpperCase(),
    template: pattern === undefined ? String(custom?.path ?? "") : text(pattern),
    body: text("body"),
    responseBody: text("response_body"),
    additional: (Array.isArray(more) ? more : [more]).map((binding) => httpRuleFromJson(binding, place)),
  };
}

/** The rule as the value of an unknown field: length and bytes. */
export function writeHttpRule(rule: HttpRule): Uint8Array {
  return new BinaryWriter().bytes(encode(rule)).finish();
}

function encode(rule: HttpRule): Uint8Array {
  const out = new BinaryWriter();
  const text = (number: number, value: string): void => {
    if (value !== "") out.tag(number, WireType.LengthDelimited).string(value);
  };
  const number = NUMBERS.get(rule.method);
  if (number !== undefined) text(number, rule.template);
  else if (rule.method !== "") {
    const custom = new BinaryWriter().tag(1, WireType.LengthDelimited).string(rule.method);
    custom.tag(2, WireType.LengthDelimited).string(rule.template);
    out.tag(8, WireType.LengthDelimited).bytes(custom.finish());
  }
  text(7, rule.body);
  for (const more of rule.additional) out.tag(11, WireType.LengthDelimited).bytes(encode(more));
  text(12, rule.responseBody);
  return out.finish();
}

function readHttpRule(bytes: Uint8Array, nested: boolean): HttpRule {
  const rule = { method: "", template: "", body: "", responseBody: "", additional: [] as HttpRule[] };
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const method = METHODS.get(number);
    if (method !== undefined) {
      rule.method = method;
      rule.template = reader.string();
    } else if (number === 7) rule.body = reader.string();
    else if (number === 8) [rule.method, rule.template] = readCustom(reader.bytes());
    else if (number === 11) {
      const more = reader.bytes();
      if (nested && rule.additional.length < MAX_BINDINGS) rule.additional.push(readHttpRule(more, false));
    } else if (number === 12) rule.responseBody = reader.string();
    else reader.skip(wireType, number);
  }
  return rule;
}

function readCustom(bytes: Uint8Array): [kind: string, path: string] {
  const parts: [string, string] = ["", ""];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1) parts[0] = reader.string().toUpperCase();
    else if (number === 2) parts[1] = reader.string();
    else reader.skip(wireType, number);
  }
  return parts;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
