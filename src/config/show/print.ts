// The effective configuration as YAML, with the origin of each value as a comment.
import { Document, isMap, isScalar, isSeq, type Node, visit } from "yaml";
import type { Config } from "../config.ts";
import type { Origin } from "../schema/field.ts";
import { placeText } from "../text/problem.ts";
import { effectiveConfiguration } from "./effective.ts";

/** YAML text of everything that is in effect, inferred values included. */
export function printConfiguration(config: Config): string {
  const document = new Document({ gateway: effectiveConfiguration(config) }, { aliasDuplicateObjects: false });
  visit(document, {
    Pair(_, pair, ancestors) {
      const path = pathOf([...ancestors, pair] as Node[]);
      const value = pair.value as Node | null;
      if (value === null || (!isScalar(value) && !(isSeq(value) && value.items.every((i) => isScalar(i))))) return;
      const origin = config.origins.get(path);
      // Read again, what is printed must not be filled a second time.
      if (isScalar(value) && typeof value.value === "string") value.value = value.value.replaceAll("${", () => "$${");
      value.comment = ` ${describeOrigin(origin)}`;
      if (isSeq(value)) value.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

function describeOrigin(origin: Origin | undefined): string {
  if (origin === undefined) return "default";
  return origin.kind === "env" ? origin.name : placeText(origin.at);
}

/** `router.rules[0].path` of a pair below the key `gateway`. */
function pathOf(chain: readonly Node[]): string {
  let path = "";
  for (const [i, node] of chain.entries()) {
    const parent = chain[i - 1];
    if (parent !== undefined && isSeq(parent)) path += `[${parent.items.indexOf(node)}]`;
    const key = (node as { key?: { value?: unknown } }).key;
    if (key !== undefined && !isMap(node)) path += `${path === "" ? "" : "."}${String(key.value)}`;
  }
  return path.replace(/^gateway\.?/, "");
}
