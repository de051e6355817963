// The schema language: each field knows how to read itself, its JSON Schema, its default and its sentence of documentation.
import type { Position, Problems } from "./problem.ts";
import { didYouMean } from "./suggest.ts";
import { describe, type MapNode, type Node, plain } from "./tree.ts";
import { durationMs, showDuration, showSize, sizeBytes } from "./units.ts";

/** A JSON Schema fragment (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where an effective value came from. */
export type Origin =
  | { readonly kind: "file"; readonly at: Position; readonly masked: boolean }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "default" };

/** State of one reading: what is wrong, and where each value came from (dotted path → origin). */
export interface Reading {
  readonly problems: Problems;
  readonly origins: Map<string, Origin>;
}

/** One key of the configuration. */
export interface Field<T> {
  readonly doc: string;
  /** How the documentation names the type. */
  readonly type: string;
  readonly json: JsonSchema;
  /** Value when the key is absent; undefined = required. */
  readonly fallback: T | undefined;
  /** Keys of an object; null for anything else. */
  readonly fields: Fields | null;
  /** Keys of each element of a list or map of objects. */
  readonly items?: Field<unknown>;
  /** Whether an environment variable may set it. */
  readonly addressable: boolean;
  read(node: Node, path: string, reading: Reading): T;
  /** Value as it would be written in the file. */
  show(value: T): unknown;
}

/** Keys of an object. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** Type of the value a field reads. */
export type Infer<F> = F extends Field<infer T> ? T : never;
type InferFields<F> = { readonly [K in keyof F]: Infer<F[K]> };

interface ScalarParts<T> {
  readonly type: string;
  readonly json: JsonSchema;
  readonly expects: string;
  /** null: not one. */
  convert(value: string | number | boolean): T | null;
  readonly show?: (value: T) => unknown;
}

function scalar<T>(doc: string, fallback: T | undefined, parts: ScalarParts<T>): Field<T> {
  return {
    doc,
    type: parts.type,
    json: withPlaceholder(parts.json),
    fallback,
    fields: null,
    addressable: true,
    show: parts.show ?? ((value) => value),
    read(node, path, reading) {
      const value = node.kind === "scalar" && node.value !== null ? parts.convert(node.value) : null;
      if (value !== null) return value;
      reading.problems.error(node.at, `${path}: expected ${parts.expects}, found ${describe(node)}`);
      return fallback as T;
    },
  };
}

/** Every scalar may be written as a placeholder. */
function withPlaceholder(json: JsonSchema): JsonSchema {
  return json.type === "string" && json.enum === undefined && json.pattern === undefined
    ? json
    : { anyOf: [json, { type: "string", pattern: "\\$\\{.*\\}" }] };
}

/** Free text. */
export function str(doc: string, fallback?: string): Field<string> {
  return scalar(doc, fallback, {
    type: "string",
    json: { type: "string" },
    expects: "text",
    convert: (v) => String(v),
  });
}

/** Text that `check` accepts or explains. */
export function textLike(
  doc: string,
  expects: string,
  check: (text: string) => boolean,
  fallback?: string,
): Field<string> {
  return scalar(doc, fallback, {
    type: "string",
    json: { type: "string" },
    expects,
    convert: (v) => (check(String(v)) ? String(v) : null),
  });
}

