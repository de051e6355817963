// Requests as messages: what path, query and body say, and what is refused.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonValue } from "@bufbuild/protobuf";
import { JsonTranslator } from "../../../../src/translators/grpc-json/translator.ts";
import { libraryPool, OPEN_RULE } from "../../../support/library.ts";
import { clientRequest, FakeCall, type FakeRequest, refusal } from "../../../support/transcoding.ts";

const pool = libraryPool();
const translator = new JsonTranslator(OPEN_RULE, () => pool);
const JSON_TYPE = ["Content-Type", "application/json"];

function sent(request: FakeRequest): JsonValue[] {
  const call = new FakeCall(translator, pool, request);
  assert.equal(call.receiver.failure, null, JSON.stringify(call.receiver.failure));
  return call.received;
}

function echo(query: string): JsonValue {
  return sent({ target: `/v1/echo${query}` })[0]!;
}

function post(body: string | Buffer, target = "/v1/echo"): JsonValue {
  return sent({ method: "POST", target, body, fields: JSON_TYPE })[0]!;
}

function failure(body: string | Buffer, target = "/v1/echo", fields = JSON_TYPE) {
  const call = new FakeCall(translator, pool, { method: "POST", target, body, fields });
  assert.deepEqual(call.received, []);
  assert.equal(call.receiver.late, 0);
  return call.receiver.failure;
}

describe("a path variable", () => {
  const cases: [target: string, message: JsonValue][] = [
    ["/v1/shelves/1/books/2", { name: "shelves/1/books/2" }],
    ["/v1/shelves/a%2Fb/books/c%20d", { name: "shelves/a%2Fb/books/c d" }],
    ["/v1/shelves/%C3%A9/books/%5C", { name: "shelves/é/books/\\" }],
    ["/v1/shelves/1/books/2?page_size=3", { name: "shelves/1/books/2", page_size: 3 }],
    ["/v1/shelves/1/books/2?name=other", { name: "shelves/1/books/2" }],
    ["/v1/files/a/b/c", { name: "a/b/c" }],
    ["/v1/files", {}],
    ["/v1/watch/a%2Fb", { name: "a/b" }],
    ["/v1/echo/-7/kinds/x", { a_int32: -7, inner: { name: "kinds/x" } }],
  ];
  for (const [target, message] of cases) {
    test(`of ${target}`, () => assert.deepEqual(sent({ target })[0], message));
  }
  test("must be a value of its field", () => {
    assert.deepEqual(refusal(translator, { target: "/v1/echo/x/kinds/y" }), {
      code: "transcoding_failed",
      message: '"a_int32" in the path must be a value of type int32.',
      fields: [],
    });
  });
  test("must be UTF-8", () =>
    assert.equal(refusal(translator, { target: "/v1/watch/%FF" }).code, "transcoding_failed"));
  test("wins over the body", () => {
    const [message] = sent({
      method: "PATCH",
      target: "/v1/shelves/1/books/2?update_mask=title,pages",
      body: '{"name":"x","title":"t","pages":"5"}',
    });
    assert.deepEqual(message, {
      book: { name: "shelves/1/books/2", title: "t", pages: "5" },
      update_mask: "title,pages",
    });
  });
});

