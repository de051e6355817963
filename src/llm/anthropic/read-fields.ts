// Reads members of lists in a client's request; the path of a malformed one is put together only for its error.
import { isObject, type JsonObject } from "../json/values.ts";
import { invalid, type LlmError } from "../message/fault.ts";
import type { CacheMark } from "../message/request.ts";

/** Place of a member of a list, or of a field, in a request. */
export class Place {
  readonly #parent: Place | null;
  readonly #key: string;
  readonly #index: number;

  /** @param parent null: the request @param index -1: the field itself */
  constructor(parent: Place | null, key: string, index: number) {
    this.#parent = parent;
    this.#key = key;
    this.#index = index;
  }

  /** Such as `messages[3].content[0]`. */
  toString(): string {
    const own = this.#index === -1 ? this.#key : `${this.#key}[${this.#index}]`;
    return this.#parent === null ? own : `${this.#parent}.${own}`;
  }
}

/** The error of a malformed field. @param place of the object it is in */
export function malformed(place: Place, key: string, what: string): LlmError {
  return invalid(`${place}.${key}`, what);
}

/** @throws LlmError `invalid` */
export function text(from: JsonObject, key: string, place: Place): string {
  const value = from[key];
  if (typeof value === "string") return value;
  throw malformed(place, key, "must be a text");
}

/** null: absent. @throws LlmError `invalid` */
export function textOrNull(from: JsonObject, key: string, place: Place): string | null {
  return (from[key] ?? null) === null ? null : text(from, key, place);
}

/** null: absent. @throws LlmError `invalid` */
export function flagOrNull(from: JsonObject, key: string, place: Place): boolean | null {
  const value = from[key] ?? null;
  if (value === null || typeof value === "boolean") return value;
  throw malformed(place, key, "must be true or false");
}

/** @throws LlmError `invalid` */
export function object(from: JsonObject, key: string, place: Place): JsonObject {
  const value = from[key];
  if (isObject(value)) return value;
  throw malformed(place, key, "must be an object");
}

/** @param what is allowed there, for the error @throws LlmError `invalid` */
export function list(from: JsonObject, key: string, place: Place, what = "a list"): readonly unknown[] {
  const value = from[key];
  if (Array.isArray(value)) return value;
  throw malformed(place, key, `must be ${what}`);
}

/** A member of a list that must be an object. @throws LlmError `invalid` */
export function member(value: unknown, place: Place): JsonObject {
  if (isObject(value)) return value;
  throw invalid(String(place), "must be an object");
}

/** `cache_control`; null: absent. @throws LlmError `invalid` */
export function cacheMark(from: JsonObject, place: Place): CacheMark | null {
  if ((from.cache_control ?? null) === null) return null;
  const lifetime = textOrNull(object(from, "cache_control", place), "ttl", place);
  return { ttlSeconds: lifetime === "1h" ? 3600 : lifetime === "5m" ? 300 : 0 };
}
