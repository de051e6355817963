// Writes the demo greeter's descriptors, so that examples can use them without a compiler: `make docs` runs it.
import { readFileSync, writeFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { compileProtos } from "../src/translators/grpc-json/proto/sources.ts";

const TARGET = "protos/demo/greeter.desc";

/** The set as it must be; what is built into the gateway is left out. */
export function greeterDescriptors(): Uint8Array {
  const read = (path: string) => (path === "protos/demo/greeter.proto" ? readFileSync(path) : undefined);
  const bytes = compileProtos({ files: ["protos/demo/greeter.proto"], importPaths: ["protos"], read });
  const { file } = fromBinary(FileDescriptorSetSchema, bytes);
  const own = file.filter(({ name }) => !name.startsWith("google/"));
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: own }));
}

if (process.argv[1]?.endsWith("descriptors.ts") === true) writeFileSync(TARGET, greeterDescriptors());
