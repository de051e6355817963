// JSON Schemas as the provider accepts them: for arguments of tools, and in strict mode, where it enforces them.
import { isObject, type JsonObject } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";

/** What may be at the top of a schema elsewhere, but not in that of a tool. */
const CHOICES = ["anyOf", "oneOf", "allOf"] as const;

/** Whether {@link argumentSchema} accepts more than the schema it is made of. */
export function isLoosened(schema: JsonObject): boolean {
  return CHOICES.some((key) => key in schema);
}

/**
 * Schema of the arguments of a tool: always one of an object. Alternatives at its top, which the provider refuses, are put
 * together: all of their properties are known, and none of them is required.
 * @throws LlmError of `unsupported`: the arguments are no object
 */
export function argumentSchema(schema: JsonObject | null, tool: string): JsonObject {
  if (schema === null) return { type: "object", properties: {} };
  const types = [schema.type ?? "object"].flat();
  if (!types.includes("object"))
    throw unsupported(`arguments that are no object, of the tool ${JSON.stringify(tool)},`);
  if (!isLoosened(schema)) return schema.type === "object" ? schema : { ...schema, type: "object" };
  const { anyOf, oneOf, allOf, ...rest } = schema;
  const parts = [anyOf, oneOf, allOf].flat().filter(isObject);
  const properties = Object.assign({}, ...parts.map((part) => part.properties), rest.properties);
  return { ...rest, type: "object", properties };
}

/** Keys of schemas that the provider can hold a model to, and whose values are no schemas. */
const KEPT: ReadonlySet<string> = new Set([
  "type",
  "enum",
  "const",
  "$ref",
  "title",
  "description",
  "default",
  "required",
]);
/** Of those that say nothing about values. */
const SILENT: ReadonlySet<string> = new Set(["$schema", "$id", "$comment", "additionalProperties"]);
const FORMATS: ReadonlySet<unknown> = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "uri",
  "ipv4",
  "ipv6",
  "uuid",
]);
/** Deepest nesting of schemas that is followed. */
const DEEPEST = 60;

/**
 * A schema in the part of JSON Schema that the provider enforces; what is beyond it stands in the descriptions.
 * @returns null: it cannot be enforced, since objects have properties of any name, or it is recursive, or too deep
 */
export function strictSchema(schema: JsonObject): JsonObject | null {
  try {
    const strict = strictPart(schema, 0);
    return isObject(strict) && !isRecursive(schema) ? strict : null;
  } catch (error) {
    if (error === NOT_STRICT) return null;
    throw error;
  }
}

const NOT_STRICT = new Error("not strict");

function strictPart(schema: unknown, depth: number): unknown {
  if (depth > DEEPEST) throw NOT_STRICT;
  if (!isObject(schema)) return schema;
  const strict: Record<string, unknown> = {};
  const hints: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (KEPT.has(key) || (key === "format" && FORMATS.has(value))) strict[key] = value;
    else if (key === "minItems" && (value === 0 || value === 1)) strict[key] = value;
    else if (key === "items") strict.items = strictPart(value, depth + 1);
    else if (key === "properties" || key === "$defs" || key === "definitions") strict[key] = strictMap(value, depth);
    else if (key === "anyOf" || key === "oneOf") strict.anyOf = strictList(value, depth);
    else if (key === "allOf") strict.allOf = strictList(value, depth);
    else if (!SILENT.has(key)) hints.push(`${key}: ${JSON.stringify(value)}`);
  }
  if (isObject(schema.properties) || [schema.type].flat().includes("object")) closeObject(schema, strict);
  if (hints.length > 0) strict.description = [schema.description, hints.join(", ")].filter(Boolean).join("\n\n");
  return strict;
}

function closeObject(schema: JsonObject, strict: Record<string, unknown>): void {
  const open = schema.additionalProperties;
  const named = isObject(schema.properties) && Object.keys(schema.properties).length > 0;
  if (isObject(open) || "patternProperties" in schema || (!named && open !== false)) throw NOT_STRICT;
  strict.properties ??= {};
  strict.additionalProperties = false;
}

function strictMap(value: unknown, depth: number): JsonObject {
  if (!isObject(value)) throw NOT_STRICT;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, strictPart(part, depth + 1)]));
}

function strictList(value: unknown, depth: number): unknown[] {
  if (!Array.isArray(value)) throw NOT_STRICT;
  return value.map((part) => strictPart(part, depth + 1));
}

const LOCAL_REF = /^#\/(?:\$defs|definitions)\/([^/]+)$/;

/** Whether a definition refers to itself, by way of others perhaps, or to what is no definition. */
function isRecursive(schema: JsonObject): boolean {
  const definitions = new Map([...entriesOf(schema.definitions), ...entriesOf(schema.$defs)]);
  const state = new Map<string, "open" | "done">();
  const closed = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.every(closed);
    if (!isObject(value)) return true;
    return Object.entries(value).every(([key, part]) => (key === "$ref" ? refers(part) : closed(part)));
  };
  const refers = (ref: unknown): boolean => {
    const name = typeof ref === "string" ? LOCAL_REF.exec(ref)?.[1] : undefined;
    if (name === undefined || !definitions.has(name) || state.get(name) === "open") return false;
    if (state.get(name) === "done") return true;
    state.set(name, "open");
    const fine = closed(definitions.get(name));
    state.set(name, "done");
    return fine;
  };
  const { $defs, definitions: _, ...top } = schema;
  return !closed(top) || ![...definitions.keys()].every((name) => refers(`#/$defs/${name}`));
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}
