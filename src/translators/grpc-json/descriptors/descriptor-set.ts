// Serialized FileDescriptorSets: read, merged, and put in an order in which every file follows its imports.
import { clone, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { jsonNameOf } from "../proto/field.ts";
import { DescriptorError } from "./descriptor-error.ts";

/** A descriptor set and where it came from, for messages. */
export interface NamedSet {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Files whose content differs from one protobuf release to the next without meaning anything: the first one is kept. */
const COMMON = /^google\/(protobuf|api|longrunning|rpc|type)\//;

/** Reads a set. @throws {DescriptorError} when the bytes are not one */
export function readDescriptorSet({ name, bytes }: NamedSet): FileDescriptorProto[] {
  let files: FileDescriptorProto[];
  try {
    files = fromBinary(FileDescriptorSetSchema, bytes).file;
  } catch {
    throw new DescriptorError(`${name}: not a serialized FileDescriptorSet`);
  }
  if (files.length === 0 || files.some((file) => file.name === "")) {
    throw new DescriptorError(`${name}: holds no file descriptors`);
  }
  return files;
}

/**
 * Merges sets. A file may occur in several as long as it says the same.
 * @param fallback files that are taken only where no set has them
 * @param builtIn finds further files that are taken only where they are imported, and no set has them
 * @returns all files, each after its imports
 * @throws {DescriptorError} naming the file when two sets differ on it, or an import is missing
 */
export function mergeDescriptorSets(
  sets: readonly NamedSet[],
  fallback: readonly FileDescriptorProto[],
  builtIn: (name: string) => FileDescriptorProto | undefined,
): FileDescriptorProto[] {
  const all = new Map<string, { readonly file: FileDescriptorProto; readonly from: string }>();
  for (const set of sets) {
    for (const file of readDescriptorSet(set)) {
      const known = all.get(file.name);
      if (known === undefined) all.set(file.name, { file, from: set.name });
      else if (!COMMON.test(file.name) && !sameMeaning(known.file, file)) {
        throw new DescriptorError(`${file.name}: differs between ${known.from} and ${set.name}`);
      }
    }
  }
  for (const file of fallback) if (!all.has(file.name)) all.set(file.name, { file, from: "built-in" });
  const files = [...all.values()].map(({ file }) => file);
  return inOrder(files, builtIn);
}

function inOrder(
  files: readonly FileDescriptorProto[],
  builtIn: (name: string) => FileDescriptorProto | undefined,
): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const out = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto, above: readonly string[]): void => {
    if (out.has(file)) return;
    if (above.includes(file.name)) throw new DescriptorError(`import cycle: ${[...above, file.name].join(" → ")}`);
    for (const name of file.dependency) {
      const dependency = byName.get(name) ?? builtIn(name);
      if (dependency === undefined) throw new DescriptorError(`cannot resolve import "${name}" in ${file.name}`);
      byName.set(name, dependency);
      visit(dependency, [...above, file.name]);
    }
    out.add(file);
  };
  for (const file of files) visit(file, []);
  return [...out];
}

/** Compilers differ in comments, file options, reservations and spelled-out defaults; none of them changes a message. */
function sameMeaning(a: FileDescriptorProto, b: FileDescriptorProto): boolean {
  return Buffer.compare(essence(a), essence(b)) === 0;
}

function essence(file: FileDescriptorProto): Uint8Array {
  const copy = clone(FileDescriptorProtoSchema, file);
  delete copy.sourceCodeInfo;
  delete copy.options;
  copy.publicDependency = [];
  copy.weakDependency = [];
  if (copy.syntax === "proto2") copy.syntax = "";
  copy.extension.forEach(plainField);
  copy.messageType.forEach(plainMessage);
  return toBinary(FileDescriptorProtoSchema, copy);
}

function plainMessage(message: DescriptorProto): void {
  message.reservedName = [];
  message.reservedRange = [];
  message.extensionRange = [];
  message.field.forEach(plainField);
  message.extension.forEach(plainField);
  message.nestedType.forEach(plainMessage);
}

function plainField(field: FieldDescriptorProto): void {
  if (field.jsonName === "") field.jsonName = jsonNameOf(field.name);
}
