// Responses of services as HTTP: bodies, streams, statuses, metadata, and what happens when they are broken.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AnySchema, DurationSchema } from "@bufbuild/protobuf/wkt";
import { decodeMessage, parseCode } from "../../../../src/translators/grpc-json/messages/grpc-status.ts";
import type { PrintOptions } from "../../../../src/translators/grpc-json/rule.ts";
import { JsonTranslator } from "../../../../src/translators/grpc-json/translator.ts";
import { httpStatusOf } from "../../../../src/wire/grpc.ts";
import { libraryPool, OPEN_RULE } from "../../../support/library.ts";
import { type FakeAnswer, FakeCall, type FakeReceiver, type FakeRequest } from "../../../support/transcoding.ts";

const pool = libraryPool();

function call(request: FakeRequest, print: Partial<PrintOptions> = {}): FakeCall {
  const rule = { ...OPEN_RULE, print: { ...OPEN_RULE.print, ...print } };
  return new FakeCall(new JsonTranslator(rule, () => pool), pool, request);
}

function answer(request: FakeRequest, given: FakeAnswer, print: Partial<PrintOptions> = {}): FakeReceiver {
  const receiver = call(request, print).answer(given);
  assert.equal(receiver.late, 0, "nothing follows the end");
  assert.equal(receiver.ended + (receiver.failure === null ? 0 : 1), 1, "one end");
  return receiver;
}

const GET = { target: "/v1/shelves/1/books/2" };
const ECHO = { target: "/v1/echo" };
const WATCH = { target: "/v1/watch/x" };
const BOOK = { name: "n", title: "t", pages: "5" };

