// Environment overrides: GATEWAY_ and the path of a key, upper-cased and joined with `_`, put into the written tree.
import { isServiceLink, isServiceVariable, serviceLinkIgnored } from "../cures/service-links.ts";
import { unknownVariable } from "../cures/unknown-variable.ts";
import type { Problems } from "../text/problem.ts";
import { emptyMap, type MapNode, type Node, type ScalarNode } from "../text/tree.ts";
import type { Fields } from "./field.ts";

/** Variables that the command line reads, and not the configuration. */
const OTHERS: ReadonlySet<string> = new Set(["GATEWAY_CONFIG", "GATEWAY_CONFIG_PATH", "GATEWAY_LOG_LEVEL"]);

/** Environment as a plain map. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A key that a variable may set. */
interface Addressable {
  readonly path: readonly string[];
  /** Takes a list: the value is split at commas. */
  readonly list: boolean;
}

/** Every variable that may override a key: name → path below the root. */
export function addressableKeys(fields: Fields): Map<string, Addressable> {
  const names = new Map<string, Addressable>();
  collect(fields, [], names);
  return names;
}

function collect(fields: Fields, path: readonly string[], names: Map<string, Addressable>): void {
  for (const [key, field] of Object.entries(fields)) {
    const below = [...path, key];
    if (field.fields !== null) collect(field.fields, below, names);
    else if (field.addressable)
      names.set(`GATEWAY_${below.join("_").toUpperCase()}`, { path: below, list: field.type === "[string]" });
  }
}

/**
 * Overrides keys of `root` from the environment. The long form (`GATEWAY_GATEWAY_FRONTEND_…`) wins over the short one
 * (`GATEWAY_FRONTEND_…`); an empty value counts as unset. What Kubernetes sets for a service of such a name is ignored, and
 * so are unknown `GATEWAY_*` names, with a warning.
 * @param used variables that placeholders of the files name
 */
export function applyEnvironment(
  root: MapNode,
  fields: Fields,
  env: Environment,
  used: ReadonlySet<string>,
  problems: Problems,
): void {
  const keys = addressableKeys(fields);
  const known = new Set(["GATEWAY_PORT"]);
  const port = env.GATEWAY_PORT;
  if (isSet(port) && /^\d+$/.test(port))
    set(root, { path: ["gateway", "frontend", "http", "port"], list: false }, port, "GATEWAY_PORT");
  else if (isSet(port) && !isServiceLink(port))
    problems.warn(null, `environment variable GATEWAY_PORT is ignored: "${port}" is no port`);
  for (const [long, key] of keys) {
    const short = long.replace(/^GATEWAY_GATEWAY_/, "GATEWAY_");
    known.add(long).add(short);
    const name = isSet(env[long]) ? long : short;
    const value = env[name];
    if (!isSet(value) || name === "GATEWAY_PORT") continue;
    if (isServiceLink(value)) problems.warn(null, serviceLinkIgnored(name));
    else set(root, key, value, name);
  }
  for (const [name, value] of Object.entries(env)) {
    const ours = name.startsWith("GATEWAY_") && isSet(value) && !isServiceLink(value) && !isServiceVariable(name);
    if (ours && !known.has(name) && !used.has(name) && !OTHERS.has(name))
      problems.warn(null, unknownVariable(name, known));
  }
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

function set(root: MapNode, { path, list }: Addressable, text: string, name: string): void {
  const at = { file: `environment variable ${name}`, line: 0, column: 0 };
  let map = root;
  for (const key of path.slice(0, -1)) {
    const entry = map.entries.get(key);
    if (entry?.value.kind === "map") {
      map = entry.value;
      continue;
    }
    const below = emptyMap(entry?.value.at ?? at);
    map.entries.set(key, { keyAt: entry?.keyAt ?? at, value: below });
    map = below;
  }
  const scalar = (value: string): ScalarNode => ({ kind: "scalar", at, value, filled: "env" });
  const items = () => text.split(",").map((part) => scalar(part.trim()));
  const value: Node = list ? { kind: "list", at, items: items() } : scalar(text);
  map.entries.set(path[path.length - 1]!, { keyAt: at, value });
}
