// Random messages survive the way JSON → protobuf → JSON through a whole exchange.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { JsonTranslator } from "../../../../src/translators/grpc-json/translator.ts";
import { Random } from "../../../support/hostile.ts";
import { libraryPool, OPEN_RULE } from "../../../support/library.ts";
import { FakeCall } from "../../../support/transcoding.ts";

const pool = libraryPool();
const translator = new JsonTranslator(OPEN_RULE, () => pool);
const random = new Random(20240607);

function below(limit: number): number {
  return random.int(limit);
}
function text(): string {
  return Array.from({ length: 1 + below(8) }, () => String.fromCodePoint(0x20 + below(0x2000))).join("");
}
function list(make: () => JsonValue): JsonValue[] {
  return Array.from({ length: 1 + below(3) }, make);
}
function map(make: () => JsonValue): JsonObject {
  return Object.fromEntries(Array.from({ length: 1 + below(3) }, () => [text(), make()]));
}
function int(bits: bigint, signed: boolean): string {
  const value = BigInt.asUintN(Number(bits), (BigInt(below(2 ** 32)) << 32n) | BigInt(below(2 ** 32)));
  return String((signed ? BigInt.asIntN(Number(bits), value) : value) || 1n);
}
const number = (signed: boolean) => (): JsonValue => Number(int(32n, signed));
const long = (signed: boolean) => (): JsonValue => int(64n, signed);
const level = (): JsonValue => ["LEVEL_LOW", "LEVEL_HIGH", 77][below(3)]!;
const time = (): JsonValue =>
  `2${100 + below(800)}-0${1 + below(9)}-1${below(9)}T0${below(9)}:3${below(9)}:4${below(9)}Z`;
const bytes = (): JsonValue => Buffer.from(text()).toString("base64");
const free = (): JsonValue => [text(), below(1000) / 8, true, null, [1, text()], map(() => text())][below(6)]!;
const inner = (depth = 0): JsonValue => ({
  name: text(),
  kind: ["KIND_ONE", "KIND_MINUS"][below(2)]!,
  counts: list(number(true)),
  ...(depth < 3 && below(2) === 0 ? { child: inner(depth + 1) } : {}),
});

const FIELDS: Record<string, () => JsonValue> = {
  aDouble: () => below(2 ** 31) / 1024 + 1,
  aFloat: () => 1 + below(1000) / 4,
  aInt32: number(true),
  aInt64: long(true),
  aUint32: number(false),
  aUint64: long(false),
  aSint32: number(true),
  aSint64: long(true),
  aFixed32: number(false),
  aFixed64: long(false),
  aSfixed32: number(true),
  aSfixed64: long(true),
  aBool: () => true,
  aString: text,
  aBytes: bytes,
  level: () => ["LEVEL_LOW", "LEVEL_HIGH", 77][below(3)]!,
  inner: () => inner(),
  strings: () => list(text),
  packed: () => list(number(true)),
  unpacked: () => list(number(true)),
  inners: () => list(() => inner()),
  levels: () => list(level),
  counts: () => map(number(true)),
  byFlag: () => ({ true: text(), false: text() }),
  byLevel: () => map(level),
  byId: () => ({ [int(64n, true)]: inner() }),
  maybe: () => below(2),
  maybeText: () => ["", text()][below(2)]!,
  otherName: text,
  time,
  wait: () => `${below(1000)}.${100 + below(900)}s`,
  mask: () => "aB,c.dE",
  object: () => map(free),
  value: () => [text(), below(1000), [1], map(free)][below(4)]!,
  list: () => list(free),
  any: () => ({ "@type": "type.googleapis.com/test.library.v1.Everything.Inner", ...(inner() as JsonObject) }),
  wString: () => ["", text()][below(2)]!,
  wInt64: long(true),
  wBool: () => below(2) === 0,
  wBytes: bytes,
  wDouble: () => below(100) / 4,
  point: () => ({ x: 1 + below(9), y: 1 + below(9) }),
  times: () => list(time),
};
const CHOICES: Record<string, () => JsonValue> = {
  textChoice: text,
  numberChoice: () => below(3),
  innerChoice: () => inner(),
};

test("a thousand messages come back as they went", () => {
  const names = Object.keys(FIELDS);
  for (let round = 0; round < 1000; round++) {
    const message: JsonObject = {};
    for (const name of names) if (below(3) === 0) message[name] = FIELDS[name]!();
    if (below(2) === 0) {
      const name = Object.keys(CHOICES)[below(3)]!;
      message[name] = CHOICES[name]!();
    }
    const call = new FakeCall(translator, pool, { method: "POST", target: "/v1/echo", body: JSON.stringify(message) });
    assert.equal(call.receiver.failure, null, JSON.stringify(message));
    assert.deepEqual(call.answer({ messages: call.received }).json, message);
  }
});
