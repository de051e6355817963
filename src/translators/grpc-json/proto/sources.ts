// Finds .proto sources and everything they import, and turns them into one serialized FileDescriptorSet.
import { create, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { DescriptorError } from "../descriptors/descriptor-error.ts";
import { builtInFile, COMMON_FILES } from "./built-in-files.ts";
import { convertFile } from "./file.ts";
import { SymbolTable } from "./names.ts";
import { type ParsedProto, parseProto } from "./parse.ts";

/** What to compile. Paths use `/`; the caller decides what they mean. */
interface ProtoSources {
  /** The files asked for: a path, or a name below an import path. */
  readonly files: readonly string[];
  /** Folders in which imports are looked up, in this order. The folder of a file outside of them comes last. */
  readonly importPaths: readonly string[];
  /** The content of a file, or undefined when there is none. */
  read(path: string): Buffer | undefined;
}

/**
 * Compiles `.proto` sources. What is built in (see {@link builtInFile}) need not exist as a file.
 * @returns a serialized `google.protobuf.FileDescriptorSet`, every file after its imports
 * @throws {DescriptorError} naming the file, and the line of a syntax error
 */
export function compileProtos(sources: ProtoSources): Uint8Array {
  const compiler = new Compiler(sources);
  for (const file of sources.files) compiler.addRoot(file);
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: compiler.files }));
}

/** The descriptors every pool has: the well-known types, and the usual files of `google.api` and `google.rpc`. */
export function builtInDescriptors(): FileDescriptorProto[] {
  return compiled(COMMON_FILES);
}

/** One built-in file of any name; its imports are built in as well. Undefined when there is none. */
export function builtInDescriptor(name: string): FileDescriptorProto | undefined {
  return builtInFile(name) === undefined ? undefined : compiled([name]).at(-1);
}

function compiled(files: readonly string[]): FileDescriptorProto[] {
  const compiler = new Compiler({ files, importPaths: [], read: () => undefined });
  for (const name of files) compiler.addRoot(name);
  return compiler.files;
}

class Compiler {
  readonly #sources: ProtoSources;
  readonly #folders: string[];
  readonly #symbols = new SymbolTable();
  /** Done, by name. */
  readonly #done = new Set<string>();
  /** Names whose imports are being looked up, outermost first. */
  readonly #open: string[] = [];
  readonly files: FileDescriptorProto[] = [];

  constructor(sources: ProtoSources) {
    this.#sources = sources;
    this.#folders = sources.importPaths.map(withoutSlash);
  }

  addRoot(file: string): void {
    const name = this.#nameOf(file.replace(/^\.\//, ""));
    if (!this.#add(name, undefined)) throw new DescriptorError(`${file}: no such file`);
  }

  /** The name a file is imported by: its path below an import path. A file outside of them makes its folder one. */
  #nameOf(file: string): string {
    for (const folder of this.#folders) {
      if (folder === "" || folder === ".") continue;
      if (file.startsWith(`${folder}/`)) return file.slice(folder.length + 1);
    }
    if (this.#lookUp(file, false) !== undefined || this.#sources.read(file) === undefined) return file;
    const slash = file.lastIndexOf("/");
    const folder = slash === -1 ? "." : file.slice(0, slash) || "/";
    if (!this.#folders.includes(folder)) this.#folders.push(folder);
    return file.slice(slash + 1);
  }

  #add(name: string, importer: string | undefined): boolean {
    if (this.#done.has(name)) return true;
    if (this.#open.includes(name)) {
      throw new DescriptorError(`import cycle: ${[...this.#open.slice(this.#open.indexOf(name)), name].join(" → ")}`);
    }
    const found = this.#lookUp(name, true);
    if (found === undefined) {
      if (importer === undefined) return false;
      throw new DescriptorError(`cannot resolve import "${name}" in ${importer}`);
    }
    this.#open.push(name);
    const dependencies = "imports" in found ? found.imports : found.dependency;
    for (const dependency of dependencies) this.#add(dependency, name);
    this.#open.pop();
    if ("imports" in found) {
      this.#symbols.declare(found);
      this.files.push(convertFile(found, this.#symbols));
    } else {
      this.#symbols.declareProto(found);
      this.files.push(found);
    }
    this.#done.add(name);
    return true;
  }

  #lookUp(name: string, builtIn: boolean): ParsedProto | FileDescriptorProto | undefined {
    for (const folder of this.#folders) {
      const text = this.#sources.read(pathBelow(folder, name));
      if (text !== undefined) return parseProto(name, text.toString("utf8"));
    }
    return builtIn ? builtInFile(name) : undefined;
  }
}

function pathBelow(folder: string, name: string): string {
  if (folder === "." || folder === "") return name;
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

function withoutSlash(folder: string): string {
  return folder.replace(/^\.\/(?=.)/, "").replace(/(?<=.)\/+$/, "");
}
