// Removes blocks that are switched off, so that a feature which this version does not have is refused only where it is
// enabled.
import type { Problems } from "../text/problem.ts";
import { type MapNode, plain } from "../text/tree.ts";

/** Whether a block or key, as written, leaves its feature off. */
export function asksNothing(value: unknown): boolean {
  if (value === null || /^(false|no|off)$/i.test(String(value))) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== "object") return false;
  const entries = value as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(entries, "enabled")) return asksNothing(entries.enabled);
  const inner = Object.values(entries);
  return inner.length > 0 && inner.every(asksNothing);
}

/** Takes out what a switch above it turns off: all of `telemetry` but the log, and registries of another type. */
export function removeIdle(gateway: MapNode, problems: Problems): void {
  const telemetry = mapBelow(gateway, "telemetry");
  const off = telemetry?.entries.get("enabled")?.value;
  if (telemetry !== null && off !== undefined && asksNothing(plain(off))) {
    for (const key of telemetry.entries.keys()) if (key !== "logging") telemetry.entries.delete(key);
  }
  // The switch alone enables nothing; the keys beside it are refused on their own.
  telemetry?.entries.delete("enabled");
  const registry = mapBelow(gateway, "registry");
  const type = registry?.entries.get("type")?.value;
  if (registry === null || type?.kind !== "scalar" || type.value !== "static") return;
  for (const key of ["docker", "dockerCompose", "kubernetes"]) {
    const block = registry.entries.get(key);
    if (block === undefined) continue;
    registry.entries.delete(key);
    problems.warn(block.keyAt, `"registry.${key}" has no effect with registry.type static and is ignored`);
  }
}

function mapBelow(map: MapNode, key: string): MapNode | null {
  const node = map.entries.get(key)?.value;
  return node?.kind === "map" ? node : null;
}
