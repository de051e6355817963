// Reads the text of one .proto file with protobufjs, alone, so that what the file says is kept apart from its imports.
import protobuf from "protobufjs";
import { DescriptorError } from "../descriptors/descriptor-error.ts";

/** One parsed file; its types are not resolved. */
export interface ParsedProto {
  readonly name: string;
  readonly package: string;
  /** `proto2`, `proto3`, or an edition such as `2023`. */
  readonly syntax: string;
  readonly imports: readonly string[];
  /** The namespace of the package: what the file declares. */
  readonly scope: protobuf.NamespaceBase;
  /** Options of the file. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Parses one file.
 * @throws {DescriptorError} with the line of the first error
 */
export function parseProto(name: string, text: string): ParsedProto {
  const root = new protobuf.Root();
  const plain = unfoldLists(text);
  let parsed: protobuf.IParserResult;
  try {
    parsed = protobuf.parse(plain, root, { keepCase: true });
  } catch (error) {
    throw new DescriptorError(`${name}: ${(error as Error).message}`);
  }
  const scope = parsed.package === undefined ? root : (root.lookup(parsed.package) as protobuf.NamespaceBase);
  return {
    name,
    package: parsed.package ?? "",
    syntax: syntaxOf(plain),
    imports: [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])],
    scope,
    options: optionsOf(scope),
  };
}

/** Options of a declaration, aggregates nested, names as written. */
export function optionsOf(object: protobuf.ReflectionObject): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  const { parsedOptions } = object as unknown as { parsedOptions: Record<string, unknown>[] | null };
  for (const option of parsedOptions ?? []) Object.assign(all, option);
  return all;
}

function syntaxOf(text: string): string {
  const tokens = protobuf.tokenize(text, false);
  for (let token = tokens.next(); token !== null; token = tokens.next()) {
    if (token === ";") continue;
    if (token !== "syntax" && token !== "edition") break;
    tokens.next();
    const quote = tokens.next();
    // The tokenizer gives a string as quote, content, quote.
    return quote === '"' || quote === "'" ? (tokens.next() ?? "proto2") : "proto2";
  }
  return "proto2";
}

/**
 * `name: [{…}, {…}]` inside an aggregate option means `name {…} name {…}` (text format specification); protobufjs knows
 * only the second spelling. Lines are kept.
 */
function unfoldLists(text: string): string {
  return /:\s*\[\s*\{/.test(text) ? new ListUnfolder(text).text() : text;
}

/** A scan over strings, comments and brackets that rewrites lists of messages. */
class ListUnfolder {
  readonly #tokens: RegExp = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\/\/[^\n]*|\/\*[\s\S]*?\*\/|[\w.]+|\s+|[\s\S]/g;
  readonly #parts: string[];

  constructor(text: string) {
    this.#parts = text.match(this.#tokens) ?? [];
  }

  text(): string {
    const parts = this.#parts;
    let name = -1;
    const out: string[] = [];
    // Per open bracket: the field whose messages it lists, or "" for any other bracket.
    const open: string[] = [];
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]!;
      if (/^[\w.]+$/.test(part)) name = i;
      const list = open.at(-1) ?? "";
      if (part === "[" && this.#listsMessages(i)) {
        open.push(parts[name]!);
        continue;
      }
      if (part === "[" || part === "{") open.push("");
      else if (part === "]" || part === "}") {
        open.pop();
        if (part === "]" && list !== "") continue;
      } else if (part === "," && list !== "") {
        out.push(` ${list}: `);
        continue;
      }
      out.push(part);
    }
    return out.join("");
  }

  /** Whether the bracket at `at` follows a colon and opens onto a message. */
  #listsMessages(at: number): boolean {
    let before = at - 1;
    while (before >= 0 && /^(\s|\/\/|\/\*)/.test(this.#parts[before]!)) before--;
    if (this.#parts[before] !== ":") return false;
    let after = at + 1;
    while (after < this.#parts.length && /^(\s|\/\/|\/\*)/.test(this.#parts[after]!)) after++;
    return this.#parts[after] === "{";
  }
}
