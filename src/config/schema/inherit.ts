// Settings at several levels: `default`, `services`, `routes` and the rule itself; for each key, the most specific applies.
import { placeOf } from "../text/position.ts";
import type { Problems } from "../text/problem.ts";
import { didYouMean } from "../text/suggest.ts";
import type { MapNode } from "../text/tree.ts";

/** Settings of one level; null: inherited from the level above. */
export type Overrides<T> = { readonly [K in keyof T]: T[K] | null } & { readonly enabled: boolean | null };

/** A section as read by `inherited` of the schema. */
export interface InheritedSection<T> {
  readonly enabled: boolean;
  readonly default: T;
  readonly services: Readonly<Record<string, Overrides<T>>>;
  readonly routes: Readonly<Record<string, Overrides<T>>>;
}

/** A rule, with the block written in the rule itself. */
interface RuleOverrides<T> {
  readonly id: string;
  /** If present, the policy is enabled for this rule. */
  readonly own: Overrides<T> | null;
}

/**
 * The settings for requests of a rule to a service, or for a service in general; null if the policy is disabled there.
 */
export function inherit<T extends object>(
  section: InheritedSection<T>,
  service: string,
  rule: RuleOverrides<T> | null,
): T | null {
  const layers = [entryOf(section.services, service)];
  if (rule !== null) layers.push(entryOf(section.routes, rule.id), rule.own);
  let enabled = section.enabled || (rule !== null && rule.own !== null);
  const settings = { ...section.default } as Record<string, unknown>;
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer ?? {})) {
      if (value === null) continue;
      if (key === "enabled") enabled = value as boolean;
      else settings[key] = value;
    }
  }
  return enabled ? (settings as T) : null;
}

/** Whether the rule has its own settings, so that it cannot share the service object of other rules. */
export function standsApart<T>(section: InheritedSection<T>, rule: RuleOverrides<T>): boolean {
  return rule.own !== null || entryOf(section.routes, rule.id) !== null;
}

/** Finds entries for rules and services that do not exist. @param key of the section, below `gateway` */
export function checkInherited(
  key: string,
  section: Readonly<Record<"services" | "routes", Readonly<Record<string, unknown>>>>,
  known: { readonly services: ReadonlySet<string>; readonly routes: ReadonlySet<string> },
  tree: MapNode,
  problems: Problems,
): void {
  for (const [kind, word] of [
    ["services", "service"],
    ["routes", "rule"],
  ] as const) {
    for (const name of Object.keys(section[kind])) {
      if (known[kind].has(name)) continue;
      const place = placeOf(tree, [key, kind, name]);
      problems.error(place, `${key}.${kind}: unknown ${word} "${name}"${didYouMean(name, known[kind])}`);
    }
  }
}

function entryOf<T>(entries: Readonly<Record<string, Overrides<T>>>, name: string): Overrides<T> | null {
  return Object.hasOwn(entries, name) ? entries[name]! : null;
}
