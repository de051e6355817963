// The message and enum names of all files compiled together, and how a name in a .proto file finds its type.
import type { DescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import protobuf from "protobufjs";
import type { ParsedProto } from "./parse.ts";

/** What a type name stands for. */
type SymbolKind = "message" | "enum" | "group";

/** Full names, without leading dot. */
export class SymbolTable {
  readonly #kinds = new Map<string, SymbolKind>();

  /** Takes in what a parsed file declares. */
  declare(file: ParsedProto): void {
    this.#scope(file.package, file.scope);
  }

  /** Takes in what a ready descriptor declares. */
  declareProto(file: FileDescriptorProto): void {
    for (const type of file.enumType) this.#kinds.set(join(file.package, type.name), "enum");
    for (const type of file.messageType) this.#message(file.package, type);
  }

  /**
   * Resolves `name` as written inside `scope`: innermost scope first; a leading dot means a full name.
   * @returns the full name without leading dot, or undefined
   */
  resolve(scope: string, name: string): { readonly name: string; readonly kind: SymbolKind } | undefined {
    if (name.startsWith(".")) return this.#get(name.slice(1));
    for (let inner = scope; ; inner = inner.slice(0, Math.max(0, inner.lastIndexOf(".")))) {
      const found = this.#get(join(inner, name));
      if (found !== undefined || inner === "") return found;
    }
  }

  #get(name: string): { readonly name: string; readonly kind: SymbolKind } | undefined {
    const kind = this.#kinds.get(name);
    return kind === undefined ? undefined : { name, kind };
  }

  #scope(name: string, scope: protobuf.NamespaceBase): void {
    for (const object of scope.nestedArray) {
      const full = join(name, object.name);
      if (object instanceof protobuf.Enum) this.#kinds.set(full, "enum");
      else if (object instanceof protobuf.Type) {
        this.#kinds.set(full, (object as { group?: boolean }).group === true ? "group" : "message");
        this.#scope(full, object);
      }
    }
  }

  #message(scope: string, type: DescriptorProto): void {
    const full = join(scope, type.name);
    this.#kinds.set(full, "message");
    for (const nested of type.enumType) this.#kinds.set(join(full, nested.name), "enum");
    for (const nested of type.nestedType) this.#message(full, nested);
  }
}

/** `scope.name`, or `name` at the top. */
export function join(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}
