// Merges files and fragments into one tree: fragments come after files.
import { mergeInto } from "../text/merge.ts";
import type { Problems } from "../text/problem.ts";
import { emptyMap, type MapNode, type Node } from "../text/tree.ts";
import { BROUGHT } from "./bounds.ts";

/** The tree below `gateway` with the elements that the trees of fragments bring. Only the lists are new: the elements are those of the trees. */
export function withFragments(gateway: MapNode, trees: readonly MapNode[], problems: Problems): MapNode {
  const joined = BROUGHT.reduce((tree, path) => copyAlong(tree, path.split(".")), gateway);
  for (const tree of trees) mergeInto(joined, tree, problems);
  return joined;
}

/** A tree of which the mappings along the path, and the list at its end, are new ones. */
function copyAlong(map: MapNode, [key, ...rest]: readonly string[]): MapNode {
  const entry = map.entries.get(key!);
  const at = entry?.value.at ?? { ...map.at };
  const present = entry?.value;
  const value: Node =
    rest.length > 0
      ? copyAlong(present?.kind === "map" ? present : emptyMap(at), rest)
      : { kind: "list", at, items: present?.kind === "list" ? [...present.items] : [] };
  return { ...map, entries: new Map(map.entries).set(key!, { keyAt: entry?.keyAt ?? at, value }) };
}
