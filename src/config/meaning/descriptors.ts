// Descriptors of gRPC messages in files, read while loading, so that a change is a change of the configuration.
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { RuleSection } from "../schema/router.ts";
import type { Position } from "../text/problem.ts";
import { SourceFiles } from "../text/source-files.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { triedAt, whyNot } from "./files.ts";

/** Highest number of sources below one rule. */
const MAX_FILES = 5000;
/** Largest file read, bytes. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Where a description is named. */
export interface Named {
  /** Dotted key below `gateway`, with the index of an element. */
  readonly key: string;
  readonly at: Position;
}

/** Everything that was read, by path as used. */
export interface DescriptorFiles {
  /** Content by path; what could not be read is absent. */
  readonly contents: ReadonlyMap<string, Buffer>;
  /** Descriptor sets in a directory, by directory as written, in order of name. */
  readonly directories: ReadonlyMap<string, readonly string[]>;
  /** Where each path is named first, or the directory it was found in; of a rule's own set, by its dotted key. */
  readonly named: ReadonlyMap<string, Named>;
  /** Paths, as written, that could not be read. A problem is reported for each. */
  readonly missing: ReadonlySet<string>;
  /** SHA-256 over all paths and contents, hexadecimal. */
  readonly digest: string;
}

/**
 * Reads what rules and global sections name. A set or a source that a rule names itself must be there, and base64 be base64;
 * what may appear later, in folders, dynamic and common sets, is a warning while it is missing, or an error where the
 * configuration asks for that.
 */
export function readDescriptors(draft: Draft, files: SourceFiles): DescriptorFiles {
  const { written } = draft;
  const global = written.backend.grpc.descriptors;
  const reader = new Reader(draft, global.failOnError, files);
  const below = ["backend", "grpc", "descriptors"];
  reader.sets(global.descriptorFiles, [...below, "descriptorFiles"], global.autoReload);
  reader.folders(global.descriptorDirs, [...below, "descriptorDirs"], global.autoReload);
  const { grpc } = written.protocols;
  const sources = ["protocols", "grpc", "descriptorSources"];
  if (grpc.enabled) {
    for (const [i, { paths }] of grpc.descriptorSources.entries())
      reader.mixed(paths, [...sources, i, "paths"], grpc.autoReload);
  }
  for (const [i, rule] of written.router.rules.entries())
    if (rule.grpc !== null) readRule(reader, rule.grpc, ["router", "rules", i, "grpc"]);
  const { contents, directories, named, missing } = reader;
  return { contents, directories, named, missing, digest: digestOf(contents) };
}

