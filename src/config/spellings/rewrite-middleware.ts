// A rule's `middleware`, in both forms it has: a list of names and one-key maps, or a map. Each policy has a key of its own
// in the rule, and goes there.
import type { Problems } from "../text/problem.ts";
import { didYouMean, fold } from "../text/suggest.ts";
import { describe, type Entry, emptyMap, type MapNode, type Node, plain } from "../text/tree.ts";
import { asksNothing } from "./switched-off.ts";
import { RULE_MIDDLEWARE, RULE_MIDDLEWARE_CURES } from "./table.ts";

/** Names, folded, of what is set up for all rules at once. */
const EVERY_RULE: ReadonlySet<string> = new Set([
  "tracking",
  "requestid",
  "logging",
  "accesslog",
  "metrics",
  "recovery",
  "rbac",
]);

/** Moves what stands below `middleware` of a rule to the rule's own keys. */
export function rewriteMiddleware(rule: MapNode, problems: Problems): void {
  const written = rule.entries.get("middleware");
  if (written === undefined) return;
  rule.entries.delete("middleware");
  for (const [name, entry] of policiesIn(written.value, problems).flatMap(opened)) {
    const key = RULE_MIDDLEWARE.get(fold(name));
    const old = `router.rules[].middleware: ${name}`;
    const [block, last] = key === undefined ? [rule, ""] : blockOf(rule, key, entry);
    const present = block.entries.get(last);
    // A bare name: the policy as it is set up elsewhere.
    const bare = entry.value.kind === "map" && entry.value.entries.size === 0;
    if (key === undefined && asksNothing(plain(entry.value))) continue;
    if (key === undefined && EVERY_RULE.has(fold(name))) {
      problems.warn(entry.keyAt, `"${old}" has no effect: it is enabled for all rules`);
    } else if (key === undefined) {
      const cure =
        RULE_MIDDLEWARE_CURES.get(fold(name)) ??
        `remove it or use a newer gateway${didYouMean(name, RULE_MIDDLEWARE.keys())}`;
      problems.error(entry.keyAt, `"${old}" is not available in this version; ${cure}`);
    } else if (bare && (present !== undefined || key === "rateLimit")) {
      problems.warn(
        entry.keyAt,
        `"${old}" has no effect beside "${present === undefined ? "middleware.ratelimit" : key}"`,
      );
    } else if (present === undefined) {
      problems.warn(entry.keyAt, `"${old}" is an old spelling of "router.rules[].${key}"`);
      block.entries.set(last, entry);
    } else if (JSON.stringify(plain(present.value)) !== JSON.stringify(plain(entry.value))) {
      problems.error(entry.keyAt, `"${old}" and "${key}" of the rule have different values; keep "${key}"`);
    }
  }
}

/** The keys of the blocks that have no key of their own in the rule. */
function opened(policy: readonly [string, Entry]): (readonly [string, Entry])[] {
  const [name, { value }] = policy;
  if (value.kind !== "map" || value.entries.size === 0) return [policy];
  if (fold(name) === "auth") return [...value.entries];
  if (fold(name) !== "rbac") return [policy];
  if (asksNothing(plain(value))) return [];
  return [...value.entries].flatMap(([key, entry]) => (key === "enabled" ? [] : [[`${name}.${key}`, entry] as const]));
}

/** The mapping that a dotted key of a rule stands in, made where there is none, and its name there. */
function blockOf(rule: MapNode, key: string, { keyAt }: Entry): readonly [block: MapNode, name: string] {
  const [first = "", name] = key.split(".");
  if (name === undefined) return [rule, first];
  let block = rule.entries.get(first);
  if (block === undefined) rule.entries.set(first, (block = { keyAt, value: emptyMap(keyAt) }));
  // What is no mapping is an error where it is read.
  return [block.value.kind === "map" ? block.value : emptyMap(keyAt), name];
}

function policiesIn(node: Node, problems: Problems): (readonly [string, Entry])[] {
  if (node.kind === "map") return [...node.entries];
  if (node.kind === "list" || typeof node.value === "string") {
    const items = node.kind === "list" ? node.items : [node];
    return items.flatMap((item): (readonly [string, Entry])[] => {
      if (item.kind === "map") return [...item.entries];
      // A bare name: the policy with its defaults.
      if (item.kind === "scalar" && typeof item.value === "string")
        return [[item.value, { keyAt: item.at, value: emptyMap(item.at) }] as const];
      problems.error(item.at, `router.rules[].middleware: expected a name or a mapping, found ${describe(item)}`);
      return [];
    });
  }
  if (!asksNothing(node.value))
    problems.error(node.at, `router.rules[].middleware: expected a list or a mapping, found ${describe(node)}`);
  return [];
}
