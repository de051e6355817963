// A configuration as written: a tree of maps, lists and scalars, each with its place in the file.

import { isSecretPath } from "../schema/secret-keys.ts";
import type { Position } from "./problem.ts";

/** One written value. */
export type Node = MapNode | ListNode | ScalarNode;

/** A mapping; insertion order is file order. */
export interface MapNode {
  readonly kind: "map";
  readonly at: Position;
  readonly entries: Map<string, Entry>;
}

/** A key with its place and value. */
export interface Entry {
  readonly keyAt: Position;
  readonly value: Node;
}

interface ListNode {
  readonly kind: "list";
  readonly at: Position;
  readonly items: Node[];
}

export interface ScalarNode {
  readonly kind: "scalar";
  readonly at: Position;
  readonly value: string | number | boolean | null;
  /** The spelling of the file, where the value is not text: `0042`, `1.10`, `0x1F`. */
  readonly text?: string;
  /** Which kind of placeholder the text came from. What files hold may be a secret, so no message repeats it. */
  readonly filled?: "env" | "file";
}

/** An empty mapping. */
export function emptyMap(at: Position): MapNode {
  return { kind: "map", at, entries: new Map() };
}

/** A scalar where text is wanted: in the spelling of the file, so that a token of digits keeps its zeros. */
export function textOf({ value, text }: ScalarNode): string {
  return text ?? String(value);
}

/** Plain value of a node, for comparison and free maps. A number that would not be written the same again stays text. */
export function plain(node: Node): unknown {
  if (node.kind === "scalar") {
    const changes = typeof node.value === "number" && String(node.value) !== textOf(node);
    return changes ? textOf(node) : node.value;
  }
  if (node.kind === "list") return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.value)]));
}

/** Describes a node for an error message. @param path dotted; the values of secret keys are masked */
export function describe(node: Node, path = ""): string {
  if (node.kind === "map") return "a mapping";
  if (node.kind === "list") return "a list";
  if (node.value === null) return "nothing";
  const masked = node.filled === "file" || isSecretPath(path);
  return typeof node.value === "string" ? `"${masked ? "***" : node.value}"` : textOf(node);
}
