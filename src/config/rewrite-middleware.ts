// A rule's `middleware`, in both forms it has: a list of names and one-key maps, or a map. Each policy has a key of its own
// in the rule, and goes there.
import type { Problems } from "./problem.ts";
import { RULE_MIDDLEWARE } from "./spellings.ts";
import { didYouMean } from "./suggest.ts";
import { describe, type Entry, emptyMap, type MapNode, type Node } from "./tree.ts";

/** Moves what stands below `middleware` of a rule to the rule's own keys. */
export function rewriteMiddleware(rule: MapNode, problems: Problems): void {
  const written = rule.entries.get("middleware");
  if (written === undefined) return;
  rule.entries.delete("middleware");
  for (const [name, entry] of policiesIn(written.value, problems)) {
    const key = RULE_MIDDLEWARE.get(name);
    const old = `router.rules[].middleware: ${name}`;
    if (key === undefined) {
      const hint = didYouMean(name, RULE_MIDDLEWARE.keys());
      problems.error(entry.keyAt, `"${old}" is not available in this version; remove it or use a newer gateway${hint}`);
    } else if (rule.entries.has(key)) {
      problems.error(entry.keyAt, `"${old}" and "${key}" of the rule are the same; keep "${key}"`);
    } else {
      problems.warn(entry.keyAt, `"${old}" is an old spelling of "router.rules[].${key}"`);
      rule.entries.set(key, entry);
    }
  }
}

function policiesIn(node: Node, problems: Problems): (readonly [string, Entry])[] {
  if (node.kind === "map") return [...node.entries];
  if (node.kind === "list") {
    return node.items.flatMap((item): (readonly [string, Entry])[] => {
      if (item.kind === "map") return [...item.entries];
      // A bare name: the policy with its defaults.
      if (item.kind === "scalar" && typeof item.value === "string")
        return [[item.value, { keyAt: item.at, value: emptyMap(item.at) }] as const];
      problems.error(item.at, `router.rules[].middleware: expected a name or a mapping, found ${describe(item)}`);
      return [];
    });
  }
  if (node.value !== null)
    problems.error(node.at, `router.rules[].middleware: expected a list or a mapping, found ${describe(node)}`);
  return [];
}
