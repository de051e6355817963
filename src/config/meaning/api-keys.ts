// Reads the API keys of the configuration and of its `keysFile`. Only digests are kept.
import { type ApiKey, keyDigest } from "../../auth/api-keys.ts";
import { type AuthSection, type KeySection, keysFile } from "../schema/auth.ts";
import { type MapOrList, namedEntries } from "../schema/map-or-list.ts";
import { parseYaml } from "../text/parse.ts";
import { placeOf } from "../text/position.ts";
import type { Position } from "../text/problem.ts";
import { NotUtf8, type SourceFiles } from "../text/source-files.ts";
import type { MapNode, Node } from "../text/tree.ts";
import { subjectFault, subjectOf } from "./auth-subject.ts";
import type { Draft } from "./draft.ts";
import { fileFault } from "./files.ts";

/** Maximum size of a key file, bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const DIGEST = /^(?:sha256:)?([0-9a-f]{64})$/i;
const KEY = /^[\x21-\x7e]+$/;

/** A place where keys are configured. */
interface Source {
  /** For messages. */
  readonly name: string;
  readonly keys: MapOrList<KeySection>;
  /** The tree they were read from, and the path to them. */
  readonly tree: MapNode;
  readonly steps: readonly string[];
}

/** Reads the keys of one configuration. */
export class KeyReader {
  readonly #draft: Draft;
  readonly #section: AuthSection["apikey"];
  /** Digest → id. */
  readonly #ids = new Map<string, string>();

  constructor(draft: Draft, section: AuthSection["apikey"]) {
    this.#draft = draft;
    this.#section = section;
  }

  /** All keys. @param files records the file that is read */
  read(files: SourceFiles): readonly ApiKey[] {
    const { tree } = this.#draft;
    const own = { name: "auth.apikey.keys", keys: this.#section.keys, tree, steps: ["auth", "apikey", "keys"] };
    const other = this.#section.keysFile === "" ? null : this.#fileOf(this.#section.keysFile, files);
    return [own, ...(other === null ? [] : [other])].flatMap((source) => this.#keysOf(source));
  }

  #fileOf(file: string, files: SourceFiles): Source | null {
    const { problems } = this.#draft;
    const at = this.#draft.at(["auth", "apikey", "keysFile"]);
    try {
      const before = problems.errors.length;
      const tree = parseYaml(files.text(file, MAX_FILE_BYTES), file, problems);
      if (problems.errors.length > before) return null;
      const reading = { problems, origins: new Map(), schema: keysFile.fields! };
      const { keys } = keysFile.read(tree, "auth.apikey", reading);
      return { name: "keys", keys, tree, steps: ["keys"] };
    } catch (error) {
      const why = error instanceof NotUtf8 ? `"${file}": ${error.message}` : fileFault(file, error, at.file);
      problems.error(at, `auth.apikey.keysFile: ${why}`);
      return null;
    }
  }

  #keysOf(source: Source): ApiKey[] {
    const named = namedEntries(source.keys, ({ id, name }) => id || name);
    return named.flatMap(([step, id, key]) => this.#keyOf(source, step, id, key));
  }

  #keyOf(source: Source, step: string | number, id: string, section: KeySection): ApiKey[] {
    const place = [...source.steps, step];
    const at = placeOf(source.tree, place);
    const fault = (message: string) => {
      this.#draft.problems.error(at, `${source.name}: ${message}`, true);
      return [];
    };
    if (id === "") return fault("each key in a list needs an id");
    const why = subjectFault(section, id);
    if (why !== null) return fault(`key "${id}": ${why}`);
    const expiresAt = section.expiresAt === "" ? 0 : Date.parse(section.expiresAt);
    if (Number.isNaN(expiresAt))
      return fault(`key "${id}": expiresAt is not a valid time, such as 2027-01-31T12:00:00Z`);
    const unset = [...section.key, ...section.hashedKey].some((text) => text.includes("${"));
    if (unset && source.steps.length === 1) return fault(`key "${id}": placeholders are not replaced in this file`);
    if (unset) {
      this.#draft.problems.warn(at, `${source.name}: key "${id}" is never accepted: its variable is not set`, true);
      return [];
    }
    const digests = this.#digestsOf(section);
    if (typeof digests === "string") return fault(`key "${id}": ${digests}`);
    const isHashed = section.hashedKey.length > 0 || this.#section.hashKeys;
    if (!isHashed && isPlain(nodeAt(source.tree, place))) this.#warnOfPlain(at, source.name);
    const scopes = [...new Set([...this.#section.defaultScopes, ...section.scopes])];
    const identity = subjectOf("apikey", section, id, { apiKey: id, scopes, expiresAt });
    return digests.flatMap((digest) => {
      const other = this.#ids.get(digest);
      if (other !== undefined && other !== id) return fault(`keys "${other}" and "${id}" are the same`);
      if (other !== undefined) return fault(`key "${id}" is configured twice`);
      this.#ids.set(digest, id);
      return [{ name: section.name || id, digest, disabled: section.disabled, identity }];
    });
  }

  /** @returns the digests, or what is wrong */
  #digestsOf({ key, hashedKey }: KeySection): string | readonly string[] {
    const given = hashedKey.length > 0 ? hashedKey : key;
    if (given.length === 0) return "it has no key and no hashedKey";
    if (hashedKey.length === 0 && !this.#section.hashKeys) {
      return given.every((text) => KEY.test(text))
        ? given.map(keyDigest)
        : "a key must be printable ASCII without spaces";
    }
    const found = given.map((text) => DIGEST.exec(text)?.[1]?.toLowerCase());
    return found.includes(undefined) ? "a hashed key must have 64 hexadecimal digits" : (found as string[]);
  }

  #warnOfPlain(at: Position, name: string): void {
    const cure = "gateway hash-key makes hashes for hashedKey";
    this.#draft.problems.warn(at, `${name}: there are keys in plain text; ${cure}`, true);
  }
}

/** Whether a key is written in the file, and not inserted from a placeholder. */
function isPlain(node: Node | null): boolean {
  const key = node?.kind === "map" ? (node.entries.get("key")?.value ?? null) : node;
  if (key === null) return false;
  if (key.kind === "list") return key.items.some(isPlain);
  return key.kind === "scalar" && key.filled === undefined;
}

function nodeAt(tree: Node, place: readonly (string | number)[]): Node | null {
  let node: Node | null = tree;
  for (const step of place) {
    if (node?.kind === "map") node = node.entries.get(String(step))?.value ?? null;
    else if (node?.kind === "list") node = node.items[Number(step)] ?? null;
    else return null;
  }
  return node;
}
