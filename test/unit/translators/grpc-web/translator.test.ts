// gRPC-Web in both forms: requests cut anywhere, answers with their trailers in a frame.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Base64Decoder } from "../../../../src/translators/grpc-web/base64-stream.ts";
import { GrpcWebTranslator } from "../../../../src/translators/grpc-web/translator.ts";
import { begin, clientRequest, FakeReceiver, refusal } from "../../../support/transcoding.ts";

const translator = new GrpcWebTranslator("/api");
const TARGET = "/api/pkg.Service/Method";
const BINARY = "application/grpc-web+proto";
const TEXT = "application/grpc-web-text+proto";
const frame = Buffer.from([0, 0, 0, 0, 4, 1, 2, 3, 4]);

interface Exchange {
  readonly sent: Buffer;
  readonly ended: boolean;
  readonly receiver: FakeReceiver;
  readonly upstream: ReturnType<ReturnType<typeof begin>["attempt"]>["receiver"];
}

function exchange(type: string, pieces: readonly Buffer[] = [], known = false): Exchange {
  const ctx = clientRequest({ method: "POST", target: TARGET, body: pieces, known, fields: ["Content-Type", type] });
  const receiver = new FakeReceiver();
  const { body, receiver: upstream } = begin(translator, ctx).attempt(ctx.downstream.body, receiver);
  const sent: Buffer[] = [];
  let ended = false;
  body.start({
    data: (chunk) => {
      sent.push(chunk);
      return true;
    },
    end: () => {
      ended = true;
    },
  });
  return { sent: Buffer.concat(sent), ended, receiver, upstream };
}

describe("a gRPC-Web request", () => {
  test("goes to its path below the prefix", () => {
    assert.equal(begin(translator, clientRequest({ method: "POST", target: TARGET })).target, "/pkg.Service/Method");
    assert.equal(begin(translator, clientRequest({ method: "POST", target: "/p.S/M?x=1" })).target, "/p.S/M");
    assert.equal(
      begin(new GrpcWebTranslator(""), clientRequest({ method: "POST", target: "/p.S/M" })).target,
      "/p.S/M",
    );
  });
  test("must be a POST to a service and a method", () => {
    assert.deepEqual(refusal(translator, { method: "GET", target: TARGET }), {
      code: "method_not_allowed",
      fields: ["Allow", "POST"],
    });
    for (const target of ["/x", "/", "/a/b/c", "/a/b/"])
      assert.equal(refusal(translator, { method: "POST", target }).code, "no_route");
  });
  test("takes its metadata along, and nothing of the browser or the connection", () => {
    const ctx = clientRequest({
      method: "POST",
      target: TARGET,
      fields: [
        "Content-Type",
        TEXT,
        "X-Grpc-Web",
        "1",
        "X-User-Agent",
        "g",
        "Accept",
        "a",
        "Origin",
        "o",
        "Referer",
        "r",
        "Sec-Fetch-Mode",
        "cors",
        "Host",
        "h",
        "Connection",
        "keep-alive, x-hop",
        "X-Hop",
        "h",
        "Content-Length",
        "1",
        "Accept-Encoding",
        "gzip",
        "X-Forwarded-For",
        "f",
        "X-Auth-User",
        "u",
        "TE",
        "x",
        "Authorization",
        "Bearer t",
        "X-Custom",
        "c",
        "Grpc-Timeout",
        "1S",
        "Data-Bin",
        "AAE=",
      ],
    });
    ctx.nominated = new Set(["x-hop"]);
    assert.deepEqual(begin(translator, ctx).fields, [
      "content-type",
      "application/grpc+proto",
      "te",
      "trailers",
      "authorization",
      "Bearer t",
      "x-custom",
      "c",
      "grpc-timeout",
      "1S",
      "data-bin",
      "AAE=",
    ]);
  });
  test("in binary passes as it is", () => {
    const { sent, ended } = exchange(BINARY, [frame.subarray(0, 2), frame.subarray(2)]);
    assert.deepEqual([sent, ended], [frame, true]);
  });
  test("in text is decoded, cut anywhere", () => {
    const text = Buffer.from(
      frame.toString("base64") +
        Buffer.from("a").toString("base64") +
        Buffer.from("bc").toString("base64") +
        Buffer.from("def").toString("base64"),
    );
    const expected = Buffer.concat([frame, Buffer.from("abcdef")]);
    for (let a = 0; a <= text.length; a++) {
      for (let b = a; b <= text.length; b++) {
        const { sent, ended } = exchange(TEXT, [text.subarray(0, a), text.subarray(a, b), text.subarray(b)]);
        assert.deepEqual([sent, ended], [expected, true]);
      }
    }
  });
  for (const bad of ["AAA", "AA=A", "A===", "====", "AAA!", "=AAA", "AAAA\n", "A"]) {
    test(`in text that is no base64 is refused: ${JSON.stringify(bad)}`, () => {
      const { ended, receiver, upstream } = exchange(TEXT, [Buffer.from(bad)]);
      assert.deepEqual([ended, receiver.failure?.code], [false, "transcoding_failed"]);
      upstream.head(200, "", ["content-type", "application/grpc"], -1);
      upstream.end(["grpc-status", "0"]);
      assert.equal(receiver.late, 0);
    });
  }
  test("without a body says so", () => {
    for (const type of [BINARY, TEXT]) {
      const ctx = clientRequest({ method: "POST", target: TARGET, fields: ["Content-Type", type] });
      const { body } = begin(translator, ctx).attempt(ctx.downstream.body, new FakeReceiver());
      assert.deepEqual([body.length, body.complete], [0, true]);
    }
  });
});

