// Named blocks: written as a mapping from names to blocks, or as a list of blocks that contain their names.
import type { Field } from "./field.ts";
import { listOf, mapOf } from "./fields.ts";

/** As it was written: by name, or in order. */
export type MapOrList<T> = Readonly<Record<string, T>> | readonly T[];

/** A mapping or a list of `item`. */
export function mapOrList<T>(doc: string, item: Field<T>): Field<MapOrList<T>> {
  const map = mapOf(doc, item);
  const list = listOf(doc, item);
  return {
    ...map,
    type: "map or list",
    json: { anyOf: [map.json, list.json] },
    fallback: {},
    show: (values) => (isList(values) ? list.show(values) : map.show(values)),
    read: (node, path, reading) => (node.kind === "list" ? list : map).read(node, path, reading),
  };
}

/** A block that may be written as the text of one of its keys. */
export function orText<T>(block: Field<T>, key: string & keyof T): Field<T> {
  const text = block.fields![key]!;
  return {
    ...block,
    type: "string or block",
    json: { anyOf: [{ type: "string" }, block.json] },
    read(node, path, reading) {
      if (node.kind !== "scalar" || node.value === null) return block.read(node, path, reading);
      return { ...block.fallback!, [key]: text.read(node, path, reading) };
    },
  };
}

/** Each with its path below the key and its name. @param nameOf the name of an element of a list */
export function namedEntries<T>(
  written: MapOrList<T>,
  nameOf: (value: T) => string,
): readonly (readonly [step: string | number, name: string, value: T])[] {
  if (isList(written)) return written.map((value, i) => [i, nameOf(value), value] as const);
  return Object.entries(written).map(([name, value]) => [name, name, value] as const);
}

function isList<T>(written: MapOrList<T>): written is readonly T[] {
  return Array.isArray(written);
}
