// docs/configuration.md: every key with its type, default and environment variable, from the schema.
import { addressableKeys } from "../src/config/schema/environment.ts";
import type { Field, Fields } from "../src/config/schema/field.ts";
import { gateway, root } from "../src/config/schema/root.ts";
import { cell, code, document, table } from "./markdown.ts";
import { EXAMPLES } from "./reference-examples.ts";
import { FORMS } from "./reference-forms.ts";

/** The reference of all keys. */
export function reference(): string {
  return document([
    "# Configuration reference",
    `Everything stands below the single root key \`gateway\`. Paths here are relative to it; \`[]\` is an element of a list, \`<name>\`
a free name. Keys that begin with \`x-\` are ignored. The variables in the last column set a key from the environment; they may
also begin with \`GATEWAY_GATEWAY_\`, which then wins. Names of files count from the working directory of
the gateway; those of \`include\` count from the file that names them. Services that examples name are defined elsewhere in the file.`,
    "Elsewhere: [old spellings, keys without effect or not in this version](old-spellings.md), [errors](errors.md), [commands](commands.md).",
    "## How values are written",
    table(
      ["form", "type in the tables", "written", "meaning"],
      FORMS.map(({ name, types, examples, meaning }) => [
        name,
        types.map(cell).join(", "),
        examples.map((text) => code(cell(text))).join(" · "),
        cell(meaning),
      ]),
    ),
    "## Top level",
    ...blocks(gateway.fields!, "", variableNames()),
  ]);
}

/** Short name of the variable of each addressable key, by dotted path below `gateway`. */
function variableNames(): ReadonlyMap<string, string> {
  const names = [...addressableKeys(root.fields!)].map(([name, { path }]) => [path.slice(1).join("."), name] as const);
  return new Map(names.map(([path, name]) => [path, name.replace(/^GATEWAY_GATEWAY_/, "GATEWAY_")]));
}

/** A section for each block: an example, its keys that are no blocks as a table, then the blocks below it. */
function blocks(fields: Fields, path: string, variables: ReadonlyMap<string, string>): string[] {
  const rows: string[][] = [];
  const below: string[] = [];
  for (const [key, field] of Object.entries(fields)) {
    const at = path === "" ? key : `${path}.${key}`;
    const inner = innerOf(field, at);
    if (field.fields === null)
      rows.push([code(key), cell(field.type), defaultOf(field), cell(field.doc), variableOf(variables, at)]);
    if (inner !== null) below.push(...section(inner.field, inner.path, variables));
  }
  const own = rows.length === 0 ? [] : [table(["key", "type", "default", "meaning", "environment variable"], rows)];
  return [...own, ...below];
}

function section(field: Field<unknown>, path: string, variables: ReadonlyMap<string, string>): string[] {
  const level = /^\w+(\[\])?$/.test(path) ? "##" : "###";
  const example = EXAMPLES[path];
  const shown = example === undefined ? [] : [`\`\`\`yaml\n${belowGateway(example)}\n\`\`\``];
  return [`${level} ${code(path)}`, `${field.doc}.`, ...shown, ...blocks(field.fields!, path, variables)];
}

/** YAML of a section as it stands in a file. */
export function belowGateway(yaml: string): string {
  return `gateway:\n${yaml.replaceAll(/^/gm, "  ")}`;
}

/** The block behind a key: itself, or that of its elements. */
function innerOf(field: Field<unknown>, path: string): { field: Field<unknown>; path: string } | null {
  if (field.fields !== null) return { field, path };
  const { items } = field;
  if (items === undefined || items.fields === null) return null;
  return { field: items, path: `${path}${field.type === "map" ? ".<name>" : "[]"}` };
}

function defaultOf(field: Field<unknown>): string {
  if (field.fallback === undefined) return "**required**";
  if (field.fallback === null) return "–";
  const shown = field.show(field.fallback);
  if (shown === "" || (typeof shown === "object" && Object.keys(shown as object).length === 0)) return "–";
  return code(Array.isArray(shown) ? shown.join(" ") : String(shown));
}

function variableOf(variables: ReadonlyMap<string, string>, path: string): string {
  const name = variables.get(path);
  return name === undefined ? "" : code(name);
}