/** A path that may be written as a `file://` URI. */
export function plainPath(path: string): string {
  return path.replace(/^file:\/\//, "");
}

function readRule(reader: Reader, grpc: NonNullable<RuleSection["grpc"]>, place: Place): void {
  const { protoDescriptor, protoDescriptorBase64, dynamicDescriptors } = grpc;
  if (protoDescriptorBase64 !== "") reader.inline(protoDescriptorBase64, [...place, "protoDescriptorBase64"]);
  else if (protoDescriptor !== "") reader.set(protoDescriptor, [...place, "protoDescriptor"], true, true);
  const dynamic = [...place, "dynamicDescriptors"];
  reader.sets(dynamicDescriptors.files, [...dynamic, "files"], dynamicDescriptors.autoReload);
  reader.folders(dynamicDescriptors.directories, [...dynamic, "directories"], dynamicDescriptors.autoReload);
  for (const [i, file] of grpc.protoFiles.entries()) reader.proto(file, grpc.importPaths, [...place, "protoFiles", i]);
}

class Reader {
  /** As in {@link DescriptorFiles}. */
  readonly contents = new Map<string, Buffer>();
  readonly directories = new Map<string, readonly string[]>();
  readonly named = new Map<string, Named>();
  readonly missing = new Set<string>();
  readonly #draft: Draft;
  readonly #strict: boolean;
  readonly #files: SourceFiles;
  /** Files whose change is no reason to reload. */
  readonly #unwatched = new SourceFiles();

  constructor(draft: Draft, strict: boolean, files: SourceFiles) {
    this.#draft = draft;
    this.#strict = strict;
    this.#files = files;
  }

  /** A set in the configuration itself. */
  inline(base64: string, place: Place): void {
    const named = this.#name(dotted(place), place);
    if (!BASE64.test(base64.replaceAll(/\s+/g, ""))) this.#draft.problems.error(named.at, `${named.key}: not base64`);
  }

  /** @param required it must be there for the configuration to be accepted */
  set(file: string, place: Place, watch: boolean, required = false): void {
    const why = this.#read(file, place, watch);
    if (why !== null) this.#missing(file, place, why, required);
  }

  sets(files: readonly string[], place: Place, watch: boolean): void {
    for (const [i, file] of files.entries()) this.set(file, [...place, i], watch);
  }

  folders(folders: readonly string[], place: Place, watch: boolean): void {
    for (const [i, folder] of folders.entries()) this.#folder(folder, [...place, i], watch);
  }

  mixed(paths: readonly string[], place: Place, watch: boolean): void {
    for (const [i, path] of paths.entries()) {
      const plain = plainPath(path);
      if (this.#from(watch).isFolder(plain)) this.#folder(plain, [...place, i], watch);
      else this.set(plain, [...place, i], watch);
    }
  }

  /** A source and, as far as they can be found, its imports. */
  proto(file: string, importPaths: readonly string[], place: Place): void {
    this.#name(file, place);
    const folders = ["", ...importPaths];
    const queue = [file];
    const seen = new Set<string>();
    for (let name = queue.shift(); name !== undefined && seen.size < MAX_FILES; name = queue.shift()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const own = name === file ? [] : [folderOf(file)];
      const path = [...folders, ...own]
        .map((f) => (f === "" ? name : join(f, name)))
        .find((p) => this.#read(p, place, true) === null);
      if (path === undefined) {
        if (name === file) this.#missing(file, place, this.#read(file, place, true)!, true);
        continue; // imports that are built in are no files; one that is missing is named when the sources are compiled
      }
      for (const found of this.contents
        .get(path)!
        .toString()
        .matchAll(/^\s*import\s+(?:public\s+|weak\s+)?"([^"]+)"/gm)) {
        queue.push(found[1]!);
      }
    }
  }

  #folder(folder: string, place: Place, watch: boolean): void {
    let names: string[] = [];
    try {
      names = this.#from(watch)
        .folder(folder)
        .filter((name) => name.endsWith(".desc") || name.endsWith(".pb"));
    } catch (error) {
      const { message } = error as Error;
      this.#missing(folder, place, message === "no such file" ? "no such directory" : message, false);
    }
    this.directories.set(folder, names);
    for (const name of names) this.set(name, place, watch);
  }

  #from(watch: boolean): SourceFiles {
    return watch ? this.#files : this.#unwatched;
  }

  /** @returns why it cannot be read; null when it was */
  #read(path: string, place: Place, watch: boolean): string | null {
    if (this.contents.has(path)) return null;
    try {
      this.contents.set(path, this.#from(watch).bytes(path, MAX_FILE_BYTES));
      this.#name(path, place);
      return null;
    } catch (error) {
      return whyNot(error);
    }
  }

  #name(path: string, place: Place): Named {
    let named = this.named.get(path);
    if (named === undefined) {
      named = { key: dotted(place), at: this.#draft.at(place) };
      this.named.set(path, named);
    }
    return named;
  }

  #missing(path: string, place: Place, why: string, required: boolean): void {
    this.missing.add(path);
    const at = this.#draft.at(place);
    const message = `${dotted(place)}: "${path}": ${why}${triedAt(path, at.file)}`;
    if (this.#strict || required) this.#draft.problems.error(at, message);
    else this.#draft.problems.warn(at, `${message}; rules that need it answer 503`);
  }
}

function digestOf(contents: ReadonlyMap<string, Buffer>): string {
  const hash = createHash("sha256");
  for (const [path, content] of contents) hash.update(`${path}|${content.length}|`).update(content);
  return hash.digest("hex");
}

function folderOf(file: string): string {
  const slash = file.lastIndexOf("/");
  return slash === -1 ? "." : file.slice(0, slash);
}
