// JSON Schemas without references, for providers that do not resolve them.

import { invalid } from "../message/fault.ts";
import { isObject, type JsonObject } from "./values.ts";

/** How often a schema that contains itself is put into itself; deeper values may be any. */
const UNROLLED = 2;
/** Schemas in a result; references beyond it may be any value, so that a few lines cannot grow without bound. */
const MAX_SCHEMAS = 10_000;

/** Keywords whose value is a schema. */
const SCHEMA = new Set(
  "items additionalProperties not if then else contains propertyNames unevaluatedItems unevaluatedProperties additionalItems contentSchema".split(
    " ",
  ),
);
/** Keywords whose value has schemas by name. */
const NAMED = new Set(["properties", "patternProperties", "dependentSchemas"]);
/** Keywords whose value is a list of schemas. */
const LISTS = new Set(["anyOf", "oneOf", "allOf", "prefixItems", "items"]);
/** What only references need, and what names the schema or its language. */
const LEFT_OUT = new Set([
  "$ref",
  "$defs",
  "definitions",
  "$schema",
  "$id",
  "id",
  "$anchor",
  "$comment",
  "$dynamicAnchor",
]);

/** A schema without references. */
export interface InlinedSchema {
  readonly schema: JsonObject;
  /** It accepts more than the original, because that contains itself or is too large. */
  readonly loosened: boolean;
}

/**
 * Replaces every `$ref` by what it refers to, and leaves out `$defs` and the names of schema and dialect.
 * @param param place of the schema in the request, for errors
 * @throws LlmError `invalid` for a reference to another document, or to nothing
 */
export function inlineRefs(schema: JsonObject, param: string): InlinedSchema {
  const inliner = new Inliner(schema, param);
  return { schema: inliner.object(schema), loosened: inliner.loosened };
}

class Inliner {
  loosened = false;
  readonly #root: JsonObject;
  readonly #param: string;
  /** Reference → how often the schema being built is inside what it refers to. */
  readonly #inside = new Map<string, number>();
  #schemas = 0;

  constructor(root: JsonObject, param: string) {
    this.#root = root;
    this.#param = param;
  }

  object(schema: JsonObject): JsonObject {
    this.#schemas++;
    const result: Record<string, unknown> = {};
    const { $ref } = schema;
    if (typeof $ref === "string") Object.assign(result, this.#resolved($ref));
    for (const key of Object.keys(schema)) {
      if (!LEFT_OUT.has(key)) result[key] = this.#value(key, schema[key]);
    }
    return result;
  }

  #value(key: string, value: unknown): unknown {
    if (Array.isArray(value)) return LISTS.has(key) ? value.map((each) => this.#any(each)) : value;
    if (SCHEMA.has(key)) return this.#any(value);
    if (!NAMED.has(key) || !isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#any(each)]));
  }

  /** Schemas may also be `true` and `false`. */
  #any(schema: unknown): unknown {
    return isObject(schema) ? this.object(schema) : schema;
  }

  #resolved(ref: string): unknown {
    const times = this.#inside.get(ref) ?? 0;
    if (times > UNROLLED || this.#schemas > MAX_SCHEMAS) {
      this.loosened = true;
      return {};
    }
    this.#inside.set(ref, times + 1);
    const target = this.#any(this.#at(ref));
    this.#inside.set(ref, times);
    return target === false ? { not: {} } : target;
  }

  /** @see RFC 6901 */
  #at(ref: string): unknown {
    let value: unknown = this.#root;
    if (ref !== "#" && !ref.startsWith("#/")) throw invalid(this.#param, `"${ref}" is not in the same schema`);
    for (const step of ref.split("/").slice(1)) {
      const key = decoded(step).replaceAll("~1", "/").replaceAll("~0", "~");
      value = Array.isArray(value) || isObject(value) ? own(value, key) : undefined;
    }
    if (!isObject(value) && typeof value !== "boolean") throw invalid(this.#param, `"${ref}" refers to nothing`);
    return value;
  }
}

function own(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
