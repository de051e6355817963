// The position of a value in its file or fragment, for messages.
import type { Position } from "./problem.ts";
import type { MapNode, Node } from "./tree.ts";

/** Place of a written value, or of the nearest one above it. */
export function placeOf(tree: MapNode, path: readonly (string | number)[]): Position {
  let node: Node = tree;
  let at = tree.at;
  for (const step of path) {
    const next: Node | undefined =
      node.kind === "map"
        ? node.entries.get(String(step))?.value
        : node.kind === "list"
          ? node.items[Number(step)]
          : undefined;
    if (next === undefined) break;
    node = next;
    at = next.at;
  }
  return at;
}

/** The place to name for what is wrong with `owner` at `at`: that of the owner where only it comes from a fragment. */
export function blamedPlace(owner: Position, at: Position): Position {
  return owner.fragment !== undefined && at.fragment === undefined ? owner : at;
}
