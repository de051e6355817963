// `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `${file:/path}` in parsed scalars, so that a value cannot add structure.
import { fileFault } from "../meaning/files.ts";
import type { Position, Problems } from "./problem.ts";
import type { SourceFiles } from "./source-files.ts";
import type { Entry, MapNode, Node } from "./tree.ts";

const PLACEHOLDER = /\$\$\{|\$\{(?:file:([^}]+)|([A-Z_][A-Z0-9_]*)(?:(:-|:\?|:)([^}]*))?)\}/g;
/** A variable that was not set when the configuration was read. */
const LEFT_OVER = /\$\{[A-Z_][A-Z0-9_]*\}/;
/** Largest secret file read, bytes. */
const MAX_FILE = 1024 * 1024;

/** Where values come from. */
interface PlaceholderSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads secret files. */
  readonly files: SourceFiles;
  /** Names of the variables that were asked for. */
  readonly used: Set<string>;
}

/** Whether a text still holds a variable that is not set: a credential or path like that counts as missing. */
export function isUnresolved(text: string): boolean {
  return LEFT_OVER.test(text);
}

/**
 * Replaces the placeholders of a whole tree, keys and values. Lower-case templates are left for run time.
 * @param source null: placeholders are refused
 */
export function fillPlaceholders(node: Node, source: PlaceholderSource | null, problems: Problems): Node {
  if (node.kind === "list")
    return { ...node, items: node.items.map((item) => fillPlaceholders(item, source, problems)) };
  if (node.kind === "map") return fillMap(node, source, problems);
  if (typeof node.value !== "string" || !node.value.includes("${")) return node;
  const filled = fill(node.value, node.at, source, problems);
  return filled === node.value
    ? node
    : { ...node, value: filled, filled: node.value.includes("${file:") ? "file" : "env" };
}

function fillMap(node: MapNode, source: PlaceholderSource | null, problems: Problems): MapNode {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of node.entries) {
    const name = key.includes("${") ? fill(key, entry.keyAt, source, problems) : key;
    if (entries.has(name)) problems.error(entry.keyAt, `duplicate key "${name}"`);
    entries.set(name, { keyAt: entry.keyAt, value: fillPlaceholders(entry.value, source, problems) });
  }
  return { ...node, entries };
}

function fill(text: string, at: Position, source: PlaceholderSource | null, problems: Problems): string {
  return text.replaceAll(PLACEHOLDER, (whole, file?: string, name?: string, operator?: string, operand = "") => {
    if (whole === "$${") return "${";
    if (source === null) {
      problems.error(at, `"${whole}" is refused: only files can use values of files and environment variables`);
      return whole;
    }
    if (file !== undefined) return readSecret(file, at, source, problems) ?? whole;
    source.used.add(name!);
    const value = source.env[name!];
    if (value !== undefined && (value !== "" || operator === undefined)) return value;
    if (operator === ":?") {
      problems.error(at, `environment variable ${name} is not set${operand === "" ? "" : `: ${operand}`}`);
      return whole;
    }
    if (operator !== undefined) return operand;
    problems.warn(at, `environment variable ${name} is not set; \${${name}} is left unchanged`);
    return whole;
  });
}

function readSecret(path: string, at: Position, source: PlaceholderSource, problems: Problems): string | null {
  try {
    return source.files.text(path, MAX_FILE).replace(/\r?\n$/, "");
  } catch (error) {
    problems.error(at, `cannot read \${file:…}: ${fileFault(path, error, at.file)}`);
    return null;
  }
}
