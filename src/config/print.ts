// The effective configuration as YAML, with the origin of each value as a comment; secrets are masked.
import { Document, isMap, isScalar, isSeq, type Node, visit } from "yaml";
import type { Config } from "./config.ts";
import type { Origin } from "./kit.ts";
import { gateway } from "./schema/root.ts";

const SECRET_KEY = /^authorization$|^cookie$|password|secret|token|apikey|api_key|credential|privatekey/i;

/** YAML text of everything that is in effect, inferred values included. */
export function printConfiguration(config: Config): string {
  const shown = gateway.show(config.written) as Record<string, unknown>;
  const document = new Document({ gateway: withInferred(shown, config) }, { aliasDuplicateObjects: false });
  visit(document, {
    Pair(_, pair, ancestors) {
      const path = pathOf([...ancestors, pair] as Node[]);
      const value = pair.value as Node | null;
      if (value === null || (!isScalar(value) && !(isSeq(value) && value.items.every((i) => isScalar(i))))) return;
      const origin = config.origins.get(path) ?? config.origins.get(path.replace(/\.exact$/, ""));
      if (isScalar(value) && masks(path, value.value, origin)) value.value = "***";
      if (isSeq(value) && origin?.kind === "file" && origin.masked)
        value.items = value.items.map(() => document.createNode("***"));
      // Read again, what is printed must not be filled a second time.
      if (isScalar(value) && typeof value.value === "string") value.value = value.value.replaceAll("${", () => "$${");
      value.comment = ` ${describeOrigin(origin)}`;
      if (isSeq(value)) value.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** Ids, ports and schemes that the file leaves out. */
function withInferred(shown: Record<string, unknown>, config: Config): Record<string, unknown> {
  const router = shown.router as { rules: Record<string, unknown>[] };
  for (const [i, rule] of config.rules.entries()) {
    router.rules[i] = { ...router.rules[i], id: rule.id, loadBalance: rule.loadBalance };
  }
  const { services } = (shown.registry as { static: { services: { instances: Record<string, unknown>[] }[] } }).static;
  for (const [i, service] of config.services.entries()) {
    for (const [j, { id, port, scheme }] of service.endpoints.entries()) {
      services[i]!.instances[j] = { ...services[i]!.instances[j], id, port, scheme };
    }
  }
  return shown;
}

function masks(path: string, value: unknown, origin: Origin | undefined): boolean {
  if (value === null || value === "") return false;
  if (origin?.kind === "file" && origin.masked) return true;
  return typeof value === "string" && SECRET_KEY.test(path.slice(path.lastIndexOf(".") + 1)); // a count of tokens is none
}

function describeOrigin(origin: Origin | undefined): string {
  if (origin === undefined || origin.kind === "default") return "default";
  return origin.kind === "env" ? origin.name : `${origin.at.file}:${origin.at.line}`;
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
