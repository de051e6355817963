// YAML text → written tree with positions: anchors resolved, merges applied, `x-` keys removed.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
  type Node as YamlNode,
} from "yaml";
import { foreignFormat } from "../cures/foreign-format.ts";
import { explainSlip } from "../cures/yaml-slip.ts";
import type { Position, Problems } from "./problem.ts";
import { mayHoldSecret, withoutQuote } from "./secret-lines.ts";
import { emptyMap, type MapNode, type Node } from "./tree.ts";

/** Nodes one file may unfold to through anchors: a "billion laughs" file ends here. */
const MAX_NODES = 500_000;

const FURTHER = 'Join them, or put it into a file of its own and name that in "include"';

/** Parses one file. Syntax errors, duplicate keys and further documents go to `problems`; the result may then be partial. */
export function parseYaml(text: string, file: string, problems: Problems): MapNode {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, merge: true, version: "1.2" });
  const start: Position = { file, line: 1, column: 1 };
  if ("empty" in documents || documents.length === 0) return emptyMap(start);
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const document = documents[0] as Document.Parsed;
  const source = text.split("\n");
  const fault = (place: Position, message: string) => {
    const shown = mayHoldSecret(source, place.line) ? withoutQuote(message, source[place.line - 1]!) : message;
    problems.error(place, shown);
  };
  for (const error of document.errors) {
    const { offset, message } = explainSlip(error, text);
    fault(at(offset), message);
    problems.unreadable = true;
  }
  if (documents.length > 1) {
    problems.error(
      at(documents[1]!.range[0]),
      `a configuration file must contain one YAML document; this is the second. ${FURTHER}`,
    );
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    return emptyMap(start);
  const reader = new Reader(at, problems, fault);
  const root = reader.read(document.contents);
  if (root.kind === "map") return root;
  problems.error(
    root.at,
    foreignFormat(text) ??
      'a configuration file is a mapping with the single key "gateway"' +
        (root.kind === "list" ? "; remove the dash" : ""),
  );
  return emptyMap(start);
}

/** A scalar as the file spells it, without quotes and escapes. */
function sourceOf(scalar: Scalar): string {
  return scalar.source ?? String(scalar.value);
}

class Reader {
  readonly #at: (offset: number) => Position;
  readonly #problems: Problems;
  readonly #fault: (at: Position, message: string) => void;
  #nodes = 0;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #open = new Set<YamlNode>();
  readonly #twice = new Set<Pair>();

  /** @param fault reports an error that quotes what is written */
  constructor(at: (offset: number) => Position, problems: Problems, fault: (at: Position, message: string) => void) {
    this.#at = at;
    this.#problems = problems;
    this.#fault = fault;
  }

  read(node: YamlNode | null): Node {
    const at = this.#at(node?.range?.[0] ?? 0);
    const nothing: Node = { kind: "scalar", at, value: null };
    if (node === null) return nothing;
    if (++this.#nodes > MAX_NODES) {
      if (this.#nodes === MAX_NODES + 1) this.#problems.error(at, "anchors expand to more than 500000 values");
      return nothing;
    }
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined || this.#open.has(target)) {
        const word = /^[\w-]+$/.test(node.source) ? `write &${node.source} at its value; ` : "";
        const hint = `${word}quote a text that begins with *: "*${node.source}"`;
        this.#fault(at, `alias *${node.source} refers to no preceding anchor; ${hint}`);
        return nothing;
      }
      return this.read(target);
    }
    if ("anchor" in node && typeof node.anchor === "string" && !this.#open.has(node))
      this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    try {
      return this.#readValue(node, at);
    } finally {
      this.#open.delete(node);
    }
  }

  #readValue(node: YamlNode, at: Position): Node {
    const nothing: Node = { kind: "scalar", at, value: null };
    if (isMap(node)) return this.#readMap(node as YAMLMap<YamlNode, YamlNode | null>, at);
    if (isSeq(node)) return { kind: "list", at, items: node.items.map((item) => this.read(item as YamlNode)) };
    if (!isScalar(node)) return nothing;
    const { value } = node;
    if (typeof value === "string" || value === null) return { kind: "scalar", at, value };
    const text = sourceOf(node);
    // Other types that a tag or YAML 1.1 gives, such as dates, are read as text.
    const known = typeof value === "number" || typeof value === "boolean";
    return known ? { kind: "scalar", at, value, text } : { kind: "scalar", at, value: text };
  }

  #readMap(map: YAMLMap<YamlNode, YamlNode | null>, at: Position): MapNode {
    const result: MapNode = { kind: "map", at, entries: new Map() };
    const merged: Pair<YamlNode, YamlNode | null>[] = [];
    for (const pair of map.items) {
      if (isScalar(pair.key) && typeof pair.key.value === "symbol") merged.push(pair);
      else if (!isScalar(pair.key) && pair.key !== null && !isAlias(pair.key)) {
        this.#problems.error(
          at,
          'braces in braces; quote text that holds them, and fill templates such as "{{ x }}" before',
        );
      } else {
        // Keys are compared as text: `1.0` and `1` differ.
        const key = isScalar(pair.key) ? sourceOf(pair.key) : "";
        const keyAt = this.#at(pair.key.range?.[0] ?? 0);
        const before = result.entries.get(key);
        if (before !== undefined && !this.#twice.has(pair)) {
          this.#twice.add(pair); // aliases read it again
          this.#problems.error(
            keyAt,
            `duplicate key "${key}"; the first is on line ${before.keyAt.line}; keep one of them`,
          );
        }
        result.entries.set(key, { keyAt, value: this.read(pair.value) });
      }
    }
    // Merged keys come last and never override what the mapping says itself.
    for (const pair of merged) this.#merge(this.read(pair.value), result);
    return result;
  }

  #merge(from: Node, into: MapNode): void {
    if (from.kind === "list") for (const item of from.items) this.#merge(item, into);
    else if (from.kind === "scalar" && from.value === null)
      return; // nothing, or an alias that was refused
    else if (from.kind !== "map") this.#problems.error(from.at, '"<<" merges mappings only');
    else for (const [key, entry] of from.entries) if (!into.entries.has(key)) into.entries.set(key, entry);
  }
}