describe("a unary answer", () => {
  test("is JSON with its length", () => {
    const { status, length, json, fields, text } = answer(GET, { messages: [BOOK] });
    assert.deepEqual([status, length, json], [200, text.length, BOOK]);
    assert.deepEqual(fields, ["Content-Type", "application/json", "Content-Length", String(text.length)]);
  });
  test("comes in any pieces", () => {
    for (let size = 1; size < 30; size++) assert.deepEqual(call(GET).answer({ messages: [BOOK] }, size).json, BOOK);
  });
  test("may be an empty message", () =>
    assert.deepEqual(answer({ ...GET, method: "DELETE" }, { messages: [{}] }).json, {}));
  test("is a head alone for HEAD", () => {
    const receiver = answer({ method: "HEAD", ...GET }, { messages: [BOOK] });
    assert.deepEqual([receiver.status, receiver.raw.length], [200, 0]);
    assert.equal(receiver.field("content-length"), String(JSON.stringify(BOOK).length));
  });

  const prints: [print: Partial<PrintOptions>, message: JsonValue, text: string][] = [
    [{}, { aString: "x", level: "LEVEL_HIGH" }, '{"aString":"x","level":"LEVEL_HIGH"}'],
    [{ preserveProtoFieldNames: true }, { aString: "x", otherName: "y" }, '{"a_string":"x","renamed":"y"}'],
    [{ alwaysPrintEnumsAsInts: true }, { level: "LEVEL_HIGH" }, '{"level":2}'],
    [{ addWhitespace: true }, { aString: "x" }, '{\n  "aString": "x"\n}'],
    [{}, { level: 77 }, '{"level":77}'],
    [{}, { aBytes: "_-8" }, '{"aBytes":"/+8="}'],
    [{}, { aInt64: "-9223372036854775808" }, '{"aInt64":"-9223372036854775808"}'],
  ];
  for (const [print, message, text] of prints) {
    test(`is printed by options: ${JSON.stringify(print)} ${text.slice(0, 30)}`, () => {
      assert.equal(answer(ECHO, { messages: [message] }, print).text, text);
    });
  }
  test("prints defaults of fields without presence when asked", () => {
    const json = answer(GET, { messages: [{}] }, { alwaysPrintPrimitiveFields: true }).json;
    assert.deepEqual(json, { name: "", title: "", pages: "0" });
    const all = answer(ECHO, { messages: [{}] }, { alwaysPrintPrimitiveFields: true }).json as Record<
      string,
      JsonValue
    >;
    assert.deepEqual([all.strings, all.counts, all.level], [[], {}, "LEVEL_UNSPECIFIED"]);
    for (const name of ["maybe", "inner", "textChoice", "time"]) assert.ok(!(name in all), name);
  });
  test("may be one field of the message", () => {
    const list = { target: "/v1/shelves/1/books" };
    assert.deepEqual(answer(list, { messages: [{ books: [{ name: "a" }], next: "x" }] }).json, [{ name: "a" }]);
    assert.equal(answer(list, { messages: [{}] }).text, "[]");
  });
  test("shows what an Any holds", () => {
    const any = { "@type": "type.googleapis.com/test.common.Point", x: 1 };
    assert.deepEqual(answer(ECHO, { messages: [{ any }] }).json, { any });
  });
  for (const [name, given] of Object.entries<FakeAnswer>({
    "no message": {},
    "two messages": { messages: [BOOK, BOOK] },
    "bytes that are no message": { messages: [Buffer.from([0xff, 0xff])] },
    "no status": { messages: [BOOK], trailers: [] },
  })) {
    test(`with ${name} is a failure`, () => {
      const { failure, status } = answer(GET, given);
      assert.deepEqual([failure?.code, status], ["upstream_protocol", 0]);
    });
  }
  test("with an Any of unknown type is a failure", () => {
    const type = pool.registry.getMessage("test.library.v1.Everything")!;
    const any = create(AnySchema, { typeUrl: "type.googleapis.com/no.Such", value: new Uint8Array(1) });
    const bytes = toBinary(type, create(type, { any } as never));
    assert.equal(answer(ECHO, { messages: [bytes] }).failure?.code, "upstream_protocol");
  });
  test("that ends inside of a message is a failure", () => {
    const one = call(GET);
    one.upstream.head(200, "", ["content-type", "application/grpc"], -1);
    one.upstream.data(one.frames([BOOK]).subarray(0, 9), null, false);
    one.upstream.end(["grpc-status", "0"]);
    assert.equal(one.receiver.failure?.code, "upstream_protocol");
  });
  test("that is compressed is a failure, and nothing after it is looked at", () => {
    const one = call(GET);
    one.upstream.head(200, "", ["content-type", "application/grpc"], -1);
    one.upstream.data(Buffer.from([1, 0, 0, 0, 1, 0]), null, false);
    one.upstream.data(one.frames([BOOK]), null, false);
    one.upstream.end(["grpc-status", "0"]);
    one.upstream.failed({ code: "upstream_reset", progress: "responding", detail: "" });
    assert.equal(one.receiver.failure?.code, "upstream_protocol");
    assert.equal(one.receiver.late, 0);
  });
  test("larger than allowed is a failure", () => {
    const one = call(GET);
    one.upstream.head(200, "", ["content-type", "application/grpc"], -1);
    one.upstream.data(Buffer.from([0, 0x7f, 0, 0, 0]), null, false);
    assert.equal(one.receiver.failure?.code, "upstream_protocol");
  });
  test("gives every chunk back", () => {
    const one = call(GET);
    let released = 0;
    one.upstream.head(200, "", ["content-type", "application/grpc"], -1);
    for (const byte of one.frames([BOOK])) one.upstream.data(Buffer.from([byte]), () => released++, false);
    one.upstream.end(["grpc-status", "0"]);
    one.upstream.data(Buffer.from("late"), () => released++, false);
    assert.equal(released, one.frames([BOOK]).length + 1);
  });
  test("is not begun before the service has said how it went", () => {
    const one = call(GET);
    one.upstream.head(200, "", ["content-type", "application/grpc"], -1);
    one.upstream.flush();
    one.upstream.data(one.frames([BOOK]), null, false);
    one.upstream.flush();
    assert.equal(one.receiver.status, 0);
    one.upstream.end(["grpc-status", "7", "grpc-message", "no"]);
    assert.deepEqual([one.receiver.status, one.receiver.json], [403, { code: 7, message: "no", details: [] }]);
  });
  test("that never comes is the connector's failure", () => {
    const one = call(GET);
    one.upstream.failed({ code: "connect_failed", progress: "unsent", detail: "x" });
    assert.deepEqual(one.receiver.failure, { code: "connect_failed", progress: "unsent", detail: "x" });
  });
});

