// Whatever comes, from clients and from services: one answer or one failure, and nothing thrown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonTranslator } from "../../../../src/translators/grpc-json/translator.ts";
import { Random } from "../../../support/hostile.ts";
import { libraryPool, OPEN_RULE } from "../../../support/library.ts";
import { clientRequest, FakeCall, FakeReceiver } from "../../../support/transcoding.ts";

const pool = libraryPool();
const translator = new JsonTranslator({ ...OPEN_RULE, prefix: "/v1" }, () => pool);
const random = Random.fresh();
const seed = `GATEWAY_TEST_SEED=${random.seed}`;

/** Changes a few places of a text. */
function spoilt(text: string, letters: string): string {
  const out = [...text];
  for (let i = random.int(4); i >= 0; i--) {
    const at = random.int(out.length + 1);
    out.splice(at, random.int(3), ...Array.from({ length: random.int(4) }, () => letters[random.int(letters.length)]!));
  }
  return out.join("");
}

test(`paths and queries (${seed})`, () => {
  const targets = [
    "/v1/shelves/1/books/2:cancel",
    "/v1/echo?inner.child.name=x&packed=1&level=2",
    "/v1/echo/1/kinds/2",
    "/v1/files/a/b",
  ];
  for (let i = 0; i < 5000; i++) {
    const target = `/${spoilt(random.pick(targets).slice(1), "/%:&=.?a1{}*_+é\u0000[]").replaceAll(/[#\s\u0000-\u0020\u007f-\uffff]/g, "%zz")}`;
    const mark = target.indexOf("?");
    const path = mark === -1 ? target : target.slice(0, mark);
    const ctx = clientRequest({ method: random.pick(["GET", "POST", "PUT"]), target });
    // What is no canonical path never comes here.
    if (ctx.path === null) continue;
    const found = translator.begin(ctx);
    assert.ok("target" in found || found.code !== undefined, path);
  }
});

test(`JSON bodies (${seed})`, () => {
  const body =
    '{"inner":{"name":"x","child":{"counts":[1,2]}},"any":{"@type":"type.googleapis.com/test.common.Point","x":1},"object":{"a":[null]},"time":"2024-01-02T03:04:05Z"}';
  for (let i = 0; i < 3000; i++) {
    const text = spoilt(body, '{}[]",:\\ue0-19.\n\u0000');
    const target = random.pick(["/v1/echo", "/v1/echo/inner", "/v1/import"]);
    const call = new FakeCall(translator, pool, { method: "POST", target, body: text, known: false });
    assert.equal(call.receiver.late, 0);
    assert.ok(call.receiver.failure === null || call.receiver.failure.code === "transcoding_failed", text);
    assert.ok(call.receiver.failure !== null || call.received.length > 0 || target === "/v1/import", text);
  }
});

test(`gRPC responses (${seed})`, () => {
  for (let i = 0; i < 5000; i++) {
    const target = random.pick(["/v1/shelves/1/books/2", "/v1/watch/x", "/v1/downloads/x", "/v1/shelves/1/books"]);
    const call = new FakeCall(translator, pool, { target });
    const bytes = call.frames([{}, new Uint8Array(Array.from({ length: random.int(30) }, () => random.int(256)))]);
    for (let n = random.int(3); n > 0; n--) bytes[random.int(bytes.length)] = random.int(256);
    call.upstream.head(200, "", ["content-type", "application/grpc"], -1);
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + random.int(12);
      call.upstream.data(Buffer.from(bytes.subarray(at, at + size)), null, false);
      at += size;
    }
    call.upstream.end(
      random.pick([["grpc-status", "0"], ["grpc-status", "5"], [], ["grpc-status", "x", "grpc-message", "%"]]),
    );
    const { receiver } = call;
    assert.equal(receiver.late, 0);
    assert.equal(receiver.ended + (receiver.failure === null ? 0 : 1), 1);
    if (receiver.failure !== null) assert.equal(receiver.failure.code, "upstream_protocol");
  }
});

test("a line that means little does not grow into much before the backend takes it", () => {
  const body = Buffer.from("{}\n".repeat(20_000));
  const ctx = clientRequest({ method: "POST", target: "/v1/import", body });
  const translation = translator.begin(ctx);
  assert.ok("target" in translation);
  const attempt = translation.attempt(ctx.downstream.body, new FakeReceiver());
  let frames = 0;
  attempt.body.start({ data: () => ++frames % 100 !== 0, end: () => undefined });
  assert.equal(frames, 100);
  attempt.body.resume();
  assert.equal(frames, 200);
});
