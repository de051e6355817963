// The stores of limits a configuration has, by name.
import type { Written } from "./schema/root.ts";

/** Every name `storage` and `rateLimitStorage` may say. `default` is the one that is used where none is named. */
export function storeNames(_written: Written): ReadonlySet<string> {
  return new Set(["default", "memory"]);
}
