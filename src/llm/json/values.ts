// Reads JSON values of unknown shape.

/** An object of JSON. */
export interface JsonObject {
  readonly [key: string]: unknown;
}

/** Whether a value is an object, and no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is an object, else null. */
export function objectOr(value: unknown): JsonObject | null {
  return isObject(value) ? value : null;
}

/** The value if it is a text, else null. */
export function textOr(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** The value if it is a finite number, else null. */
export function numberOr(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The value if it is an array, else an empty one. */
export function listOr(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What a JSON text says; undefined: it is malformed. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The object that a JSON text is; null: it is anything else, or malformed. */
export function parseObject(text: string | Buffer): JsonObject | null {
  return objectOr(parseJson(text.toString()));
}

/** The fields that are not null. */
export function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
