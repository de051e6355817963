// Fragments for tests, written as dotted keys, and what becomes of them beside a configuration text.
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { oneLine } from "../../src/config/text/problem.ts";
import type { Fragment } from "../../src/core/registry.ts";
import { FILE, withMore } from "./load.ts";

/** Values by dotted key below `gateway`: `router.rules[0].path`. */
export type FlatValues = Readonly<Record<string, string | number | boolean>>;

/** A fragment whose values come from labels called as their keys. */
export function fragment(source: string, values: FlatValues): Fragment {
  return {
    source,
    values: Object.entries(values).map(([key, value]) => ({ path: pathOf(key), value, place: `label ${key}` })),
  };
}

/** A fragment with one rule, to its own service unless `more` says otherwise. */
export function ruleFragment(source: string, path: string, more: FlatValues = {}): Fragment {
  const rule = Object.entries(more).map(([key, value]) => [`router.rules[0].${key}`, value] as const);
  return fragment(source, {
    "router.rules[0].path": path,
    "router.rules[0].serviceName": `service of ${source}`,
    ...serviceValues(`service of ${source}`),
    ...Object.fromEntries(rule),
  });
}

/** The values of one service with one instance. */
export function serviceValues(name: string, address = "10.0.0.1"): FlatValues {
  return {
    "registry.static.services[0].name": name,
    "registry.static.services[0].instances[0].address": address,
  };
}

function pathOf(key: string): (string | number)[] {
  return key.split(/\.|(?=\[)/).map((step) => (step.startsWith("[") ? Number(step.slice(1, -1)) : step));
}

/** What became of fragments. */
export interface Mixture {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** Source → why it is not in effect, one line each. */
  readonly dropped: Readonly<Record<string, readonly string[]>>;
}

/** Loads a text that is fine with fragments beside it. */
export function loadMixed(fragments: readonly Fragment[], text = withMore("")): Mixture {
  const { config, warnings, dropped } = loadConfig({ file: FILE, text, env: { SECRET: "hidden" }, fragments });
  return {
    config,
    warnings: warnings.map(oneLine),
    dropped: Object.fromEntries(dropped.map(({ source, problems }) => [source, problems.map(oneLine)])),
  };
}
