// Gemini's own schemas, a subset of those of OpenAPI 3.0, as JSON schemas.
import { isObject, type JsonObject } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import { camelFields } from "./camel-case.ts";

/** Counts are texts in Gemini's schemas, as 64-bit integers are in its JSON. */
const COUNTS = new Set(["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"]);
/** Without a counterpart, and without effect on what is accepted. */
const LEFT_OUT = new Set(["nullable", "propertyOrdering"]);
/** Formats of OpenAPI that say no more than the type does. */
const PLAIN_FORMATS = new Set(["enum", "float", "double"]);

/** @param param place of the schema in the request @throws LlmError `invalid` */
export function fromOpenApi(schema: JsonObject, param: string): JsonObject {
  const message = camelFields(schema);
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(message)) {
    if (value === null || LEFT_OUT.has(key)) continue;
    if (key === "example") result.examples = [value];
    else if (key !== "format" || !PLAIN_FORMATS.has(String(value))) result[key] = converted(key, value, param);
  }
  return message.nullable === true ? orNull(result) : result;
}

function converted(key: string, value: unknown, param: string): unknown {
  if (key === "type") return typeName(value, param);
  if (COUNTS.has(key)) return Number(value);
  if (key === "items") return converted1(value, param);
  if (key === "anyOf" && Array.isArray(value)) return value.map((each) => converted1(each, param));
  if (key !== "properties" || !isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, converted1(each, param)]));
}

function converted1(schema: unknown, param: string): JsonObject {
  if (!isObject(schema)) throw invalid(param, "has a schema that is no object");
  return fromOpenApi(schema, param);
}

function typeName(value: unknown, param: string): string {
  if (typeof value !== "string") throw invalid(param, "has a type that is no text");
  return value.toLowerCase();
}

function orNull(schema: JsonObject): JsonObject {
  if (Array.isArray(schema.anyOf)) return { ...schema, anyOf: [...schema.anyOf, { type: "null" }] };
  if (typeof schema.type !== "string") return schema;
  const nullable = { ...schema, type: [schema.type, "null"] };
  return Array.isArray(schema.enum) ? { ...nullable, enum: [...schema.enum, null] } : nullable;
}