describe("a raw answer", () => {
  const FILE = { target: "/v1/files/a" };
  test("is its bytes with their type", () => {
    const receiver = answer(FILE, { messages: [{ contentType: "image/png", data: "AAEC/w==" }] });
    assert.deepEqual(receiver.raw, [Buffer.from([0, 1, 2, 255])]);
    assert.deepEqual([receiver.field("content-type"), receiver.length], ["image/png", 4]);
  });
  test("has a type that is safe as a field", () => {
    const receiver = answer(FILE, { messages: [{ contentType: "a\r\nb: c", data: "" }] });
    assert.deepEqual([receiver.field("content-type"), receiver.length], ["application/octet-stream", 0]);
  });
  test("may be a stream, with the type of its first piece", () => {
    const messages = [{ contentType: "text/csv", data: "YQ==" }, { contentType: "x/y", data: "Yg==" }, {}];
    const receiver = answer({ target: "/v1/downloads/x" }, { messages });
    assert.deepEqual([receiver.text, receiver.field("content-type"), receiver.length], ["ab", "text/csv", -1]);
  });
  test("that breaks off is cut off", () => {
    const messages = [{ contentType: "text/csv", data: "YQ==" }];
    const receiver = answer({ target: "/v1/downloads/x" }, { messages, trailers: ["grpc-status", "13"] });
    assert.deepEqual(receiver.failure?.progress, "responding");
  });
});

