// Moves old spellings to canonical keys and removes keys without effect, using the tables beside it, before reading.

import type { Problems } from "../text/problem.ts";
import { type Entry, emptyMap, type MapNode, type Node, plain } from "../text/tree.ts";
import { rewriteProvider } from "./llm.ts";
import { rewriteLogin } from "./login.ts";
import { rewriteMiddleware } from "./rewrite-middleware.ts";
import { rewritePolicies } from "./rewrite-policies.ts";
import { asksNothing, removeIdle } from "./switched-off.ts";
import { ALIASES, ALIASES_BY_VALUE, NO_EFFECT, NOT_YET, REFUSED } from "./table.ts";

/** Applies every table to the tree below `gateway`, in place. */
export function rewriteSpellings(gateway: MapNode, problems: Problems): void {
  for (const rule of mapsAt(gateway, ["router", "rules", "[]"])) rewriteMiddleware(rule, problems);
  for (const [from, to] of ALIASES) applyAlias(gateway, from, to, problems);
  rewriteValues(gateway, problems);
  rewriteLogin(gateway, problems);
  for (const provider of mapsAt(gateway, ["llm", "providers", "*"])) rewriteProvider(provider, problems);
  rewritePolicies(mapsAt(gateway, ["authz", "rbac", "policies", "[]"]), problems);
  for (const path of NO_EFFECT) {
    for (const found of takeAll(gateway, path.split("."))) {
      problems.warn(found.keyAt, `"${shown(path)}" has no effect here and is ignored`);
    }
  }
  refuse(gateway, REFUSED, problems);
  removeIdle(gateway, problems);
  for (const path of NOT_YET) {
    for (const found of takeAll(gateway, path.split("."))) {
      if (asksNothing(plain(found.value))) continue;
      problems.error(
        found.keyAt,
        `"${shown(path)}" is not available in this version; remove it or use a newer gateway`,
      );
    }
  }
}

/** Moves keys whose old meaning shows in their value. Once more when the environment, which knows no old keys, has set some. */
export function rewriteValues(gateway: MapNode, problems: Problems): void {
  for (const [from, to, when] of ALIASES_BY_VALUE) applyAlias(gateway, from, to, problems, when);
}

/** Takes out the keys that the table names, each of which is an error. @param table path and why */
export function refuse(
  gateway: MapNode,
  table: readonly (readonly [path: string, why: string])[],
  problems: Problems,
): void {
  for (const [path, why] of table) {
    for (const found of takeAll(gateway, path.split(".")))
      problems.error(found.keyAt, `"${shown(path)}" is refused: ${why}`);
  }
}

function applyAlias(
  gateway: MapNode,
  from: string,
  to: string,
  problems: Problems,
  when: (value: unknown) => boolean = () => true,
): void {
  const fromKeys = from.split(".");
  const toKeys = to.split(".");
  let shared = 0;
  while (fromKeys[shared] === toKeys[shared]) shared++;
  for (const base of mapsAt(gateway, fromKeys.slice(0, shared))) {
    for (const found of takeAll(base, fromKeys.slice(shared), when)) {
      problems.warn(found.keyAt, `"${shown(from)}" is an old spelling of "${shown(to)}"`);
      put(base, toKeys.slice(shared), found, from, to, problems);
    }
  }
}

/** Every mapping a path leads to; `*` goes through every key of a mapping, `[]` through every element of a list. */
export function mapsAt(node: Node, keys: readonly string[]): MapNode[] {
  if (keys.length === 0) return node.kind === "map" ? [node] : [];
  const [key, ...rest] = keys;
  if (key === "[]") return node.kind === "list" ? node.items.flatMap((item) => mapsAt(item, rest)) : [];
  if (node.kind !== "map") return [];
  if (key === "*") return [...node.entries.values()].flatMap((entry) => mapsAt(entry.value, rest));
  const entry = node.entries.get(key!);
  return entry === undefined ? [] : mapsAt(entry.value, rest);
}

/** Removes what a path names, everywhere, and returns it. */
function takeAll(node: MapNode, keys: readonly string[], when: (value: unknown) => boolean = () => true): Entry[] {
  const last = keys[keys.length - 1]!;
  const taken = mapsAt(node, keys.slice(0, -1)).flatMap((map) => {
    const entry = map.entries.get(last);
    if (entry === undefined || !when(plain(entry.value))) return [];
    map.entries.delete(last);
    return [entry];
  });
  // A block that is empty afterwards is removed too, since its own key may be unknown to the schema.
  const above = keys.slice(0, -1);
  if (taken.length > 0 && above.length > 0 && !above.includes("[]")) {
    for (const map of mapsAt(node, above.slice(0, -1))) {
      const block = map.entries.get(above[above.length - 1]!);
      if (block?.value.kind === "map" && block.value.entries.size === 0) map.entries.delete(above[above.length - 1]!);
    }
  }
  return taken;
}

function put(base: MapNode, keys: readonly string[], entry: Entry, from: string, to: string, problems: Problems): void {
  let map = base;
  for (const key of keys.slice(0, -1)) {
    let below = map.entries.get(key);
    if (below === undefined || below.value.kind !== "map") {
      below = { keyAt: entry.keyAt, value: emptyMap(entry.keyAt) };
      map.entries.set(key, below);
    }
    map = below.value as MapNode;
  }
  const last = keys[keys.length - 1]!;
  const present = map.entries.get(last);
  if (present === undefined || (isOverride(entry) && !isOverride(present))) map.entries.set(last, entry);
  else if (JSON.stringify(plain(present.value)) !== JSON.stringify(plain(entry.value))) {
    const { file, line } = present.keyAt;
    problems.error(
      entry.keyAt,
      `"${shown(from)}" and "${shown(to)}" (${isOverride(present) ? file : `line ${line}`}) have different values; keep "${shown(to)}"`,
    );
  }
}

/** Set by the environment, and so stronger than a file. */
function isOverride({ keyAt }: Entry): boolean {
  return keyAt.line === 0;
}

/** A path of the tables as it is shown in messages. */
function shown(path: string): string {
  return path.replaceAll(".[]", "[]");
}
