// One text from a path or a query parameter as the JSON value of a field, read more strictly than JSON itself.
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import { isWrapper } from "./field-path.ts";

const INTEGER = /^-?(0|[1-9]\d{0,19})$/;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/;
const MAX_FLOAT = 3.4028234663852886e38;

type Range = readonly [min: bigint, max: bigint];
const INT32: Range = [-(2n ** 31n), 2n ** 31n - 1n];
const UINT32: Range = [0n, 2n ** 32n - 1n];
const INT64: Range = [-(2n ** 63n), 2n ** 63n - 1n];
const UINT64: Range = [0n, 2n ** 64n - 1n];
const RANGES: ReadonlyMap<ScalarType, Range> = new Map([
  [ScalarType.INT32, INT32],
  [ScalarType.SINT32, INT32],
  [ScalarType.SFIXED32, INT32],
  [ScalarType.UINT32, UINT32],
  [ScalarType.FIXED32, UINT32],
  [ScalarType.INT64, INT64],
  [ScalarType.SINT64, INT64],
  [ScalarType.SFIXED64, INT64],
  [ScalarType.UINT64, UINT64],
  [ScalarType.FIXED64, UINT64],
]);

/**
 * The value of `field`, or of one element of it, that `text` stands for.
 * @returns undefined when it stands for none
 */
export function valueOfText(field: DescField, text: string): JsonValue | undefined {
  if (field.message !== undefined) return messageValue(field.message, text);
  if (field.enum !== undefined) return enumValue(field.enum, text);
  return scalarValue(field.scalar ?? ScalarType.STRING, text);
}

/** What is expected of the field, in words. */
export function expectation(field: DescField): string {
  if (field.message !== undefined) return `a ${field.message.typeName}`;
  if (field.enum !== undefined) return `a value of ${field.enum.typeName}`;
  return `a value of type ${ScalarType[field.scalar ?? ScalarType.STRING].toLowerCase()}`;
}

function messageValue(message: DescMessage, text: string): JsonValue | undefined {
  const inner = isWrapper(message) ? message.fields[0] : undefined;
  if (inner !== undefined) return valueOfText(inner, text);
  try {
    fromJson(message, text);
    return text;
  } catch {
    return undefined;
  }
}

/** By name, or by number: proto3 enums are open, so any 32-bit number is one; closed enums know theirs only. */
function enumValue(type: DescEnum, text: string): JsonValue | undefined {
  const named = type.values.find(({ name }) => name === text);
  // The number, not the name: an unknown name may be skipped later on, a number is not.
  if (named !== undefined) return named.number;
  if (scalarValue(ScalarType.INT32, text) === undefined) return undefined;
  const number = Number(text);
  return type.open || type.values.some((value) => value.number === number) ? number : undefined;
}

function scalarValue(type: ScalarType, text: string): JsonValue | undefined {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BOOL:
      return text === "true" ? true : text === "false" ? false : undefined;
    case ScalarType.BYTES:
      return BASE64.test(text) && text.replace(/=+$/, "").length % 4 !== 1 ? text : undefined;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return floatValue(type, text);
    default: {
      const [min, max] = RANGES.get(type)!;
      if (!INTEGER.test(text)) return undefined;
      const value = BigInt(text);
      if (value < min || value > max) return undefined;
      // Through text: 64-bit numbers are more than a JSON number holds.
      return text === "-0" ? "0" : text;
    }
  }
}

function floatValue(type: ScalarType, text: string): JsonValue | undefined {
  if (text === "NaN" || text === "Infinity" || text === "-Infinity") return text;
  if (!NUMBER.test(text)) return undefined;
  const value = Number(text);
  const max = type === ScalarType.FLOAT ? MAX_FLOAT : Number.MAX_VALUE;
  return Math.abs(value) <= max ? value : undefined;
}