describe("a query parameter", () => {
  const cases: [query: string, message: JsonValue][] = [
    ["", {}],
    ["?", {}],
    ["?&&", {}],
    ["?a_string=x", { a_string: "x" }],
    ["?aString=a+b%2B", { a_string: "a b+" }],
    ["?a_string=", {}],
    ["?a_string", {}],
    ["?maybe_text=", { maybe_text: "" }],
    ["?a_bool=true", { a_bool: true }],
    ["?a_int32=-2147483648&a_uint32=4294967295", { a_int32: -2147483648, a_uint32: 4294967295 }],
    ["?a_int64=-9223372036854775808", { a_int64: "-9223372036854775808" }],
    ["?a_uint64=18446744073709551615", { a_uint64: "18446744073709551615" }],
    ["?a_sint32=-1&a_sint64=-2", { a_sint32: -1, a_sint64: "-2" }],
    [
      "?a_fixed32=1&a_fixed64=2&a_sfixed32=-3&a_sfixed64=-4",
      { a_fixed32: 1, a_fixed64: "2", a_sfixed32: -3, a_sfixed64: "-4" },
    ],
    ["?a_double=1.5e3&a_float=-0.5", { a_double: 1500, a_float: -0.5 }],
    ["?a_double=NaN&a_float=-Infinity", { a_double: "NaN", a_float: "-Infinity" }],
    ["?a_bytes=AP8%2B", { a_bytes: "AP8+" }],
    ["?a_bytes=_-8", { a_bytes: "/+8=" }],
    ["?level=LEVEL_HIGH", { level: "LEVEL_HIGH" }],
    ["?level=1", { level: "LEVEL_LOW" }],
    ["?level=77", { level: 77 }],
    [
      "?inner.name=n&inner.kind=KIND_MINUS&inner.child.child.name=deep",
      { inner: { name: "n", kind: "KIND_MINUS", child: { child: { name: "deep" } } } },
    ],
    ["?strings=a&strings=b&strings=", { strings: ["a", "b", ""] }],
    ["?packed=1&packed=2&unpacked=3", { packed: [1, 2], unpacked: [3] }],
    ["?inner.counts=1&inner.counts=2", { inner: { counts: [1, 2] } }],
    ["?levels=LEVEL_LOW&levels=2", { levels: ["LEVEL_LOW", "LEVEL_HIGH"] }],
    ["?otherName=x", { renamed: "x" }],
    ["?renamed=x", { renamed: "x" }],
    ["?text_choice=x", { text_choice: "x" }],
    ["?number_choice=0", { number_choice: 0 }],
    ["?maybe=0", { maybe: 0 }],
    ["?time=2024-01-02T03:04:05.5Z", { time: "2024-01-02T03:04:05.500Z" }],
    ["?time=2024-01-02T03:04:05%2B01:00", { time: "2024-01-02T02:04:05Z" }],
    [
      "?times=2024-01-02T03:04:05Z&times=2025-01-02T03:04:05Z",
      { times: ["2024-01-02T03:04:05Z", "2025-01-02T03:04:05Z"] },
    ],
    ["?wait=1.5s", { wait: "1.500s" }],
    ["?mask=a,b.cD", { mask: "a,b.cD" }],
    [
      "?w_string=x&w_int64=5&w_bool=false&w_bytes=AA==&w_double=2",
      { w_string: "x", w_int64: "5", w_bool: false, w_bytes: "AA==", w_double: 2 },
    ],
    ["?point.x=1&point.y=2", { point: { x: 1, y: 2 } }],
  ];
  for (const [query, message] of cases) {
    test(query === "" ? "none" : query, () => assert.deepEqual(echo(query), message));
  }

  const refused: [query: string, message: RegExp][] = [
    ["?nope=1", /no field for the query parameter "nope"/],
    ["?inner.nope=1", /"inner\.nope"/],
    ["?a_string.x=1", /"a_string\.x"/],
    ["?time.seconds=1", /"time\.seconds"/],
    ["?__proto__=1", /"__proto__"/],
    ["?__proto__.x=1", /"__proto__\.x"/],
    ["?constructor=1", /"constructor"/],
    ["?inner=x", /"inner" cannot be set/],
    ["?counts=1", /"counts" cannot be set/],
    ["?any=x", /"any" cannot be set/],
    ["?object=x", /"object" cannot be set/],
    ["?inners.name=x", /"inners\.name"/],
    ["?a_string=a&a_string=b", /"a_string" was given twice/],
    ["?a_string=a&aString=b", /"aString" was given twice/],
    ["?a_bool=1", /"a_bool" must be a value of type bool/],
    ["?a_bool=True", /a_bool/],
    ["?a_bool=", /a_bool/],
    ["?a_int32=", /type int32/],
    ["?a_int32=1.0", /a_int32/],
    ["?a_int32=1e3", /a_int32/],
    ["?a_int32=+1", /a_int32/],
    ["?a_int32=%201", /a_int32/],
    ["?a_int32=01", /a_int32/],
    ["?a_int32=0x1", /a_int32/],
    ["?a_int32=2147483648", /a_int32/],
    ["?a_uint32=-1", /a_uint32/],
    ["?a_uint64=18446744073709551616", /a_uint64/],
    ["?a_int64=99999999999999999999999999", /a_int64/],
    ["?a_double=1e999", /a_double/],
    ["?a_float=1e39", /a_float/],
    ["?a_double=.5", /a_double/],
    ["?a_double=inf", /a_double/],
    ["?a_bytes=a", /a_bytes/],
    ["?a_bytes=%2B_AA", /a_bytes/],
    ["?a_bytes=!!!!", /a_bytes/],
    ["?level=NOPE", /"level" must be a value of test\.common\.Level/],
    ["?level=99999999999", /level/],
    ["?time=yesterday", /"time" must be a google\.protobuf\.Timestamp/],
    ["?wait=5", /wait/],
    ["?w_int64=x", /w_int64/],
    ["?text_choice=a&number_choice=1", /choice/],
    ["?a_string=%FF", /UTF-8/],
    ["?a_string=%", /UTF-8/],
    [`?${"inner.child.".repeat(40)}name=x`, /no field/],
  ];
  for (const [query, message] of refused) {
    test(`refused: ${query.slice(0, 60)}`, () => {
      let said: string | undefined;
      const translation = translator.begin(clientRequest({ target: `/v1/echo${query}` }));
      if ("target" in translation) {
        // What only shows when the message is put together.
        const call = new FakeCall(translator, pool, { target: `/v1/echo${query}` });
        said = call.receiver.failure?.message;
        assert.deepEqual(call.received, []);
      } else {
        assert.equal(translation.code, "transcoding_failed");
        said = translation.message;
      }
      assert.match(said!, message);
    });
  }
  test("is refused where the body is the message", () => {
    const found = refusal(translator, { method: "POST", target: "/v1/echo?a_string=x", body: "{}" });
    assert.match(found.message!, /"a_string" is not allowed/);
  });
  test("is refused for the field that is the body", () => {
    const found = refusal(translator, { method: "POST", target: "/v1/echo/inner?inner.name=x", body: "{}" });
    assert.match(found.message!, /"inner\.name" belongs into the body/);
  });
});

