// The built-in .proto files that any configuration can import.
import { readFileSync } from "node:fs";
import {
  type FileDescriptorProto,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_compiler_plugin,
  file_google_protobuf_cpp_features,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_go_features,
  file_google_protobuf_java_features,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import { packageFile } from "../../../package-file.ts";
import { type ParsedProto, parseProto } from "./parse.ts";

/** Built-in sources. */
const SOURCES = packageFile("protos/");
const NAME = /^google\/(api|longrunning|rpc|type)\/\w+\.proto$/;
/** Well-known files, ready made by the library. */
const WELL_KNOWN: ReadonlyMap<string, FileDescriptorProto> = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_api,
    file_google_protobuf_compiler_plugin,
    file_google_protobuf_cpp_features,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_go_features,
    file_google_protobuf_java_features,
    file_google_protobuf_source_context,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_type,
    file_google_protobuf_wrappers,
  ].map((file) => [file.proto.name, file.proto]),
);

/** What every pool knows, whether it is imported or not: what an Any may hold, and how a method is bound. */
export const COMMON_FILES: readonly string[] = [
  ...["any", "api", "descriptor", "duration", "empty", "field_mask", "source_context"].map(wellKnown),
  ...["struct", "timestamp", "type", "wrappers"].map(wellKnown),
  ...["http", "annotations", "httpbody"].map((name) => `google/api/${name}.proto`),
  ...["code", "status", "error_details"].map((name) => `google/rpc/${name}.proto`),
];

/** The built-in file of that name; undefined when there is none. */
export function builtInFile(name: string): ParsedProto | FileDescriptorProto | undefined {
  const known = WELL_KNOWN.get(name);
  if (known !== undefined || !NAME.test(name)) return known;
  let text: string;
  try {
    text = readFileSync(new URL(name, SOURCES), "utf8");
  } catch {
    return undefined;
  }
  return parseProto(name, text);
}

function wellKnown(name: string): string {
  return `google/protobuf/${name}.proto`;
}