/** Whole number in `[min, max]`. */
export function int(doc: string, fallback?: number, min = 0, max = Number.MAX_SAFE_INTEGER): Field<number> {
  const upper = max === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${max}`;
  return scalar(doc, fallback, {
    type: "int",
    json: { type: "integer", minimum: min, ...(upper === "" ? {} : { maximum: max }) },
    expects: `a whole number of at least ${min}${upper}`,
    convert: (v) => {
      const n = typeof v === "string" && /^-?\d+$/.test(v) ? Number(v) : v;
      return typeof n === "number" && Number.isSafeInteger(n) && n >= min && n <= max ? n : null;
    },
  });
}

/** Yes or no. */
export function bool(doc: string, fallback?: boolean): Field<boolean> {
  const words: Readonly<Record<string, boolean>> = {
    true: true,
    yes: true,
    on: true,
    false: false,
    no: false,
    off: false,
  };
  return scalar(doc, fallback, {
    type: "bool",
    json: { enum: [true, false, "yes", "no", "on", "off", "true", "false"] },
    expects: "true or false",
    convert: (v) => (typeof v === "boolean" ? v : (words[String(v).toLowerCase()] ?? null)),
  });
}

/** Duration, read as ms. A number in the file counts seconds. */
export function dur(doc: string, fallbackMs?: number): Field<number> {
  return scalar(doc, fallbackMs, {
    type: "duration",
    json: {
      anyOf: [
        { type: "number", minimum: 0 },
        { type: "string", pattern: "^(\\d+(\\.\\d+)?(ms|s|m|h|d)?)+$" },
      ],
    },
    expects: 'a duration such as 30, "250ms", "30s", "1m30s" or "2h" (at most 24 days)',
    convert: (v) => (typeof v === "boolean" ? null : durationMs(v)),
    show: showDuration,
  });
}

/** Size, read as bytes. */
export function size(doc: string, fallbackBytes?: number): Field<number> {
  return scalar(doc, fallbackBytes, {
    type: "size",
    json: {
      anyOf: [
        { type: "integer", minimum: 0 },
        { type: "string", pattern: "^\\d+(\\.\\d+)?\\s*([kKmMgG]?[iI]?[bB]?)$" },
      ],
    },
    expects: 'a size such as 65536, "512kb" or "10mb"',
    convert: (v) => (typeof v === "boolean" ? null : sizeBytes(v)),
    show: showSize,
  });
}

/** One of a few words. @param aliases other spellings → word; each use warns once */
export function oneOf<const W extends string>(
  doc: string,
  words: readonly W[],
  fallback?: W,
  aliases: Readonly<Record<string, W>> = {},
): Field<W> {
  const base = scalar<W>(doc, fallback, {
    type: words.map((w) => `\`${w}\``).join(" "),
    json: { enum: [...words] },
    expects: `one of ${words.join(", ")}`,
    convert: (v) => words.find((w) => w === String(v).toLowerCase()) ?? null,
  });
  return {
    ...base,
    read(node, path, reading) {
      const text = node.kind === "scalar" ? String(node.value).toLowerCase() : "";
      const canonical = aliases[text];
      if (canonical !== undefined) {
        reading.problems.warn(node.at, `${path}: "${text}" is an old spelling of "${canonical}"`);
        return canonical;
      }
      const known = words.find((w) => w === text);
      if (known !== undefined) return known;
      const hint = node.kind === "scalar" ? didYouMean(text, words) : "";
      reading.problems.error(node.at, `${path}: expected one of ${words.join(", ")}, found ${describe(node)}${hint}`);
      return fallback as W;
    },
  };
}

/** List of texts; a single scalar counts as a list of one. */
export function strings(doc: string, fallback: readonly string[] | undefined = []): Field<readonly string[]> {
  const item = { type: "string" };
  return {
    doc,
    type: "[string]",
    json: { anyOf: [{ type: "array", items: item }, item] },
    fallback,
    fields: null,
    addressable: true,
    show: (value) => value,
    read(node, path, reading) {
      if (node.kind === "scalar" && node.value !== null) return [String(node.value)];
      if (node.kind === "list") {
        return node.items.flatMap((item, i) => {
          if (item.kind === "scalar" && item.value !== null) return [String(item.value)];
          reading.problems.error(item.at, `${path}[${i}]: expected text, found ${describe(item)}`);
          return [];
        });
      }
      reading.problems.error(node.at, `${path}: expected a list of texts, found ${describe(node)}`);
      return fallback ?? [];
    },
  };
}

/** List of numbers, ascending. */
export function numbers(doc: string, fallback: readonly number[]): Field<readonly number[]> {
  return {
    doc,
    type: "[number]",
    json: { type: "array", items: { type: "number" } },
    fallback,
    fields: null,
    addressable: false,
    show: (value) => value,
    read(node, path, reading) {
      const values = node.kind === "list" ? node.items.map((item) => Number(plain(item))) : [];
      const ascending = values.length > 0 && values.every((v, i) => v > (values[i - 1] ?? Number.NEGATIVE_INFINITY));
      if (ascending) return values;
      reading.problems.error(node.at, `${path}: expected a list of ascending numbers, found ${describe(node)}`);
      return fallback;
    },
  };
}

/** Any mapping; its content is the user's own. */
export function free(doc: string): Field<Readonly<Record<string, unknown>>> {
  return {
    doc,
    type: "map",
    json: { type: "object" },
    fallback: {},
    fields: null,
    addressable: false,
    show: (value) => value,
    read(node, path, reading) {
      if (node.kind === "map") return plain(node) as Record<string, unknown>;
      reading.problems.error(node.at, `${path}: expected a mapping, found ${describe(node)}`);
      return {};
    },
  };
}

