// Reflection of the demo's gRPC server, with the HTTP rules of its methods, which `@grpc/reflection` leaves out.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema, MethodOptionsSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import type { MessageTypeDefinition, PackageDefinition, ServiceDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";

/** Field of a method's options that carries its HTTP rule. */
const HTTP_FIELD = 72295728;

/** The private part of a ReflectionService that holds the encoded files; there is no other way to them. */
interface Encodings {
  readonly fileEncodings: Map<object, Uint8Array>;
}

/** Serves the definition by `grpc.reflection.v1` and `v1alpha`. */
export function addReflection(server: Server, definition: PackageDefinition): void {
  const reflection = new ReflectionService(definition);
  const { v1, v1Alpha } = reflection as unknown as { readonly v1: Encodings; readonly v1Alpha: Encodings };
  for (const { fileEncodings } of [v1, v1Alpha]) {
    for (const [file, bytes] of fileEncodings) fileEncodings.set(file, withHttpRules(bytes, definition));
  }
  reflection.addToServer(server);
}

/** An encoded file with the HTTP rules of its services put back in. */
function withHttpRules(bytes: Uint8Array, definition: PackageDefinition): Uint8Array {
  const file = fromBinary(FileDescriptorProtoSchema, bytes);
  for (const service of file.service) {
    const methods = definition[`${file.package}.${service.name}`] as ServiceDefinition;
    for (const method of service.method) {
      const rule = httpRule(methods[method.name], definition);
      if (rule === null) continue;
      method.options ??= create(MethodOptionsSchema);
      const data = new BinaryWriter().bytes(rule).finish();
      method.options.$unknown = [{ no: HTTP_FIELD, wireType: WireType.LengthDelimited, data }];
    }
  }
  return toBinary(FileDescriptorProtoSchema, file);
}

/** The encoded rule of a method, or null. */
function httpRule(method: ServiceDefinition[string] | undefined, definition: PackageDefinition): Uint8Array | null {
  const options = method?.options as Readonly<Record<string, unknown>> | undefined;
  const rule = options?.["(google.api.http)"] as Readonly<Record<string, unknown>> | undefined;
  if (rule === undefined) return null;
  // A binding that stands alone was read as no list.
  const bindings = [rule.additional_bindings ?? []].flat();
  const type = definition["google.api.HttpRule"] as MessageTypeDefinition<object, object>;
  return type.serialize({ ...rule, additional_bindings: bindings });
}