describe("a stream", () => {
  const messages = [{ name: "a" }, { name: "b" }];
  const ndjson = '{"name":"a"}\n{"name":"b"}\n';
  const array = '[{"name":"a"},{"name":"b"}]';
  const events = 'data: {"name":"a"}\n\ndata: {"name":"b"}\n\n';
  const late = ["grpc-status", "5", "grpc-message", "gone"];
  const error = '{"code":5,"message":"gone","details":[]}';
  const forms: [accept: string, type: string, text: string, none: string, broken: string][] = [
    ["", "application/x-ndjson", ndjson, "", `${ndjson}{"error":${error}}\n`],
    ["*/*", "application/x-ndjson", ndjson, "", `${ndjson}{"error":${error}}\n`],
    ["application/x-ndjson", "application/x-ndjson", ndjson, "", `${ndjson}{"error":${error}}\n`],
    ["text/html", "application/x-ndjson", ndjson, "", `${ndjson}{"error":${error}}\n`],
    ["application/json", "application/json", array, "[]", `${array.slice(0, -1)},{"error":${error}}]`],
    ["application/json, text/plain, */*", "application/json", array, "[]", `${array.slice(0, -1)},{"error":${error}}]`],
    ["text/event-stream", "text/event-stream", events, "", `${events}event: error\ndata: ${error}\n\n`],
    [
      "application/json;q=0.5, Text/Event-Stream",
      "text/event-stream",
      events,
      "",
      `${events}event: error\ndata: ${error}\n\n`,
    ],
    ["application/json;q=0", "application/x-ndjson", ndjson, "", `${ndjson}{"error":${error}}\n`],
  ];
  for (const [accept, type, text, none, broken] of forms) {
    const request = { ...WATCH, fields: accept === "" ? [] : ["Accept", accept] };
    test(`for Accept "${accept}" is ${type}`, () => {
      const receiver = answer(request, { messages }, { addWhitespace: true });
      assert.deepEqual([receiver.status, receiver.field("content-type"), receiver.length], [200, type, -1]);
      assert.equal(receiver.text, text);
    });
    test(`for Accept "${accept}" may be empty`, () => assert.equal(answer(request, {}).text, none));
    test(`for Accept "${accept}" ends with its error`, () => {
      const receiver = answer(request, { messages, trailers: late });
      assert.equal(receiver.text, broken);
      if (type === "application/json") JSON.parse(receiver.text);
    });
    test(`for Accept "${accept}" has the status of an error that comes first`, () => {
      const receiver = answer(request, { trailers: late });
      assert.deepEqual(
        [receiver.status, receiver.field("content-type"), receiver.text],
        [404, "application/json", error],
      );
    });
  }
  test("is passed on message by message, and says when to wait", () => {
    const one = call(WATCH);
    one.upstream.head(200, "", ["content-type", "application/grpc"], -1);
    assert.equal(one.receiver.status, 0);
    assert.equal(one.upstream.data(one.frames([{ name: "a" }]), null, false), true);
    assert.deepEqual(one.receiver.pieces, ['{"name":"a"}\n']);
    one.receiver.full = true;
    assert.equal(one.upstream.data(one.frames([{ name: "b" }, { name: "c" }]), null, false), false);
    assert.equal(one.receiver.pieces.length, 3);
  });
  test("that the service has begun is told before its first message", () => {
    const one = call(WATCH);
    one.upstream.head(200, "", ["content-type", "application/grpc"], -1);
    assert.deepEqual([one.receiver.status, one.receiver.releases], [0, [null]]);
    for (const fields of [["content-type", "application/grpc", "grpc-status", "5"], ["grpc-status", "5"], []]) {
      const refused = call(WATCH);
      refused.upstream.head(200, "", fields, -1);
      assert.deepEqual(refused.receiver.releases, []);
    }
  });
  test("of events may begin before its first message", () => {
    const one = call({ ...WATCH, fields: ["Accept", "text/event-stream"] });
    one.upstream.head(200, "", ["content-type", "application/grpc", "x-a", "1"], -1);
    const [release] = one.receiver.releases;
    assert.equal(one.receiver.status, 0);
    release!();
    release!();
    assert.deepEqual([one.receiver.status, one.receiver.field("grpc-metadata-x-a")], [200, "1"]);
    one.upstream.data(one.frames([{ name: "a" }]), null, false);
    one.upstream.end(late);
    release!();
    assert.equal(one.receiver.text, `data: {"name":"a"}\n\nevent: error\ndata: ${error}\n\n`);
    assert.equal(one.receiver.late, 0);
  });
  test("is cut in any pieces", () => {
    for (let size = 1; size < 25; size++) assert.equal(call(WATCH).answer({ messages }, size).text, ndjson);
  });
  test("that the connector loses is the connector's failure", () => {
    const one = call(WATCH);
    one.upstream.head(200, "", ["content-type", "application/grpc"], -1);
    one.upstream.data(one.frames([{ name: "a" }]), null, false);
    one.upstream.failed({ code: "upstream_reset", progress: "responding", detail: "" });
    assert.equal(one.receiver.failure?.code, "upstream_reset");
  });
  test("with a broken message is a failure", () => {
    assert.equal(answer(WATCH, { messages: [{ name: "a" }, Buffer.from([0xff])] }).failure?.code, "upstream_protocol");
  });
});

