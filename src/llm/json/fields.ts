// Reads optional fields of client requests: absent and `null` are the same, and a wrong type is named.

import { invalid } from "../message/fault.ts";
import { isObject, type JsonObject } from "./values.ts";

/** A text, or null. @throws LlmError `invalid` naming `place` */
export function optionalText(from: JsonObject, key: string, place: string = key): string | null {
  const value = from[key] ?? null;
  if (value === null || typeof value === "string") return value;
  throw invalid(place, "must be a text");
}

/** A number, or null. @throws LlmError `invalid` naming `place` */
export function optionalNumber(from: JsonObject, key: string, place: string = key): number | null {
  const value = from[key] ?? null;
  if (value === null || typeof value === "number") return value;
  throw invalid(place, "must be a number");
}

/** A whole number of at least `min`, or null. @throws LlmError `invalid` naming `place` */
export function optionalCount(from: JsonObject, key: string, min: number, place: string = key): number | null {
  const value = from[key] ?? null;
  if (value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value;
  throw invalid(place, `must be a whole number of at least ${min}`);
}

/** true, false or null. @throws LlmError `invalid` naming `place` */
export function optionalFlag(from: JsonObject, key: string, place: string = key): boolean | null {
  const value = from[key] ?? null;
  if (value === null || typeof value === "boolean") return value;
  throw invalid(place, "must be true or false");
}

/** An object, or null. @throws LlmError `invalid` naming `place` */
export function optionalObject(from: JsonObject, key: string, place: string = key): JsonObject | null {
  const value = from[key] ?? null;
  if (value === null || isObject(value)) return value;
  throw invalid(place, "must be an object");
}

/** A list; empty if there is none. @throws LlmError `invalid` naming `place` */
export function optionalList(from: JsonObject, key: string, place: string = key): readonly unknown[] {
  const value = from[key] ?? null;
  if (value === null) return [];
  if (Array.isArray(value)) return value;
  throw invalid(place, "must be a list");
}
