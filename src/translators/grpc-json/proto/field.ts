// Fields of a parsed .proto file as descriptors: plain, repeated, map, optional, oneof member, extension.
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type DescriptorProtoSchema,
  type FieldDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import protobuf from "protobufjs";
import { DescriptorError } from "../descriptors/descriptor-error.ts";
import { featuresOf } from "./features.ts";
import { join, type SymbolTable } from "./names.ts";
import { optionsOf, type ParsedProto } from "./parse.ts";

type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>;

const SCALARS: Readonly<Record<string, Type>> = {
  double: Type.DOUBLE,
  float: Type.FLOAT,
  int64: Type.INT64,
  uint64: Type.UINT64,
  int32: Type.INT32,
  fixed64: Type.FIXED64,
  fixed32: Type.FIXED32,
  bool: Type.BOOL,
  string: Type.STRING,
  bytes: Type.BYTES,
  uint32: Type.UINT32,
  sfixed32: Type.SFIXED32,
  sfixed64: Type.SFIXED64,
  sint32: Type.SINT32,
  sint64: Type.SINT64,
};
const KINDS = { message: Type.MESSAGE, enum: Type.ENUM, group: Type.GROUP } as const;

/** Converts the fields of one file. */
export class FieldConverter {
  readonly #file: ParsedProto;
  readonly #symbols: SymbolTable;

  constructor(file: ParsedProto, symbols: SymbolTable) {
    this.#file = file;
    this.#symbols = symbols;
  }

  /** @param oneof index of its oneof in the message, or -1 */
  field(scope: string, field: protobuf.Field, oneof: number): FieldInit {
    const options = optionsOf(field);
    const features = featuresOf(options);
    const packed = options.packed;
    const standard = options.default;
    const jsonName = options.json_name;
    const isMap = field instanceof protobuf.MapField;
    return {
      name: field.name,
      number: field.id,
      label: isMap || field.repeated ? Label.REPEATED : rule(field) === "required" ? Label.REQUIRED : Label.OPTIONAL,
      ...(isMap
        ? { type: Type.MESSAGE, typeName: `.${join(scope, entryName(field.name))}` }
        : this.#type(scope, field.name, field.type)),
      jsonName: typeof jsonName === "string" ? jsonName : jsonNameOf(field.name),
      ...(oneof === -1 ? {} : { oneofIndex: oneof }),
      ...(field.options?.proto3_optional === true ? { proto3Optional: true } : {}),
      ...(standard === undefined ? {} : { defaultValue: String(standard) }),
      ...(typeof packed === "boolean" || features !== undefined
        ? { options: { ...(typeof packed === "boolean" ? { packed } : {}), ...(features ? { features } : {}) } }
        : {}),
    };
  }

  /** The entry message a map field stands for. */
  entry(scope: string, field: protobuf.MapField): MessageInitShape<typeof DescriptorProtoSchema> {
    const part = (name: string, number: number, type: string): FieldInit => {
      return { name, number, label: Label.OPTIONAL, jsonName: name, ...this.#type(scope, field.name, type) };
    };
    return {
      name: entryName(field.name),
      field: [part("key", 1, field.keyType), part("value", 2, field.type)],
      options: { mapEntry: true },
    };
  }

  /** Extensions declared directly in `parent`. */
  extensions(scope: string, parent: protobuf.NamespaceBase): FieldInit[] {
    return parent.nestedArray
      .filter((object) => object instanceof protobuf.Field)
      .map((field) => {
        const extendee = this.#symbols.resolve(scope, field.extend ?? "");
        if (extendee === undefined) throw this.#unknown(field.extend ?? "", field.name);
        return { ...this.field(scope, field, -1), proto3Optional: false, extendee: `.${extendee.name}` };
      });
  }

  #type(scope: string, field: string, name: string): { type: Type; typeName?: string } {
    const scalar = Object.hasOwn(SCALARS, name) ? SCALARS[name] : undefined;
    if (scalar !== undefined) return { type: scalar };
    const found = this.#symbols.resolve(scope, name);
    if (found === undefined) throw this.#unknown(name, join(scope, field));
    return { type: KINDS[found.kind], typeName: `.${found.name}` };
  }

  #unknown(name: string, field: string): DescriptorError {
    return new DescriptorError(`${this.#file.name}: no type "${name}", named by field ${field}`);
  }
}

/** `FooBarEntry` for a map `foo_bar`, as protoc names it. */
function entryName(field: string): string {
  return `${field.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase()).replaceAll("_", "")}Entry`;
}

/** lowerCamelCase of a field name (descriptor.proto, `json_name`). */
export function jsonNameOf(field: string): string {
  return field.replaceAll(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}

function rule(field: protobuf.Field): string | undefined {
  return (field as { rule?: string }).rule;
}