describe("an error", () => {
  const statuses = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];
  for (const [code, status] of statuses.entries()) {
    test(`${code} is HTTP ${status}`, () => {
      assert.equal(httpStatusOf(code), status);
      if (code > 0) assert.equal(answer(GET, { trailers: ["grpc-status", String(code)] }).status, status);
    });
  }
  test("of unknown code is HTTP 500", () => {
    assert.deepEqual([httpStatusOf(17), httpStatusOf(-1), parseCode("x"), parseCode("")], [500, 500, 2, 2]);
  });
  test("may come without a message, in the head", () => {
    const one = call(GET);
    one.upstream.head(200, "", ["content-type", "application/grpc", "grpc-status", "16", "grpc-message", "who%3F"], 0);
    assert.equal(one.receiver.status, 0);
    one.upstream.end([]);
    assert.deepEqual([one.receiver.status, one.receiver.json], [401, { code: 16, message: "who?", details: [] }]);
  });
  test("may come without a content type, in the head", () => {
    const one = call(GET);
    one.upstream.head(200, "", ["grpc-status", "5"], 0);
    one.upstream.end([]);
    assert.equal(one.receiver.status, 404);
  });
  test("has whitespace where answers have", () => {
    const receiver = answer(GET, { trailers: ["grpc-status", "5"] }, { addWhitespace: true });
    assert.match(receiver.text, /^\{\n {2}"code": 5/);
  });

  const messages: [text: string, decoded: string][] = [
    ["plain", "plain"],
    ["a%20b%25", "a b%"],
    ["%C3%A9%E2%82%AC", "é€"],
    ["100% sure %zz %4", "100% sure %zz %4"],
    ["", ""],
  ];
  for (const [text, decoded] of messages) {
    test(`has its message decoded: "${text}"`, () => assert.equal(decodeMessage(text), decoded));
  }

  const details = (...any: { typeUrl: string; value: Uint8Array }[]): string => {
    const out = new BinaryWriter().tag(1, WireType.Varint).int32(5).tag(2, WireType.LengthDelimited).string("gone");
    for (const one of any) out.tag(3, WireType.LengthDelimited).bytes(toBinary(AnySchema, create(AnySchema, one)));
    return Buffer.from(out.finish()).toString("base64").replace(/=+$/, "");
  };
  test("has its details spelled out", () => {
    const info = pool.registry.getMessage("google.rpc.ErrorInfo")!;
    const retry = pool.registry.getMessage("google.rpc.RetryInfo")!;
    const text = details(
      {
        typeUrl: "type.googleapis.com/google.rpc.ErrorInfo",
        value: toBinary(info, create(info, { reason: "R", metadata: { k: "v" } } as never)),
      },
      {
        typeUrl: "type.googleapis.com/google.rpc.RetryInfo",
        value: toBinary(retry, create(retry, { retryDelay: create(DurationSchema, { seconds: 3n }) } as never)),
      },
      { typeUrl: "type.googleapis.com/no.Such", value: new Uint8Array([1, 2]) },
      { typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value: new Uint8Array([0xff]) },
      { typeUrl: "", value: new Uint8Array([1]) },
    );
    const receiver = answer(GET, {
      trailers: ["grpc-status", "5", "grpc-message", "gone", "grpc-status-details-bin", text],
    });
    assert.deepEqual(receiver.json, {
      code: 5,
      message: "gone",
      details: [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "R", metadata: { k: "v" } },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "3s" },
        { "@type": "type.googleapis.com/no.Such", value: "AQI=" },
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", value: "/w==" },
        { "@type": "", value: "AQ==" },
      ],
    });
  });
  for (const bad of ["!!!", "////", "AAAA", "GgE"]) {
    test(`with details that cannot be read has none: ${bad}`, () => {
      const receiver = answer(GET, { trailers: ["grpc-status", "5", "grpc-status-details-bin", bad] });
      assert.deepEqual(receiver.json, { code: 5, message: "", details: [] });
    });
  }

  const foreign: [http: number, code: number, status: number][] = [
    [400, 13, 500],
    [401, 16, 401],
    [403, 7, 403],
    [404, 12, 501],
    [429, 14, 503],
    [502, 14, 503],
    [503, 14, 503],
    [504, 14, 503],
    [500, 2, 500],
    [302, 2, 500],
  ];
  for (const [http, code, status] of foreign) {
    test(`of HTTP alone, ${http}, is gRPC ${code}, and its body is not shown`, () => {
      const one = call(GET);
      one.upstream.head(http, "Bad", ["content-type", "text/html"], 6);
      one.upstream.data(Buffer.from("<html>"), null, true);
      const json = one.receiver.json as { code: number; message: string };
      assert.deepEqual([one.receiver.status, json.code], [status, code]);
      assert.doesNotMatch(one.receiver.text, /html/);
    });
  }
  test("of HTTP with a gRPC status is that", () => {
    const one = call(GET);
    one.upstream.head(503, "", ["content-type", "text/plain", "grpc-status", "8"], 0);
    one.upstream.end([]);
    assert.equal(one.receiver.status, 429);
  });
  for (const type of ["text/html", "application/grpc-web", "application/json", "application/grpc+json"]) {
    test(`is what ${type} with status 200 is`, () => {
      const one = call(GET);
      one.upstream.head(200, "", ["content-type", type], -1);
      one.upstream.data(Buffer.from("x"), null, true);
      assert.deepEqual([one.receiver.failure?.code, one.receiver.late], ["upstream_protocol", 0]);
    });
  }
});

