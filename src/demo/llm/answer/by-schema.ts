// A value that fits a JSON schema, the same every time.
import type { OfferedTool } from "./ask.ts";

type Schema = Readonly<Record<string, unknown>>;

const MOST_DEPTH = 12;

/** A value that fits. @param words what texts are filled with */
export function bySchema(schema: Schema, words: string): unknown {
  return valueFor(schema, schema, words.slice(0, 40), 0);
}

/** Arguments for a tool, as JSON text, or text for a freeform one. */
export function argumentsFor({ schema, freeform }: OfferedTool, words: string): string {
  if (freeform) return words.slice(0, 40);
  return schema === null ? "{}" : JSON.stringify(bySchema(schema, words));
}

function valueFor(schema: Schema, root: Schema, words: string, depth: number): unknown {
  if (depth > MOST_DEPTH) return null;
  if (typeof schema.$ref === "string") return valueFor(resolve(schema.$ref, root), root, words, depth + 1);
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const any = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(any) && any.length > 0) return valueFor(any[0] as Schema, root, words, depth + 1);
  switch (typeOf(schema)) {
    case "object":
      return objectOf(schema, root, words, depth);
    case "array": {
      const items = schema.items as Schema | undefined;
      return items === undefined ? [] : [valueFor(items, root, words, depth + 1)];
    }
    case "number":
    case "integer":
      return numberOf(schema);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return words;
  }
}

function objectOf(schema: Schema, root: Schema, words: string, depth: number): unknown {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const entries = Object.entries(properties).map(([key, of]) => [key, valueFor(of, root, words, depth + 1)]);
  return Object.fromEntries(entries);
}

/** Also `"OBJECT"`, as Gemini writes types, and lists of types. */
function typeOf(schema: Schema): string {
  const type: unknown = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  return typeof type === "string" ? type.toLowerCase() : schema.properties === undefined ? "string" : "object";
}

function numberOf({ minimum, maximum }: Schema): number {
  if (typeof minimum === "number") return minimum;
  return typeof maximum === "number" && maximum < 7 ? maximum : 7;
}

function resolve(reference: string, root: Schema): Schema {
  let at: unknown = root;
  for (const key of reference.replace(/^#\/?/, "").split("/")) {
    if (key !== "" && typeof at === "object" && at !== null) at = (at as Schema)[key];
  }
  return typeof at === "object" && at !== null ? (at as Schema) : {};
}
