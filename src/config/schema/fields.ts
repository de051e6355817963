// Fields that consist of fields: blocks, lists and maps. Single values are in scalars.ts.
import { unknownKeyCure } from "../cures/unknown-key.ts";
import { wrongValueCure } from "../cures/wrong-value.ts";
import type { Position } from "../text/problem.ts";
import { describe, emptyMap, type MapNode, type Node } from "../text/tree.ts";
import type { Field, Fields, Infer, JsonSchema, Origin, Reading } from "./field.ts";
import { isSecretPath } from "./secret-keys.ts";

type InferFields<F> = { readonly [K in keyof F]: Infer<F[K]> };

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

/** A field that is null when absent. The keys of a block can still be set from the environment. */
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
      wrongValue(node, path, "a list", reading);
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
        return Object.fromEntries(
          [...node.entries].map(([key, { value }]) => {
            reading.origins.set(`${path}.${key}`, originOf(value));
            return [key, item.read(value, `${path}.${key}`, reading)];
          }),
        );
      }
      wrongValue(node, path, "a mapping", reading);
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
  const given = mapOr(node, path, fields, reading);
  const meant = readUnknown(fields, given, path, reading);
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const entry = given?.entries.get(key);
    const below = path === "" ? key : `${path}.${key}`;
    if (entry !== undefined && !(entry.value.kind === "scalar" && entry.value.value === null)) {
      result[key] = field.read(entry.value, below, reading);
      reading.origins.set(below, originOf(entry.value));
    } else {
      result[key] = field.fallback;
      const said = meant.has(key) || (entry !== undefined && reading.problems.saidAt(entry.value.at));
      if (field.fallback === undefined && given !== null && !said)
        reading.problems.error(node.at, `${path === "" ? "gateway" : path}: missing key "${key}"`);
    }
  }
  return result;
}

/** Refuses unknown keys. @returns keys of the block that were meant by them */
function readUnknown(fields: Fields, given: MapNode | null, path: string, reading: Reading): ReadonlySet<string> {
  const meant = new Set<string>();
  for (const [key, entry] of given?.entries ?? []) {
    if (Object.hasOwn(fields, key) || key.startsWith("x-")) continue;
    meant.add(unknownKey(key, entry.keyAt, path, fields, reading));
  }
  return meant;
}

/** Refuses a key that the block at `path` does not have. @returns the key of the block that was meant; "" = none */
export function unknownKey(key: string, at: Position, path: string, fields: Fields, reading: Reading): string {
  const cure = unknownKeyCure(key, path, fields, reading.schema);
  reading.problems.error(
    at,
    `unknown key "${key}"${path === "" ? "" : ` in ${path}`}${cure.text}`,
    isSecretPath(`${path}.${key}`),
  );
  return cure.means;
}

/** The mapping a block is; an empty one where nothing is written; null, and an error, for anything else. */
function mapOr(node: Node, path: string, fields: Fields, reading: Reading): MapNode | null {
  if (node.kind === "map") return node;
  if (node.kind === "scalar" && node.value === null) return emptyMap(node.at);
  wrongValue(node, path === "" ? "gateway" : path, "a mapping", reading, fields);
  return null;
}

/**
 * Refuses a value of the wrong kind.
 * @param expected what would be right
 * @param fields keys of the block that was expected, if it was one
 * @param cure more than the key alone tells, beginning with `; `
 */
export function wrongValue(
  node: Node,
  path: string,
  expected: string,
  reading: Reading,
  fields: Fields | null = null,
  cure = "",
): void {
  if (reading.problems.saidAt(node.at)) return; // an earlier stage has reported it, such as a file that cannot be read
  const hint = cure || wrongValueCure(node, path, expected, fields);
  reading.problems.error(
    node.at,
    `${path}: expected ${expected}, found ${describe(node, path)}${hint}`,
    isSecretPath(path),
  );
}

/** Notes where a value and everything below it came from. */
export function noteOrigins(node: Node, path: string, reading: Reading): void {
  reading.origins.set(path, originOf(node));
  if (node.kind === "map") for (const [key, { value }] of node.entries) noteOrigins(value, `${path}.${key}`, reading);
  if (node.kind === "list") for (const [i, item] of node.items.entries()) noteOrigins(item, `${path}[${i}]`, reading);
}

function originOf(node: Node): Origin {
  if (node.at.line === 0 && node.at.fragment === undefined) return { kind: "env", name: node.at.file };
  return { kind: "file", at: node.at, masked: isFromFile(node) };
}

function isFromFile(node: Node): boolean {
  if (node.kind === "scalar") return node.filled === "file";
  return node.kind === "list" && node.items.some(isFromFile);
}