describe("a JSON body", () => {
  const cases: [body: string, message: JsonValue][] = [
    ["{}", {}],
    ["", {}],
    ["  \n", {}],
    ["\ufeff{}", {}],
    ['{"a_string":"x"}', { a_string: "x" }],
    ['{"aString":"x","unknown":{"deep":[1]}}', { a_string: "x" }],
    ['{"aInt64":"5","aUint64":6}', { a_int64: "5", a_uint64: "6" }],
    ['{"level":2,"levels":["LEVEL_LOW",2]}', { level: "LEVEL_HIGH", levels: ["LEVEL_LOW", "LEVEL_HIGH"] }],
    ['{"aBytes":"_-8"}', { a_bytes: "/+8=" }],
    ['{"aBytes":"/+8"}', { a_bytes: "/+8=" }],
    ['{"counts":{"__proto__":1,"b":2}}', JSON.parse('{"counts":{"__proto__":1,"b":2}}')],
    ['{"__proto__":{"a_string":"x"},"constructor":1}', {}],
    [
      '{"byId":{"-5":{"name":"x"}},"byFlag":{"true":"y"},"byLevel":{"k":"LEVEL_LOW"}}',
      { by_id: { "-5": { name: "x" } }, by_flag: { true: "y" }, by_level: { k: "LEVEL_LOW" } },
    ],
    [
      '{"time":"2024-01-02T03:04:05Z","wait":"3s","mask":"aB,c"}',
      { time: "2024-01-02T03:04:05Z", wait: "3s", mask: "aB,c" },
    ],
    [
      '{"object":{"a":[1,null,{"b":true}]},"value":[1],"list":[2,"x"]}',
      { object: { a: [1, null, { b: true }] }, value: [1], list: [2, "x"] },
    ],
    [
      '{"any":{"@type":"type.googleapis.com/test.common.Point","x":1}}',
      { any: { "@type": "type.googleapis.com/test.common.Point", x: 1 } },
    ],
    [
      '{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"3s"}}',
      { any: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "3s" } },
    ],
    ['{"wString":"","wInt64":"0","wBool":null}', { w_string: "", w_int64: "0" }],
    ['{"maybe":0,"textChoice":""}', { maybe: 0, text_choice: "" }],
    ['{"aString":null,"strings":null}', {}],
    ['{"aInt32":1e2,"aDouble":"NaN"}', { a_int32: 100, a_double: "NaN" }],
  ];
  for (const [body, message] of cases) {
    test(body === "" ? "that is empty" : body.slice(0, 70), () => assert.deepEqual(post(body), message));
  }
  test("fills one field", () => {
    assert.deepEqual(post('{"name":"x"}', "/v1/echo/inner?a_int32=4"), { inner: { name: "x" }, a_int32: 4 });
    assert.deepEqual(post('["a","b"]', "/v1/echo/strings"), { strings: ["a", "b"] });
  });
  test("cannot reach beyond its field", () => {
    assert.match(failure('{"name":"x"},"aString":"y"', "/v1/echo/inner")!.message!, /JSON/);
    assert.match(failure('{}}{"a":{', "/v1/echo/inner")!.message!, /JSON/);
  });
  test("comes in any pieces", () => {
    const bytes = Buffer.from('{"aString":"é€😀"}');
    for (let cut = 0; cut <= bytes.length; cut++) {
      const body = [bytes.subarray(0, cut), bytes.subarray(cut)];
      assert.deepEqual(sent({ method: "POST", target: "/v1/echo", body, known: false }), [{ a_string: "é€😀" }]);
    }
  });
  test("is not waited for where the method takes none", () => {
    const call = new FakeCall(translator, pool, { method: "GET", target: "/v1/echo?a_int32=1", body: "{}" });
    assert.deepEqual(call.received, [{ a_int32: 1 }]);
  });
  test("is asked for when the client waits", () => {
    const call = new FakeCall(translator, pool, { method: "POST", target: "/v1/echo", body: "{}", expects: true });
    assert.deepEqual(call.receiver.interims, [100]);
    const none = new FakeCall(translator, pool, { method: "GET", target: "/v1/echo", expects: true });
    assert.deepEqual(none.receiver.interims, []);
  });

  const refused: [name: string, body: string | Buffer, message: RegExp][] = [
    ["no JSON", "hello", /JSON/],
    ["cut short", '{"aString":"x', /JSON/],
    ["two values", "{}{}", /JSON/],
    ["an array", "[]", /Everything/],
    ["a number", "5", /Everything/],
    ["a wrong type", '{"aInt32":"x"}', /a_int32/],
    ["a fraction for an integer", '{"aInt32":1.5}', /a_int32/],
    ["a number too large", '{"aInt32":4294967296}', /a_int32/],
    ["a huge number", '{"aDouble":1e999}', /a_double/],
    ["a huge integer", `{"aInt64":${"9".repeat(1000)}}`, /a_int64/],
    ["an unknown enum name of the wrong type", '{"level":true}', /Level/],
    ["a key twice", '{"aString":"x","aString":"y"}', /duplicate/],
    ["a field under both names", '{"aString":"x","a_string":"y"}', /a_string|duplicate/i],
    ["two of a oneof", '{"textChoice":"x","numberChoice":1}', /choice/],
    ["an Any of unknown type", '{"any":{"@type":"type.googleapis.com/no.Such"}}', /no\.Such/],
    ["an Any without type", '{"any":{"x":1}}', /@type/],
    ["a bad timestamp", '{"time":"now"}', /Timestamp/],
    ["null in a list", '{"strings":[null]}', /strings/],
    ["bytes that are not UTF-8", Buffer.from([0x22, 0xff, 0x22]), /UTF-8/],
    ["ten thousand arrays", "[".repeat(10_000), /nested/],
    ["ten thousand objects", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`, /nested/],
    ["deep unknown fields", `{"x":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, /nested/],
    ["deep messages", `${'{"child":'.repeat(101)}{}${"}".repeat(101)}`, /nested/],
  ];
  for (const [name, body, message] of refused) {
    test(`refused: ${name}`, () => {
      const found = failure(body)!;
      assert.equal(found.code, "transcoding_failed");
      assert.match(found.message!, message);
      assert.ok(found.message!.length < 400);
    });
  }
  test("refused: unknown fields, where the rule says so", () => {
    const strict = new JsonTranslator({ ...OPEN_RULE, ignoreUnknownFields: false }, () => pool);
    const call = new FakeCall(strict, pool, { method: "POST", target: "/v1/echo", body: '{"nope":1}' });
    assert.match(call.receiver.failure!.message!, /nope/);
  });
  test("is JSON by its type, or says nothing of it", () => {
    for (const type of [
      "application/json; charset=utf-8",
      "application/problem+json",
      "text/json",
      "APPLICATION/JSON",
    ]) {
      const found = translator.begin(
        clientRequest({ method: "POST", target: "/v1/echo", body: "{}", fields: ["content-type", type] }),
      );
      assert.ok("target" in found, type);
    }
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/jsonp",
      "multipart/form-data",
    ]) {
      const fields = ["content-type", type];
      const found = refusal(translator, { method: "POST", target: "/v1/echo", body: "{}", fields });
      assert.deepEqual([found.code, found.fields], ["unsupported_media_type", ["Accept", "application/json"]]);
      assert.match(found.message!, /must be JSON/);
    }
  });
  test("is not compressed", () => {
    const fields = [...JSON_TYPE, "content-encoding", "gzip"];
    const found = refusal(translator, { method: "POST", target: "/v1/echo", body: "{}", fields });
    assert.deepEqual([found.code, found.fields], ["unsupported_media_type", ["Accept-Encoding", "identity"]]);
    assert.match(found.message!, /compressed/);
  });
  test("is bounded, announced or not", () => {
    const body = `{"aString":"${"x".repeat(OPEN_RULE.maxMessageBytes)}"}`;
    assert.equal(refusal(translator, { method: "POST", target: "/v1/echo", body }).code, "body_too_large");
    const call = new FakeCall(translator, pool, { method: "POST", target: "/v1/echo", body, known: false });
    assert.equal(call.receiver.failure?.code, "body_too_large");
    assert.deepEqual(call.received, []);
  });
  test("is bounded as a message too", () => {
    // A negative int32 is ten bytes of protobuf, and three of JSON.
    const body = `{"packed":[${"-1,".repeat(20_000)}1]}`;
    assert.equal(failure(body)?.code, "body_too_large");
  });
});