/** Mapping with exactly these keys. An absent one has every default. */
export function object<const F extends Fields>(doc: string, fields: F): Field<InferFields<F>> {
  const required = Object.keys(fields).filter((k) => fields[k]!.fallback === undefined);
  return {
    doc,
    type: "block",
    json: {
      type: "object",
      additionalProperties: false,
      patternProperties: { "^x-": {} },
      properties: Object.fromEntries(Object.entries(fields).map(([k, f]) => [k, jsonOf(f)])),
      ...(required.length === 0 ? {} : { required }),
    },
    fallback: required.length === 0 ? (defaultsOf(fields) as InferFields<F>) : undefined,
    fields,
    addressable: false,
    show: (value) => showFields(fields, value as Record<string, unknown>),
    read: (node, path, reading) => readObject(fields, node, path, reading) as InferFields<F>,
  };
}

/** A field that may be absent: null then. Objects keep their keys addressable through the environment. */
export function optional<T>(field: Field<T>): Field<T | null> {
  return {
    ...field,
    fallback: null,
    read: field.read,
    show: (value) => (value === null ? null : field.show(value)),
  };
}

/** List of mappings. */
export function listOf<T>(doc: string, item: Field<T>): Field<readonly T[]> {
  return {
    doc,
    type: "list",
    json: { type: "array", items: jsonOf(item) },
    fallback: [],
    fields: null,
    items: item,
    addressable: false,
    show: (values) => values.map((v) => item.show(v)),
    read(node, path, reading) {
      if (node.kind === "list") return node.items.map((n, i) => item.read(n, `${path}[${i}]`, reading));
      reading.problems.error(node.at, `${path}: expected a list, found ${describe(node)}`);
      return [];
    },
  };
}

/** Mapping from free names to values of one kind. */
export function mapOf<T>(doc: string, item: Field<T>): Field<Readonly<Record<string, T>>> {
  return {
    doc,
    type: "map",
    json: { type: "object", additionalProperties: jsonOf(item) },
    fallback: {},
    fields: null,
    items: item,
    addressable: false,
    show: (values) => Object.fromEntries(Object.entries(values).map(([k, v]) => [k, item.show(v)])),
    read(node, path, reading) {
      if (node.kind === "map") {
        return Object.fromEntries([...node.entries].map(([k, e]) => [k, item.read(e.value, `${path}.${k}`, reading)]));
      }
      reading.problems.error(node.at, `${path}: expected a mapping, found ${describe(node)}`);
      return {};
    },
  };
}

/** JSON Schema of a field with its documentation and default. */
export function jsonOf(field: Field<unknown>): JsonSchema {
  const fallback = field.fields === null && field.fallback !== undefined && field.fallback !== null;
  return { ...field.json, description: field.doc, ...(fallback ? { default: field.show(field.fallback) } : {}) };
}

function defaultsOf(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([k, f]) => [k, f.fallback]));
}

function showFields(fields: Fields, value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([k, f]) => [k, f.show(value[k])]));
}

function readObject(fields: Fields, node: Node, path: string, reading: Reading): Record<string, unknown> {
  const given = asMap(node, path, reading);
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const entry = given?.entries.get(key);
    const below = path === "" ? key : `${path}.${key}`;
    if (entry !== undefined && !(entry.value.kind === "scalar" && entry.value.value === null)) {
      result[key] = field.read(entry.value, below, reading);
      reading.origins.set(below, originOf(entry.value));
    } else {
      result[key] = field.fallback;
      if (field.fallback === undefined) reading.problems.error(node.at, `${path}: missing key "${key}"`);
      else reading.origins.set(below, { kind: "default" });
    }
  }
  for (const [key, entry] of given?.entries ?? []) {
    if (key in fields) continue;
    const where = path === "" ? "" : ` in ${path}`;
    reading.problems.error(entry.keyAt, `unknown key "${key}"${where}${didYouMean(key, Object.keys(fields))}`);
  }
  return result;
}

function asMap(node: Node, path: string, reading: Reading): MapNode | null {
  if (node.kind === "map") return node;
  if (!(node.kind === "scalar" && node.value === null)) {
    reading.problems.error(node.at, `${path}: expected a mapping, found ${describe(node)}`);
  }
  return null;
}

function originOf(node: Node): Origin {
  if (node.at.line === 0) return { kind: "env", name: node.at.file };
  return { kind: "file", at: node.at, masked: node.kind === "scalar" && node.filled === "file" };
}
