// Descriptions of gRPC messages that lie in files: read while loading, so that a change is a change of the configuration.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Problems } from "./problem.ts";
import type { Written } from "./schema/root.ts";
import type { RuleSection } from "./schema/router.ts";
import type { MapNode } from "./tree.ts";

/** More sources than this below one rule are a mistake. */
const MAX_FILES = 5000;

/** Everything that was read, by path as used. */
export interface DescriptorFiles {
  /** Content by path; what could not be read is absent. */
  readonly contents: ReadonlyMap<string, Buffer>;
  /** Descriptor sets in a directory, by directory as written, in order of name. */
  readonly directories: ReadonlyMap<string, readonly string[]>;
  /** SHA-256 over all paths and contents, hexadecimal. */
  readonly digest: string;
  /** Files and directories whose change is a reason to reload. */
  readonly watched: readonly string[];
}

/** Reads what rules and global sections name. What is missing is a warning, or an error where the file asks for that. */
export function readDescriptors(written: Written, tree: MapNode, problems: Problems): DescriptorFiles {
  const reader = new Reader(written.backend.grpc.descriptors.failOnError, tree, problems);
  const global = written.backend.grpc.descriptors;
  reader.sets(global.descriptorFiles, global.autoReload);
  reader.folders(global.descriptorDirs, global.autoReload);
  const { grpc } = written.protocols;
  if (grpc.enabled) {
    for (const source of grpc.descriptorSources) reader.mixed(source.paths, grpc.autoReload);
  }
  for (const rule of written.router.rules) if (rule.grpc !== null) readRule(reader, rule.grpc);
  return reader;
}

/** A path that may be written as a `file://` URI. */
export function plainPath(path: string): string {
  return path.replace(/^file:\/\//, "");
}

function readRule(reader: Reader, grpc: NonNullable<RuleSection["grpc"]>): void {
  const { protoDescriptor, protoDescriptorBase64, dynamicDescriptors } = grpc;
  if (protoDescriptorBase64 === "" && protoDescriptor !== "") reader.sets([protoDescriptor], true);
  reader.sets(dynamicDescriptors.files, dynamicDescriptors.autoReload);
  reader.folders(dynamicDescriptors.directories, dynamicDescriptors.autoReload);
  for (const file of grpc.protoFiles) reader.proto(file, grpc.importPaths);
}

class Reader implements DescriptorFiles {
  readonly contents = new Map<string, Buffer>();
  readonly directories = new Map<string, readonly string[]>();
  readonly watched: string[] = [];
  #digest: string | null = null;
  readonly #strict: boolean;
  readonly #tree: MapNode;
  readonly #problems: Problems;

  constructor(strict: boolean, tree: MapNode, problems: Problems) {
    this.#strict = strict;
    this.#tree = tree;
    this.#problems = problems;
  }

  /** Asked for when everything has been read. */
  get digest(): string {
    if (this.#digest !== null) return this.#digest;
    const hash = createHash("sha256");
    for (const [path, content] of this.contents) hash.update(`${path}|${content.length}|`).update(content);
    this.#digest = hash.digest("hex");
    return this.#digest;
  }

  sets(files: readonly string[], watch: boolean): void {
    for (const file of files) if (!this.#read(file, watch)) this.#missing(file, "no such descriptor file");
  }

  folders(folders: readonly string[], watch: boolean): void {
    for (const folder of folders) {
      const names = walk(folder);
      if (names === null) this.#missing(folder, "no such directory");
      this.directories.set(folder, names ?? []);
      if (watch) this.watched.push(folder);
      this.sets(names ?? [], watch);
    }
  }

  mixed(paths: readonly string[], watch: boolean): void {
    for (const path of paths) {
      const plain = plainPath(path);
      if (isDirectory(plain)) this.folders([plain], watch);
      else this.sets([plain], watch);
    }
  }

  /** A source and, as far as they can be found, its imports. */
  proto(file: string, importPaths: readonly string[]): void {
    const folders = ["", ...importPaths];
    const queue = [file];
    const seen = new Set<string>();
    for (let name = queue.shift(); name !== undefined && seen.size < MAX_FILES; name = queue.shift()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const own = name === file ? [] : [folderOf(file)];
      const path = [...folders, ...own].map((f) => (f === "" ? name : join(f, name))).find((p) => this.#read(p, true));
      if (path === undefined) {
        if (name === file) this.#missing(file, "no such .proto file");
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

  #read(path: string, watch: boolean): boolean {
    if (!this.contents.has(path)) {
      try {
        this.contents.set(path, readFileSync(path));
      } catch {
        return false;
      }
    }
    if (watch && !this.watched.includes(path)) this.watched.push(path);
    return true;
  }

  #missing(path: string, why: string): void {
    const message = `"${path}": ${why}`;
    if (this.#strict) this.#problems.error(this.#tree.at, message);
    else this.#problems.warn(this.#tree.at, `${message}; rules that need it answer 503`);
  }
}

function walk(folder: string): string[] | null {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const sets = names.filter((name) => name.endsWith(".desc") || name.endsWith(".pb"));
    return sets.sort().map((name) => join(folder, name));
  } catch {
    return null;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function folderOf(file: string): string {
  const slash = file.lastIndexOf("/");
  return slash === -1 ? "." : file.slice(0, slash);
}
