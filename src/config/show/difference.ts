// The differences between two configurations, by name only, for the log line of a reload.
import type { Config } from "../config.ts";
import { writtenOf } from "../written.ts";

/** Names of what was added, removed and changed; empty lists are left out. */
export type Changes = Readonly<Record<string, readonly string[]>>;

/** What a reload from `before` to `after` changes: rules, services, and sections of the file besides. */
export function differenceOf(before: Config, after: Config): Changes {
  const rules = (config: Config) => {
    const { rules: sections } = writtenOf(config).router;
    // A rule that the file does not write is made of its path and its service alone.
    return named(config.rules.map(({ id, path, serviceName }, i) => [id, sections[i] ?? [path, serviceName]]));
  };
  const services = (config: Config) => named(config.services.map(({ name, endpoints }) => [name, endpoints]));
  const sections = (config: Config) => {
    const { router, registry, ...rest } = writtenOf(config);
    return named(Object.entries({ ...rest, router: { ...router, rules: [] } }));
  };
  const all = {
    ...difference("rules", rules(before), rules(after)),
    ...difference("services", services(before), services(after)),
    ...difference("sections", sections(before), sections(after)),
  };
  return Object.fromEntries(Object.entries(all).filter(([, names]) => names.length > 0));
}

function named(entries: readonly (readonly [string, unknown])[]): ReadonlyMap<string, string> {
  return new Map(entries.map(([name, value]) => [name, JSON.stringify(value)]));
}

function difference(
  what: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Record<string, string[]> {
  return {
    [`${what}Added`]: [...after.keys()].filter((name) => !before.has(name)),
    [`${what}Removed`]: [...before.keys()].filter((name) => !after.has(name)),
    [`${what}Changed`]: [...after.keys()].filter((name) => before.has(name) && before.get(name) !== after.get(name)),
  };
}
