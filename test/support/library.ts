// The descriptors of test/support/protos, and one rule to begin from.
import { existsSync, readFileSync } from "node:fs";
import { createPool, type DescriptorPool } from "../../src/translators/grpc-json/descriptors/pool.ts";
import { compileProtos } from "../../src/translators/grpc-json/proto/sources.ts";
import type { JsonRule } from "../../src/translators/grpc-json/rule.ts";

export const PROTOS = "test/support/protos";

/** Reads from the disk as the configuration would. */
export function readProto(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}

/** The serialized descriptor set of the test service. */
export function librarySet(): Uint8Array {
  return compileProtos({ files: ["library.proto"], importPaths: [PROTOS], read: readProto });
}

/** A pool of the test service. */
export function libraryPool(): DescriptorPool {
  return createPool([{ name: "library", bytes: librarySet() }]);
}

/** A rule that leaves everything to the service. */
export const OPEN_RULE: JsonRule = {
  prefix: "",
  mappings: [],
  pathMappings: [],
  service: "",
  method: "",
  print: {
    addWhitespace: false,
    alwaysPrintPrimitiveFields: false,
    alwaysPrintEnumsAsInts: false,
    preserveProtoFieldNames: false,
  },
  maxMessageBytes: 64 * 1024,
  ignoreUnknownFields: true,
};