describe("metadata of a response", () => {
  const head = [
    "x-a",
    "1",
    "x-b-bin",
    "AAE=",
    "server",
    "s",
    "date",
    "d",
    "connection",
    "close",
    "grpc-encoding",
    "identity",
    "set-cookie",
    "c=1",
  ];
  test("is header fields that cannot pose as others", () => {
    const receiver = answer(GET, { head, messages: [BOOK], trailers: ["grpc-status", "0", "x-t", "2", "grpc-x", "3"] });
    assert.deepEqual(receiver.fields.slice(2, -2), [
      "Grpc-Metadata-x-a",
      "1",
      "Grpc-Metadata-x-b-bin",
      "AAE=",
      "Grpc-Metadata-set-cookie",
      "c=1",
      "Grpc-Trailer-x-t",
      "2",
    ]);
  });
  test("that is meant for the HTTP client keeps its name, of whatever kind the answer is", () => {
    const fields = ["www-authenticate", 'Bearer realm="a"', "www-authenticate", "Basic", "retry-after", "7"];
    const expected = ["WWW-Authenticate", 'Bearer realm="a"', "WWW-Authenticate", "Basic", "Retry-After", "7"];
    const refused = ["grpc-status", "16", "grpc-message", "who"];
    const alone = call(GET);
    alone.upstream.head(200, "", ["content-type", "application/grpc", ...refused, ...fields], 0);
    alone.upstream.end([]);
    const page = call(GET);
    page.upstream.head(401, "", ["content-type", "text/html", ...fields], 0);
    page.upstream.end([]);
    for (const receiver of [
      answer(GET, { trailers: [...refused, ...fields] }),
      answer(GET, { head: fields, trailers: refused }),
      answer(WATCH, { trailers: [...refused, ...fields] }),
      alone.receiver,
      page.receiver,
    ]) {
      assert.equal(receiver.status, 401);
      assert.deepEqual(receiver.fields.slice(2, -2), expected);
    }
  });
  test("has one Retry-After at most", () => {
    const receiver = answer(GET, { head: ["retry-after", "7"], trailers: ["grpc-status", "14", "retry-after", "9"] });
    assert.deepEqual(receiver.fields.slice(2, -2), ["Retry-After", "7"]);
  });
  test("comes with errors and streams too", () => {
    const failed = answer(GET, { head: ["x-a", "1"], trailers: ["grpc-status", "5", "x-t", "2"] });
    assert.deepEqual([failed.field("grpc-metadata-x-a"), failed.field("grpc-trailer-x-t")], ["1", "2"]);
    assert.equal(answer(WATCH, { head: ["x-a", "1"], messages: [BOOK] }).field("grpc-metadata-x-a"), "1");
  });
});
