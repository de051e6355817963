// The few messages of gRPC server reflection that are needed; v1 and v1alpha have the same ones (grpc/reflection/v1/reflection.proto).
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A request to the reflection service. */
export type ReflectionQuestion =
  | { readonly kind: "services" }
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "file"; readonly name: string };

/** The answer of the server. */
export interface ReflectionAnswer {
  /** Serialized file descriptors. */
  readonly files: readonly Uint8Array[];
  /** Full service names. */
  readonly services: readonly string[];
  /** Why it refused the request; "" when it did not. */
  readonly error: string;
}

const NUMBERS = { services: 7, symbol: 4, file: 3 } as const;

/** Serializes a ServerReflectionRequest. */
export function writeQuestion(question: ReflectionQuestion): Buffer {
  const text = question.kind === "services" ? "*" : question.name;
  const out = new BinaryWriter().tag(NUMBERS[question.kind], WireType.LengthDelimited).string(text);
  return Buffer.from(out.finish());
}

/** Reads a ServerReflectionResponse. @throws {Error} when it is not one */
export function readAnswer(bytes: Uint8Array): ReflectionAnswer {
  const answer = { files: [] as Uint8Array[], services: [] as string[], error: "" };
  eachField(bytes, (number, reader) => {
    if (number === 4) eachBytes(reader.bytes(), 1, (file) => answer.files.push(file.slice()));
    else if (number === 6) eachBytes(reader.bytes(), 1, (service) => answer.services.push(textOf(service, 1)));
    else if (number === 7) answer.error = textOf(reader.bytes(), 2) || "refused";
    else return false;
    return true;
  });
  return answer;
}

/** @param take reads the field and returns true, or leaves it */
function eachField(bytes: Uint8Array, take: (number: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited || !take(number, reader)) reader.skip(wireType, number);
  }
}

function eachBytes(bytes: Uint8Array, wanted: number, to: (value: Uint8Array) => void): void {
  eachField(bytes, (number, reader) => {
    if (number === wanted) to(reader.bytes());
    return number === wanted;
  });
}

function textOf(bytes: Uint8Array, wanted: number): string {
  let text = "";
  eachBytes(bytes, wanted, (value) => {
    text = Buffer.from(value).toString("utf8");
  });
  return text;
}
