// Bodies in tiny pieces: work and memory follow the bytes, not the number of pieces.
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import type { BodyReceiver, RequestBody } from "../../../../src/core/edges.ts";
import { createPool } from "../../../../src/translators/grpc-json/descriptors/pool.ts";
import { FrameReader, frame } from "../../../../src/translators/grpc-json/messages/frames.ts";
import { JsonSplitter } from "../../../../src/translators/grpc-json/messages/json-splitter.ts";
import { compileProtos } from "../../../../src/translators/grpc-json/proto/sources.ts";
import { JsonTranslator } from "../../../../src/translators/grpc-json/translator.ts";
import { OPEN_RULE } from "../../../support/library.ts";
import { begin, clientRequest, FakeReceiver } from "../../../support/transcoding.ts";

const BYTES = 100_000;

/** Counts the bytes that buffers copy. */
function copies(t: TestContext): { bytes: number } {
  const count = { bytes: 0 };
  const { copy } = Buffer.prototype;
  const { concat } = Buffer;
  t.mock.method(Buffer.prototype, "copy", function (this: Buffer, ...args: Parameters<Buffer["copy"]>) {
    const copied = copy.apply(this, args);
    count.bytes += copied;
    return copied;
  });
  t.mock.method(Buffer, "concat", (...args: Parameters<typeof Buffer.concat>) => {
    const all = concat(...args);
    count.bytes += all.length;
    return all;
  });
  return count;
}

function pieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    Buffer.from(bytes.subarray(i * size, (i + 1) * size)),
  );
}

describe("bytes that come one by one are copied a few times at most", () => {
  const bytes = Buffer.alloc(BYTES, "0123456789");

  for (const [form, text, messages] of [
    ["a line", `{"a":"${"x".repeat(BYTES)}"}\n`, 1],
    ["an element of an array", `[{"a":"${"x".repeat(BYTES)}"}]`, 1],
    ["many lines", '{"a":"x"}\n'.repeat(BYTES / 10), BYTES / 10],
    ["many elements", `[{}${',{"a":"x"}'.repeat(BYTES / 10)}]`, BYTES / 10 + 1],
    ["blanks", " ".repeat(BYTES), 0],
  ] as const) {
    test(`as ${form} of a stream`, (t) => {
      const splitter = new JsonSplitter(2 * BYTES, true);
      const all = pieces(Buffer.from(text), 1);
      const copied = copies(t);
      let taken = 0;
      for (const piece of all) {
        splitter.push(piece);
        for (let message = splitter.next(false); message !== null; message = splitter.next(false)) {
          JSON.parse(message.toString());
          taken++;
        }
      }
      assert.ok(copied.bytes <= 4 * text.length, `${copied.bytes}`);
      assert.equal(taken, messages);
    });
  }
  test("as a message of the service", (t) => {
    const reader = new FrameReader(BYTES);
    const all = pieces(frame(bytes), 1);
    const copied = copies(t);
    let found = 0;
    for (const piece of all)
      reader.push(piece, (message) => {
        found++;
        assert.ok(message.equals(bytes));
      });
    assert.equal(found, 1);
    assert.ok(copied.bytes <= 4 * BYTES, `${copied.bytes}`);
  });
});

const PROTO = `syntax = "proto3"; import "google/api/annotations.proto"; import "google/api/httpbody.proto";
  message Piece { string name = 1; google.api.HttpBody file = 2; }
  service S {
    rpc Put(Piece) returns (Piece) { option (google.api.http) = { post: "/put" body: "*" }; }
    rpc Upload(stream Piece) returns (Piece) { option (google.api.http) = { post: "/up/{name}" body: "file" }; }
  }`;
const bytes = compileProtos({
  files: ["a.proto"],
  importPaths: ["."],
  read: (path) => (path === "a.proto" ? Buffer.from(PROTO) : undefined),
});
const pool = createPool([{ name: "test", bytes }]);
const translator = new JsonTranslator(OPEN_RULE, () => pool);

/** A call whose body is given piece by piece. */
class Upload {
  readonly messages: { name?: string; file?: { contentType: string; data: Uint8Array } }[] = [];
  readonly body: RequestBody;
  ended = false;
  full = false;
  to!: BodyReceiver;

  constructor(target: string, length = -1) {
    const fields = target.startsWith("/up") ? ["content-type", "image/png"] : [];
    const ctx = clientRequest({ method: "POST", target, fields, body: "x" });
    const source: RequestBody = {
      length,
      complete: false,
      bytes: 0,
      limit: () => undefined,
      start: (to) => {
        this.to = to;
      },
      resume: () => undefined,
    };
    this.body = begin(translator, ctx).attempt(source, new FakeReceiver()).body;
    const type = pool.registry.getMessage("Piece")!;
    const reader = new FrameReader(1 << 20);
    this.body.start({
      data: (chunk) => {
        reader.push(chunk, (message) => this.messages.push(fromBinary(type, message) as never));
        return !this.full;
      },
      end: () => {
        this.ended = true;
      },
    });
  }

  get text(): string {
    return Buffer.concat(this.messages.map(({ file }) => file!.data)).toString();
  }
}

test("no piece of a JSON body is kept once the next one is there", () => {
  const call = new Upload("/put");
  for (const [i, piece] of pieces(Buffer.from('{"name":"abcdefgh"}'), 2).entries()) {
    call.to.data(piece);
    if (i > 0) piece.fill(0);
  }
  call.to.end([]);
  assert.equal(call.messages[0]!.name, "abcdefgh");
});

describe("the pieces of a streamed raw body", () => {
  const text = "0123456789".repeat(5000);

  test("that come together make messages of some size, each complete", () => {
    const call = new Upload("/up/n");
    for (const piece of pieces(Buffer.from(text), 1)) call.to.data(piece);
    call.to.end([]);
    assert.ok(call.messages.length <= 5, `${call.messages.length} messages`);
    assert.equal(call.text, text);
    for (const { name, file } of call.messages) assert.deepEqual([name, file!.contentType], ["n", "image/png"]);
    assert.ok(call.ended);
  });
  test("do not wait for what comes later", async () => {
    const call = new Upload("/up/n");
    call.to.data(Buffer.from("ab"));
    call.to.data(Buffer.from("cd"));
    await immediate();
    assert.deepEqual([call.messages.length, call.text], [1, "abcd"]);
  });
  test("wait where the service does not take them", async () => {
    const call = new Upload("/up/n");
    call.full = true;
    call.to.data(Buffer.alloc(16 * 1024, "a"));
    assert.equal(call.to.data(Buffer.from("b")), false);
    await immediate();
    assert.equal(call.messages.length, 1);
    call.body.resume();
    assert.equal(call.text.at(-1), "b");
  });
  for (const length of [0, -1]) {
    test(`are one, empty, where the body is empty (length ${length})`, () => {
      const call = new Upload("/up/n", length);
      if (length !== 0) call.to.end([]);
      assert.deepEqual(
        call.messages.map(({ name, file }) => [name, file!.contentType, file!.data.length]),
        [["n", "image/png", 0]],
      );
      assert.ok(call.ended);
    });
  }
});