describe("a gRPC-Web answer", () => {
  const trailers = ["grpc-status", "5", "Grpc-Message", "not%20here", "x-t", "1"];
  const lines = "grpc-status: 5\r\ngrpc-message: not%20here\r\nx-t: 1\r\n";
  const trailerFrame = Buffer.concat([Buffer.from([0x80, 0, 0, 0, lines.length]), Buffer.from(lines)]);

  test("in binary is the frames and the trailers", () => {
    const { receiver, upstream } = exchange(BINARY);
    upstream.head(
      200,
      "",
      ["content-type", "application/grpc", "x-a", "1", "connection", "x", "content-length", "5"],
      -1,
    );
    upstream.data(frame, null, false);
    upstream.end(trailers);
    assert.deepEqual(
      [receiver.status, receiver.length, receiver.fields],
      [200, -1, ["Content-Type", BINARY, "x-a", "1"]],
    );
    assert.deepEqual(Buffer.concat(receiver.raw), Buffer.concat([frame, trailerFrame]));
    assert.deepEqual([receiver.ended, receiver.late], [1, 0]);
  });
  test("in text is the same in base64, whole at every piece", () => {
    const { receiver, upstream } = exchange(TEXT);
    upstream.head(200, "", ["content-type", "application/grpc"], -1);
    for (const byte of frame) upstream.data(Buffer.from([byte]), null, false);
    upstream.end(trailers);
    assert.equal(receiver.field("content-type"), TEXT);
    for (const piece of receiver.pieces) assert.equal(piece.length % 4, 0);
    const decoder = new Base64Decoder();
    const decoded = receiver.raw.map((piece) => decoder.push(piece)!);
    assert.deepEqual(Buffer.concat(decoded), Buffer.concat([frame, trailerFrame]));
  });
  test("that is trailers only has its status in the head", () => {
    const { receiver, upstream } = exchange(BINARY);
    upstream.head(200, "", ["content-type", "application/grpc", "grpc-status", "7", "grpc-message", "a%20b"], 0);
    upstream.flush();
    upstream.end([]);
    assert.deepEqual(receiver.fields, [
      "Content-Type",
      BINARY,
      "grpc-status",
      "7",
      "grpc-message",
      "a%20b",
      "Content-Length",
      "0",
    ]);
    assert.deepEqual([receiver.status, receiver.raw.length, receiver.ended], [200, 0, 1]);
  });
  test("gives chunks back, passing on when to wait", () => {
    for (const type of [BINARY, TEXT]) {
      const { receiver, upstream } = exchange(type);
      let released = 0;
      upstream.head(200, "", ["content-type", "application/grpc"], -1);
      receiver.full = true;
      assert.equal(
        upstream.data(frame, () => released++, false),
        false,
      );
      upstream.failed({ code: "upstream_reset", progress: "responding", detail: "" });
      upstream.data(frame, () => released++, false);
      assert.deepEqual([released, receiver.failure?.code, receiver.late], [2, "upstream_reset", 0]);
    }
  });
  test("cannot smuggle a line into the trailers", () => {
    const { receiver, upstream } = exchange(BINARY);
    upstream.head(200, "", ["content-type", "application/grpc"], -1);
    upstream.end(["grpc-status", "0", "x", "a\r\ngrpc-status: 1"]);
    assert.equal(receiver.text.slice(5), "grpc-status: 0\r\nx: a  grpc-status: 1\r\n");
  });
  for (const [name, status, fields, end] of [
    ["no gRPC response", 200, ["content-type", "text/html"], ["grpc-status", "0"]],
    ["a proxy's error", 502, ["content-type", "text/html"], []],
    ["no status", 200, ["content-type", "application/grpc"], []],
  ] as const) {
    test(`that is ${name} is a failure`, () => {
      const { receiver, upstream } = exchange(BINARY);
      upstream.head(status, "", [...fields], -1);
      upstream.end(end);
      assert.deepEqual([receiver.failure?.code, receiver.late], ["upstream_protocol", 0]);
    });
  }
});
