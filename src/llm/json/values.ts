// Reads values of unknown shape.

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
