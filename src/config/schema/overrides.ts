// Variants of blocks in which every key is optional, for settings of one service that default to those of all services.
import type { Field } from "./field.ts";
import { object, optional } from "./fields.ts";

/** The values of such a variant; null for each key that is inherited. */
type Override<T> = [T] extends [readonly unknown[]]
  ? T | null
  : [T] extends [object]
    ? { readonly [K in keyof T]: Override<T[K]> }
    : T | null;

/**
 * The variant of a block.
 * @param own fields to use instead of those of the block
 * @param without keys of the block that the variant does not allow
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

/** The values of `over`, and those of `base` where `over` has null. */
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
