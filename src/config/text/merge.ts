// Joins files and fragments: mappings by key, lists one after the other, equal scalars once.
import { type Problems, placeText } from "./problem.ts";
import { type MapNode, plain } from "./tree.ts";

/** Merges `from` into `into`. Two different values for one key are an error naming both places. */
export function mergeInto(into: MapNode, from: MapNode, problems: Problems): void {
  for (const [key, entry] of from.entries) {
    const present = into.entries.get(key);
    if (present === undefined) into.entries.set(key, entry);
    else if (present.value.kind === "map" && entry.value.kind === "map")
      mergeInto(present.value, entry.value, problems);
    else if (present.value.kind === "list" && entry.value.kind === "list")
      present.value.items.push(...entry.value.items);
    else if (JSON.stringify(plain(present.value)) !== JSON.stringify(plain(entry.value))) {
      problems.error(entry.keyAt, `"${key}" is set differently at ${placeText(present.value.at)}`);
    }
  }
}
