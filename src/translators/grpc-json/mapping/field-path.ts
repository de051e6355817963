// Dotted names of fields in paths and query parameters, and the tree of values they make.
import type { DescField, DescMessage, JsonValue } from "@bufbuild/protobuf";

/** Fields from the request message inwards; all but the last are single messages. */
export type FieldPath = readonly DescField[];

/** Values by JSON name. Without prototype, so that no name means anything else. */
export interface ValueTree {
  [name: string]: JsonValue | ValueTree;
}

/** Most parts of a dotted name; a deeper one is refused. */
const MAX_DEPTH = 32;
/** Messages with a JSON form of their own (proto3 JSON mapping) that is one text. */
const TEXT_FORMS: ReadonlySet<string> = new Set([
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
  "google.protobuf.FieldMask",
]);
const WRAPPER = /^google\.protobuf\.(Double|Float|U?Int(32|64)|Bool|String|Bytes)Value$/;
/** Messages with a JSON form that is not made of their fields. */
const OPAQUE = /^google\.protobuf\.(Timestamp|Duration|FieldMask|Any|Struct|Value|ListValue|\w+Value)$/;

/** The field called `name` in a .proto file or in JSON. */
export function findField(message: DescMessage, name: string): DescField | undefined {
  return (
    message.fields.find((field) => field.name === name) ?? message.fields.find(({ jsonName }) => jsonName === name)
  );
}

/** Resolves `a.b.c` from `message`; undefined when there is no such field or it cannot be reached that way. */
export function findPath(message: DescMessage, dotted: string): FieldPath | undefined {
  const names = dotted.split(".", MAX_DEPTH + 1);
  if (names.length > MAX_DEPTH) return undefined;
  const path: DescField[] = [];
  let at: DescMessage | undefined = message;
  for (const name of names) {
    const field: DescField | undefined = at === undefined || hasOwnForm(at) ? undefined : findField(at, name);
    if (field === undefined) return undefined;
    path.push(field);
    at = field.fieldKind === "message" ? field.message : undefined;
  }
  return path;
}

/** Whether one text can be the value of the field, or of one element of it. */
export function takesText(field: DescField): boolean {
  if (field.fieldKind === "map") return false;
  const { message } = field;
  return message === undefined || TEXT_FORMS.has(message.typeName) || isWrapper(message);
}

/** `google.protobuf.StringValue` and the like: in JSON, their `value` alone. */
export function isWrapper(message: DescMessage): boolean {
  return WRAPPER.test(message.typeName);
}

/** Whether the JSON form of a message is not made of its fields (proto3 JSON mapping, well-known types). */
export function hasOwnForm(message: DescMessage): boolean {
  return OPAQUE.test(message.typeName);
}

/** Proto names of a path, joined with dots. */
export function dottedName(path: FieldPath): string {
  return path.map(({ name }) => name).join(".");
}

/** Puts a value into the tree; a repeated field collects. @returns false when a single field has one already */
export function putValue(tree: ValueTree, path: FieldPath, value: JsonValue): boolean {
  let at = tree;
  for (const field of path.slice(0, -1)) at = (at[field.jsonName] ??= newTree()) as ValueTree;
  const field = path.at(-1)!;
  const known = at[field.jsonName];
  if (field.fieldKind === "list") {
    if (known === undefined) at[field.jsonName] = [value];
    else (known as JsonValue[]).push(value);
    return true;
  }
  if (known !== undefined) return false;
  at[field.jsonName] = value;
  return true;
}

/** An empty tree. */
export function newTree(): ValueTree {
  return Object.create(null) as ValueTree;
}
