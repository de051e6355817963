// Turns one parsed .proto file into its descriptor: protobufjs reads the text, everything after it works on descriptors.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type DescriptorProtoSchema,
  Edition,
  type EnumDescriptorProtoSchema,
  EnumOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  MethodOptions_IdempotencyLevel,
  MethodOptionsSchema,
  type ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import protobuf from "protobufjs";
import { DescriptorError } from "../descriptors/descriptor-error.ts";
import { HTTP_EXTENSION, httpRuleFromJson, writeHttpRule } from "../http-rule.ts";
import { featuresOf } from "./features.ts";
import { FieldConverter } from "./field.ts";
import { join, type SymbolTable } from "./names.ts";
import { optionsOf, type ParsedProto } from "./parse.ts";

type MessageInit = MessageInitShape<typeof DescriptorProtoSchema>;
type EnumInit = MessageInitShape<typeof EnumDescriptorProtoSchema>;
type ServiceInit = MessageInitShape<typeof ServiceDescriptorProtoSchema>;

const EDITIONS: Readonly<Record<string, Edition>> = { "2023": Edition.EDITION_2023, "2024": Edition.EDITION_2024 };

/**
 * The descriptor of `file`. All files it imports must have been declared in `symbols`, and the file itself.
 * @throws {DescriptorError} for a type that does not exist
 */
export function convertFile(file: ParsedProto, symbols: SymbolTable): FileDescriptorProto {
  const edition = EDITIONS[file.syntax];
  if (edition === undefined && file.syntax !== "proto2" && file.syntax !== "proto3") {
    throw new DescriptorError(`${file.name}: unknown syntax "${file.syntax}"`);
  }
  const converter = new Converter(file, symbols);
  const { messages, enums } = converter.types(file.package, file.scope);
  const features = featuresOf(file.options);
  return create(FileDescriptorProtoSchema, {
    name: file.name,
    package: file.package,
    dependency: [...file.imports],
    messageType: messages,
    enumType: enums,
    service: file.scope.nestedArray
      .filter((object) => object instanceof protobuf.Service)
      .map((service) => converter.service(service)),
    extension: converter.fields.extensions(file.package, file.scope),
    syntax: edition === undefined ? (file.syntax === "proto2" ? "" : file.syntax) : "editions",
    ...(edition === undefined ? {} : { edition }),
    ...(features === undefined ? {} : { options: { features } }),
  });
}

class Converter {
  readonly #file: ParsedProto;
  readonly #symbols: SymbolTable;
  readonly fields: FieldConverter;

  constructor(file: ParsedProto, symbols: SymbolTable) {
    this.#file = file;
    this.#symbols = symbols;
    this.fields = new FieldConverter(file, symbols);
  }

  types(scope: string, parent: protobuf.NamespaceBase): { messages: MessageInit[]; enums: EnumInit[] } {
    const messages: MessageInit[] = [];
    const enums: EnumInit[] = [];
    for (const object of parent.nestedArray) {
      if (object instanceof protobuf.Type) messages.push(this.#message(join(scope, object.name), object));
      else if (object instanceof protobuf.Enum) enums.push(enumOf(object));
    }
    return { messages, enums };
  }

  service(service: protobuf.Service): ServiceInit {
    return {
      name: service.name,
      method: Object.values(service.methods).map((method) => ({
        name: method.name,
        inputType: this.#type(service, method, method.requestType),
        outputType: this.#type(service, method, method.responseType),
        clientStreaming: method.requestStream === true,
        serverStreaming: method.responseStream === true,
        ...this.#methodOptions(service, method),
      })),
    };
  }

  #message(full: string, type: protobuf.Type): MessageInit {
    const { messages, enums } = this.types(full, type);
    // protobufjs also lists extensions of the type among its fields, under dotted names.
    const fields = Object.values(type.fields).filter(({ name }) => !name.startsWith("."));
    // Descriptors list the oneofs that `optional` stands for after the written ones.
    const oneofs = Object.values(type.oneofs ?? {}).sort((a, b) => Number(isSynthetic(a)) - Number(isSynthetic(b)));
    const entries = fields.filter((field) => field instanceof protobuf.MapField);
    return {
      name: type.name,
      field: fields.map((field) =>
        this.fields.field(full, field, field.partOf === null ? -1 : oneofs.indexOf(field.partOf)),
      ),
      nestedType: [...messages, ...entries.map((field) => this.fields.entry(full, field))],
      enumType: enums,
      extension: this.fields.extensions(full, type),
      extensionRange: (type.extensions ?? []).filter(isRange).map(([start, end]) => ({ start, end: end + 1 })),
      oneofDecl: oneofs.map(({ name }) => ({ name })),
    };
  }

  #type(service: protobuf.Service, method: protobuf.Method, name: string): string {
    const found = this.#symbols.resolve(join(this.#file.package, service.name), name);
    if (found !== undefined && found.kind !== "enum") return `.${found.name}`;
    throw new DescriptorError(`${this.#file.name}: no message "${name}", named by ${service.name}.${method.name}`);
  }

  #methodOptions(service: protobuf.Service, method: protobuf.Method) {
    const all = optionsOf(method);
    const options = create(MethodOptionsSchema);
    const level = MethodOptions_IdempotencyLevel[all.idempotency_level as "IDEMPOTENT"];
    if (level !== undefined) options.idempotencyLevel = level;
    const http = all["(google.api.http)"] ?? all["(.google.api.http)"];
    if (http !== undefined) {
      const rule = httpRuleFromJson(http, `${this.#file.name}: ${service.name}.${method.name}`);
      options.$unknown = [{ no: HTTP_EXTENSION, wireType: 2, data: writeHttpRule(rule) }];
    }
    return level === undefined && http === undefined ? {} : { options };
  }
}

function enumOf(type: protobuf.Enum): EnumInit {
  const features = featuresOf(optionsOf(type));
  const alias = type.options?.allow_alias === true;
  const options = create(EnumOptionsSchema);
  if (alias) options.allowAlias = true;
  if (features !== undefined) options.features = features;
  return {
    name: type.name,
    value: Object.entries(type.values).map(([name, number]) => ({ name, number })),
    ...(alias || features !== undefined ? { options } : {}),
  };
}

function isSynthetic(oneof: protobuf.OneOf): boolean {
  return oneof.fieldsArray.some((field) => field.options?.proto3_optional === true);
}

function isRange(range: number[] | string): range is [number, number] {
  return Array.isArray(range);
}
