// An error of a service as JSON: google.rpc.Status with its details spelled out where their types are known.
import { fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type Any, AnySchema } from "@bufbuild/protobuf/wkt";
import { getField } from "../../../wire/fields.ts";
import type { DescriptorPool } from "../descriptors/pool.ts";
import { decodeMessage, parseCode } from "./grpc-status.ts";

/** `google.rpc.Status` in JSON. */
export interface StatusJson {
  readonly code: number;
  readonly message: string;
  readonly details: readonly JsonValue[];
}

/** The status among trailers or the fields of a trailers-only response; undefined when there is none. */
export function statusOf(fields: readonly string[], pool: DescriptorPool): StatusJson | undefined {
  const code = getField(fields, "grpc-status");
  if (code === undefined) return undefined;
  const details = getField(fields, "grpc-status-details-bin");
  return {
    code: parseCode(code),
    message: decodeMessage(getField(fields, "grpc-message") ?? ""),
    details: details === undefined ? [] : detailsOf(Buffer.from(details, "base64"), pool),
  };
}

/** Details of a serialized `google.rpc.Status`; none when it cannot be read: the code and message still count. */
function detailsOf(bytes: Uint8Array, pool: DescriptorPool): JsonValue[] {
  try {
    const details: JsonValue[] = [];
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (number === 3) details.push(detailOf(fromBinary(AnySchema, reader.bytes()), pool));
      else reader.skip(wireType, number);
    }
    return details;
  } catch {
    return [];
  }
}

function detailOf(any: Any, pool: DescriptorPool): JsonValue {
  try {
    // Without a type the library writes `{}`, and the bytes would be lost.
    if (any.typeUrl !== "") return toJson(AnySchema, any, { registry: pool.registry });
  } catch {
    // The type is unknown: only its bytes can be shown.
  }
  return { "@type": any.typeUrl, value: Buffer.from(any.value).toString("base64") };
}