describe("a raw body", () => {
  const bytes = Buffer.from([0, 1, 2, 0xff]);
  test("is an HttpBody with its type", () => {
    const fields = ["content-type", "image/png"];
    assert.deepEqual(sent({ method: "POST", target: "/v1/files", body: bytes, fields })[0], {
      content_type: "image/png",
      data: "AAEC/w==",
    });
  });
  test("fills a field", () => {
    const fields = ["content-type", "image/png"];
    assert.deepEqual(sent({ method: "PUT", target: "/v1/uploads/x%2Fy", body: bytes, fields })[0], {
      name: "x/y",
      file: { content_type: "image/png", data: "AAEC/w==" },
    });
  });
});

describe("a stream of messages", () => {
  const lines = '{"name":"a"}\r\n\n{"name":"b","pages":2}\n  \n{"name":"c"}';
  const books = [{ name: "a" }, { name: "b", pages: "2" }, { name: "c" }];
  for (const [form, text] of [
    ["lines", lines],
    ["an array", ' [ {"name":"a"} ,\n{"name":"b","pages":2},{"name":"c"} ] \n'],
  ] as const) {
    test(`is read from ${form}, cut anywhere`, () => {
      const bytes = Buffer.from(text);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const body = [bytes.subarray(0, cut), bytes.subarray(cut)];
        assert.deepEqual(sent({ method: "POST", target: "/v1/import", body, known: false }), books, `cut at ${cut}`);
      }
    });
    test(`is read from ${form}, byte by byte`, () => {
      const body = [...Buffer.from(text)].map((c) => Buffer.from([c]));
      assert.deepEqual(sent({ method: "POST", target: "/v1/import", body, known: false }), books);
    });
  }
  for (const body of ["", "\n \n", "[]", "[ ] "]) {
    for (const known of [true, false]) {
      test(`may be empty: ${JSON.stringify(body)}, of ${known ? "known" : "unknown"} length`, () => {
        assert.deepEqual(sent({ method: "POST", target: "/v1/import", body, known }), []);
      });
    }
  }
  test("ends at the first message that is none, and says which", () => {
    const body = '{"name":"a"}\n{"name":5}\n{"name":"c"}\n';
    const call = new FakeCall(translator, pool, { method: "POST", target: "/v1/import", body });
    assert.deepEqual(call.received, [{ name: "a" }]);
    assert.match(call.receiver.failure!.message!, /^Message 2: .*name/);
    assert.equal(call.receiver.late, 0);
  });
  for (const body of ["[{},", "[{},]", "[,{}]", "[{}]x", "[{}", '[{"name":"]"', "[{}}]"]) {
    test(`refused: ${body}`, () => {
      const call = new FakeCall(translator, pool, { method: "POST", target: "/v1/import", body });
      assert.equal(call.receiver.failure?.code, "transcoding_failed");
    });
  }
  test("has bounded lines", () => {
    const body = Array.from({ length: 20 }, () => Buffer.alloc(8192, "x"));
    const call = new FakeCall(translator, pool, { method: "POST", target: "/v1/import", body, known: false });
    assert.equal(call.receiver.failure?.code, "body_too_large");
  });
  test("waits for the backend, message by message", () => {
    const ctx = clientRequest({
      method: "POST",
      target: "/v1/import",
      body: [Buffer.from(lines), Buffer.from("\n{}\n")],
    });
    const translation = translator.begin(ctx);
    assert.ok("target" in translation);
    const { body } = translation.attempt(
      ctx.downstream.body,
      new FakeCall(translator, pool, { target: "/v1/echo" }).receiver,
    );
    let frames = 0;
    let ended = false;
    body.start({
      data: () => {
        frames++;
        return false;
      },
      end: () => {
        ended = true;
      },
    });
    const seen = [frames];
    for (let i = 0; i < 4; i++) {
      body.resume();
      seen.push(frames);
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 4]);
    assert.equal(ended, true);
  });
});
