// Blocks whose keys may all be left out: what one of many says that differs from what holds for all.
import type { Field } from "./field.ts";
import { object, optional } from "./fields.ts";

/** The same blocks, and null for each key in them that is inherited. */
type Override<T> = [T] extends [readonly unknown[]]
  ? T | null
  : [T] extends [object]
    ? { readonly [K in keyof T]: Override<T[K]> }
    : T | null;

/**
 * A block with the keys of another one, none of them required.
 * @param own keys that are read in a way of their own
 * @param without keys that only make sense for all
 */
export function overridden<T extends object, const W extends keyof T = never>(
  block: Field<T>,
  own: { readonly [K in keyof T]?: Field<Override<T[K]>> } = {},
  without: readonly W[] = [],
): Field<Override<Omit<T, W>>> {
  const fields = Object.entries(block.fields!)
    .filter(([key]) => !(without as readonly string[]).includes(key))
    .map(([key, field]) => [key, own[key as keyof T] ?? overriddenKey(field as Field<object>)] as const);
  return object(block.doc, Object.fromEntries(fields)) as Field<unknown> as Field<Override<Omit<T, W>>>;
}

function overriddenKey(field: Field<object>): Field<unknown> {
  return field.fields === null ? optional(field) : overridden(field);
}

/** `base` where `over` says nothing. */
export function withOverride<T extends object>(base: T, over: Override<T>): T {
  const pairs = Object.entries(base).map(([key, value]) => {
    const own = (over as Readonly<Record<string, unknown>>)[key] ?? null;
    if (own === null) return [key, value];
    return [key, isBlock(value) ? withOverride(value, own as Override<typeof value>) : own];
  });
  return Object.fromEntries(pairs) as T;
}

function isBlock(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
