// Rules and requests for routing tests: a tree of ids, and a request that is nothing but what routing looks at.
import type { RequestContext } from "../../src/core/context.ts";
import type { NoMatch } from "../../src/core/snapshot.ts";
import type { Conditions } from "../../src/routing/conditions.ts";
import { parsePattern } from "../../src/routing/pattern.ts";
import { RouteTree } from "../../src/routing/tree.ts";
import { contextOf } from "./context.ts";

/** A rule: its pattern, and what is special about it. */
export interface TestRule extends Partial<Conditions> {
  readonly path: string;
}

/** What a tree finds. */
export interface Found {
  readonly id: string;
}

/** Conditions with everything that is not given empty. */
export function conditionsOf(given: Partial<Conditions>): Conditions {
  return { listeners: [], hosts: [], methods: [], eventPath: "", headers: [], query: [], ...given };
}

/** A tree over rules; the id of each is its path, or its key. */
export function treeOf(rules: readonly TestRule[] | Readonly<Record<string, TestRule>>): RouteTree<Found> {
  const tree = new RouteTree<Found>();
  const named = Array.isArray(rules) ? rules.map((r: TestRule) => [r.path, r] as const) : Object.entries(rules);
  for (const [order, [id, rule]] of named.entries()) {
    tree.add(parsePattern(rule.path), { route: { id }, conditions: conditionsOf(rule), order });
  }
  return tree;
}

/** A request with a canonical path. */
export function request(
  target: string,
  method = "GET",
  host = "",
  headers: Readonly<Record<string, string>> = {},
): RequestContext {
  return contextOf({ method, target, fields: Object.entries(headers).flat(), host });
}

/** Id of what was found, else `404`, or `405` with the methods. */
export function answer(match: Found | NoMatch): string {
  if (!("allow" in match)) return match.id;
  return match.allow.length === 0 ? "404" : `405 ${match.allow.join(" ")}`;
}
