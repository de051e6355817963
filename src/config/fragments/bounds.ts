// What a fragment may contain: services and rules, without access to the gateway's own machine.
import { INTERNAL } from "../meaning/services.ts";
import type { Fields, Reading } from "../schema/field.ts";
import { unknownKey, wrongValue } from "../schema/fields.ts";
import { mapsAt, refuse } from "../spellings/rewrite.ts";
import type { Problems } from "../text/problem.ts";
import { type MapNode, textOf } from "../text/tree.ts";

/** The lists a fragment may add to. Everything else belongs to the files: it would change what others rely on. */
export const BROUGHT: readonly string[] = ["router.rules", "registry.static.services"];

const READS = "a fragment cannot read files of the gateway";
const RUNS = "a fragment cannot run programs";
const PAYS = "only rules in files can use models, which cost money";
const RULE = "router.rules.[]";
const PROBE = "registry.static.services.[].instances.[].health";

/** Keys of rules and services that only files may set, and why. */
const OF_FILES: readonly (readonly [string, string])[] = [
  [`${RULE}.grpc.protoFiles`, READS],
  [`${RULE}.grpc.importPaths`, READS],
  [`${RULE}.grpc.protoDescriptor`, READS],
  [`${RULE}.grpc.dynamicDescriptors`, READS],
  [`${RULE}.strategy`, PAYS],
  [`${PROBE}.command`, RUNS],
  [`${PROBE}.args`, RUNS],
];

/** Refuses every key of a fragment but those that lead to {@link BROUGHT}. */
export function checkBounds(tree: MapNode, reading: Reading): void {
  checkKeys(tree, reading.schema, "", reading);
}

function checkKeys(block: MapNode, fields: Fields, path: string, reading: Reading): void {
  for (const [key, { keyAt, value }] of block.entries) {
    const below = path === "" ? key : `${path}.${key}`;
    const field = Object.hasOwn(fields, key) ? fields[key]! : null;
    if (BROUGHT.includes(below)) {
      if (value.kind !== "list") wrongValue(value, below, "a list", reading);
    } else if (field !== null && BROUGHT.some((brought) => brought.startsWith(`${below}.`))) {
      if (value.kind === "map") checkKeys(value, field.fields!, below, reading);
      else wrongValue(value, below, "a mapping", reading, field.fields);
    } else if (field !== null || key.startsWith("x-")) {
      reading.problems.error(keyAt, `"${below}" can only be set in files; a fragment can set ${BROUGHT.join(" and ")}`);
    } else unknownKey(key, keyAt, path, fields, reading);
  }
}

/** Refuses what only files may say of rules and services. @param tree of a fragment, in canonical spellings */
export function refuseOfFiles(tree: MapNode, problems: Problems): void {
  refuse(tree, OF_FILES, problems);
  for (const rule of mapsAt(tree, ["router", "rules", "[]"])) {
    const name = rule.entries.get("serviceName")?.value;
    if (name?.kind === "scalar" && textOf(name) === INTERNAL)
      problems.error(name.at, `"${INTERNAL}" is refused: only rules in files can use the gateway's own answers`);
  }
}
