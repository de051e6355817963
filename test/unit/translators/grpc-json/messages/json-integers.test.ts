// Numbers of 64-bit integer fields stay exact, and all other numbers what JSON says they are.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonValue } from "@bufbuild/protobuf";
import { createPool } from "../../../../../src/translators/grpc-json/descriptors/pool.ts";
import { exactIntegers } from "../../../../../src/translators/grpc-json/messages/json-integers.ts";
import { compileProtos } from "../../../../../src/translators/grpc-json/proto/sources.ts";
import { JsonTranslator } from "../../../../../src/translators/grpc-json/translator.ts";
import { OPEN_RULE } from "../../../../support/library.ts";
import { FakeCall } from "../../../../support/transcoding.ts";

const PROTO = `syntax = "proto3"; package p;
  import "google/api/annotations.proto"; import "google/protobuf/any.proto"; import "google/protobuf/struct.proto";
  import "google/protobuf/wrappers.proto"; import "google/protobuf/descriptor.proto";
  message M {
    int64 i = 1; uint64 u = 2; sint64 s = 3; fixed64 f = 4; sfixed64 g = 5; int32 small = 6; double d = 7; string text = 8;
    repeated int64 list = 9; map<string, int64> map = 10; M inner = 11; repeated M inners = 12; map<string, M> named = 13;
    google.protobuf.Int64Value boxed = 14; google.protobuf.UInt64Value unsigned = 15;
    google.protobuf.Any any = 16; google.protobuf.Struct object = 17; google.protobuf.Value value = 18;
    google.protobuf.ListValue values = 19; int64 long_name = 20 [json_name = "other"];
  }
  service S { rpc Go(M) returns (M) {
    option (google.api.http) = { post: "/all" body: "*" additional_bindings { post: "/list" body: "list" } }; } }`;
const bytes = compileProtos({
  files: ["a.proto"],
  importPaths: ["."],
  read: (path) => (path === "a.proto" ? Buffer.from(PROTO) : undefined),
});
const pool = createPool([{ name: "test", bytes }]);
const type = pool.registry.getMessage("p.M")!;
const translator = new JsonTranslator(OPEN_RULE, () => pool);

function received(body: string, target = "/all"): JsonValue {
  const call = new FakeCall(translator, pool, { method: "POST", target, body });
  assert.equal(call.receiver.failure, null, call.receiver.failure?.message);
  return call.received[0]!;
}

const N = "9007199254740993"; // 2^53 + 1
const ROUNDED = 9007199254740992;
const ANY = '"@type":"type.googleapis.com/p.M"';
const any = { "@type": "type.googleapis.com/p.M" };
const STRUCT = '"@type":"type.googleapis.com/google.protobuf.Struct"';

describe("a 64-bit number arrives exactly", () => {
  const cases: [body: string, message: JsonValue][] = [
    [`{"i":${N}}`, { i: N }],
    ['{"i":-9223372036854775808,"u":18446744073709551615}', { i: "-9223372036854775808", u: "18446744073709551615" }],
    [`{"s":-${N},"f":${N},"g":-${N}}`, { s: `-${N}`, f: N, g: `-${N}` }],
    [`{"list":[1,${N} ,${N}]}`, { list: ["1", N, N] }],
    [`{"map":{"a":${N},"i":1}}`, { map: { a: N, i: "1" } }],
    [
      `{"inner":{"inners":[{"i":${N}},{"named":{"i":{"u":${N}}}}]}}`,
      { inner: { inners: [{ i: N }, { named: { i: { u: N } } }] } },
    ],
    [`{"boxed":${N},"unsigned":${N}}`, { boxed: N, unsigned: N }],
    [`{"other":${N}}`, { long_name: N }],
    [`{"long_name":${N}}`, { long_name: N }],
    [`{"\\u0069":${N}}`, { i: N }],
    [`{"text":"a\\"b","i":${N}}`, { text: 'a"b', i: N }],
    [`{"i":${N}.0,"u":900719925474099.3e1,"s":9007199254740993000e-3}`, { i: N, u: N, s: N }],
    [
      '{"i":1234567890123456789e0,"u":1844674407370955161.5e1}',
      { i: "1234567890123456789", u: "18446744073709551615" },
    ],
    ['{"i":1e3,"u":0e5,"s":-1.50e1}', { i: "1000", s: "-15" }],
    [`{"any":{${ANY},"i":${N}}}`, { any: { ...any, i: N } }],
    [`{"any":{"i":${N},"inner":{"u":${N}},${ANY}}}`, { any: { ...any, i: N, inner: { u: N } } }],
    [`{"any":{"any":{"u":${N},${ANY}},${ANY}}}`, { any: { ...any, any: { ...any, u: N } } }],
    [
      `{"any":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":${N}}}`,
      { any: { "@type": "type.googleapis.com/google.protobuf.Int64Value", value: N } },
    ],
    [
      `{"any":{"value":{"i":${N},${ANY}},"@type":"type.googleapis.com/google.protobuf.Any"}}`,
      { any: { "@type": "type.googleapis.com/google.protobuf.Any", value: { ...any, i: N } } },
    ],
    [`{"object":{"i":1},"i":${N},"unknown":{"i":[${N}]}}`, { object: { i: 1 }, i: N }],
  ];
  for (const [body, message] of cases) test(body.slice(0, 100), () => assert.deepEqual(received(body), message));
  test("in a body that is one field", () => assert.deepEqual(received(`[${N}]`, "/list"), { list: [N] }));
});

describe("a number that is no 64-bit field's is what JSON says", () => {
  const cases: [body: string, message: JsonValue][] = [
    [`{"object":{"i":${N},"a":[{"u":${N}}]}}`, { object: { i: ROUNDED, a: [{ u: ROUNDED }] } }],
    [`{"value":${N},"values":[${N},{"i":${N}}]}`, { value: ROUNDED, values: [ROUNDED, { i: ROUNDED }] }],
    [`{"d":${N},"small":1e2}`, { d: ROUNDED, small: 100 }],
    [`{"text":"${N}","object":{"i":"${N}"}}`, { text: N, object: { i: N } }],
    [
      `{"any":{${STRUCT},"value":{"i":${N}}}}`,
      { any: { "@type": "type.googleapis.com/google.protobuf.Struct", value: { i: ROUNDED } } },
    ],
  ];
  for (const [body, message] of cases) test(body, () => assert.deepEqual(received(body), message));
});

describe("a number that is no integer of 64 bits is refused", () => {
  for (const number of ["1.5", `${N}.5`, "9223372036854775808", "1e19", "1e400", "9".repeat(1000), "true"]) {
    test(number.slice(0, 30), () => {
      const call = new FakeCall(translator, pool, { method: "POST", target: "/all", body: `{"i":${number}}` });
      assert.equal(call.receiver.failure?.code, "transcoding_failed");
    });
  }
});

describe("what is no JSON becomes none", () => {
  const L = "1234567890123456";
  for (const text of [
    `{"i":0${L}}`,
    `{"i":${L}`,
    `{"i":[${L}`,
    `{"i"${L}}`,
    `{"text":"${L}`,
    `{"i":+${L}}`,
    `{i:${L}}`,
    `{"i":"\\`,
    `{"any":{"@type":"x`,
    `]${L}`,
    `{"list":[}${L}`,
    ` ${L}:${L}`,
    "",
  ]) {
    test(text || "nothing", () =>
      assert.throws(() => JSON.parse(exactIntegers(text, type, pool.registry)), SyntaxError),
    );
  }
});
