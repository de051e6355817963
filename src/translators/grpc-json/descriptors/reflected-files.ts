// Repairs the descriptors of servers that build them from loaded types (Node's does): no imports, one file per package,
// relative type names, and messages with maps marked as map entries. Files of other servers pass unchanged.
import type { DescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { join, SymbolTable } from "../proto/names.ts";

/**
 * Declares the imports files use without saying so, and drops files that say no more than built-in ones.
 * @param builtIn files every pool has
 */
export function repairFiles(
  files: readonly FileDescriptorProto[],
  builtIn: readonly FileDescriptorProto[],
): FileDescriptorProto[] {
  const common = ownersOf(builtIn);
  const owners = new Map([...ownersOf(files), ...common]);
  const out: FileDescriptorProto[] = [];
  const symbols = new SymbolTable();
  for (const file of [...builtIn, ...files]) symbols.declareProto(file);
  for (const file of files) {
    for (const message of file.messageType) {
      unmark(message, true);
      qualify(join(file.package, message.name), message, symbols);
    }
    const own = [...ownersOf([file]).keys()];
    if (file.dependency.length === 0 && own.length > 0 && own.every((name) => common.has(name))) continue;
    // A file that declares imports declares them all.
    if (file.dependency.length === 0) {
      const used = new Set(referencesOf(file).map((name) => owners.get(name)));
      for (const name of used) if (name !== undefined && name !== file.name) file.dependency.push(name);
    }
    out.push(file);
  }
  return out;
}

/** Full type name, with leading dot → name of the file that declares it. */
function ownersOf(files: readonly FileDescriptorProto[]): Map<string, string> {
  const owners = new Map<string, string>();
  for (const file of files) {
    const scope = file.package;
    const visit = (parent: string, message: DescriptorProto): void => {
      const full = join(parent, message.name);
      owners.set(`.${full}`, file.name);
      for (const type of message.enumType) owners.set(`.${join(full, type.name)}`, file.name);
      for (const nested of message.nestedType) visit(full, nested);
    };
    for (const type of file.enumType) owners.set(`.${join(scope, type.name)}`, file.name);
    for (const message of file.messageType) visit(scope, message);
  }
  return owners;
}

/** Type names a file uses. */
function referencesOf(file: FileDescriptorProto): string[] {
  const names: string[] = [];
  const visit = (message: DescriptorProto): void => {
    for (const { typeName } of message.field) names.push(typeName);
    for (const { typeName, extendee } of message.extension) names.push(typeName, extendee);
    message.nestedType.forEach(visit);
  };
  file.messageType.forEach(visit);
  for (const { typeName, extendee } of file.extension) names.push(typeName, extendee);
  for (const { method } of file.service)
    for (const { inputType, outputType } of method) names.push(inputType, outputType);
  return names;
}

/** A map entry is nested and has a key and a value (descriptor.proto, `map_entry`). */
function unmark(message: DescriptorProto, top: boolean): void {
  const entry =
    !top && message.field.length === 2 && message.field.every(({ name }) => name === "key" || name === "value");
  if (message.options?.mapEntry === true && !entry) message.options.mapEntry = false;
  for (const nested of message.nestedType) unmark(nested, false);
}

/** Makes relative type names full ones. */
function qualify(scope: string, message: DescriptorProto, symbols: SymbolTable): void {
  for (const field of message.field) {
    if (field.typeName === "" || field.typeName.startsWith(".")) continue;
    const found = symbols.resolve(scope, field.typeName);
    if (found !== undefined) field.typeName = `.${found.name}`;
  }
  for (const nested of message.nestedType) qualify(join(scope, nested.name), nested, symbols);
}
