// Blocks with a key `enabled` that may also be written as true or false.
import type { Field } from "./field.ts";
import { bool } from "./scalars.ts";

/** The block, or true or false for its key `enabled`. A block that is written without `enabled` is enabled. */
export function orSwitch<T extends { readonly enabled: boolean | null }>(block: Field<T>, doc: string): Field<T> {
  return {
    ...block,
    doc,
    type: "bool or block",
    json: { anyOf: [{ type: "boolean" }, block.json] },
    read(node, path, reading) {
      if (node.kind !== "scalar" || node.value === null) {
        const value = block.read(node, path, reading);
        const says = node.kind === "map" && node.entries.has("enabled");
        return says ? value : { ...value, enabled: true };
      }
      return { ...block.fallback!, enabled: bool("").read(node, path, reading) };
    },
  };
}
