// Replies of providers that compress unasked: decoded as they come, in order, and failed when they are malformed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createDeflateRaw,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
} from "node:zlib";
import { DecodedReply } from "../../../../src/llm/bytes/decoded-reply.ts";
import { FakeReceiver } from "../../../support/transcoding.ts";

const TEXT = `data: ${JSON.stringify({ text: "Grüße 🦊 ".repeat(3000) })}\n\n`;

/** A receiver that says when something has come. */
class Awaited extends FakeReceiver {
  #wake: () => void = () => undefined;

  override data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    const more = super.data(chunk, release, last);
    this.#wake();
    return more;
  }
  override end(trailers: readonly string[]): void {
    super.end(trailers);
    this.#wake();
  }
  override failed(failure: Parameters<FakeReceiver["failed"]>[0]): void {
    super.failed(failure);
    this.#wake();
  }

  async until(what: () => boolean): Promise<void> {
    while (!what()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
  over(): Promise<void> {
    return this.until(() => this.ended > 0 || this.failure !== null);
  }
}

function replyOf(coding: string | null, maxAhead = 1_000_000): { to: Awaited; reply: DecodedReply } {
  const to = new Awaited();
  const reply = new DecodedReply(to, maxAhead);
  const fields = ["Content-Type", "text/event-stream", "Content-Length", "7"];
  reply.head(200, "OK", coding === null ? fields : [...fields, "Content-Encoding", coding], 7);
  return { to, reply };
}

/** Hands a piece over that is overwritten when it is given back, or at once if it is lent. */
function send(reply: DecodedReply, piece: Buffer, lent: boolean, last = false): void {
  const own = Buffer.from(piece);
  reply.data(own, lent ? null : () => own.fill(0), last);
  if (lent) own.fill(0);
}

describe("a reply", () => {
  for (const [coding, bytes] of [
    ["gzip", gzipSync(TEXT)],
    ["X-GZIP", gzipSync(TEXT)],
    ["br", brotliCompressSync(TEXT)],
    ["deflate", deflateSync(TEXT)],
    ["deflate", deflateRawSync(TEXT)],
  ] as const) {
    test(`in ${coding} is decoded however it is cut, and says nothing of the coding any more`, async () => {
      for (const size of [1, 7, bytes.length]) {
        for (const lent of [true, false]) {
          const { to, reply } = replyOf(coding);
          for (let at = 0; at < bytes.length; at += size) send(reply, bytes.subarray(at, at + size), lent);
          reply.end(["grpc", "x"]);
          await to.over();
          assert.equal(to.text, TEXT);
          assert.deepEqual([to.status, to.length, to.trailers, to.late], [200, -1, ["grpc", "x"], 0]);
          assert.deepEqual(to.fields, ["Content-Type", "text/event-stream"]);
        }
      }
      const { to, reply } = replyOf(coding);
      send(reply, bytes, true, true);
      await to.over();
      assert.equal(to.text, TEXT);
    });
  }

  test("that has no coding, or is `identity`, passes as it is", () => {
    for (const coding of [null, "identity"]) {
      const { to, reply } = replyOf(coding);
      assert.equal(to.length, 7);
      assert.equal(to.field("content-length"), "7");
      assert.ok(reply.data(Buffer.from("abc"), null, false));
      to.full = true;
      assert.ok(!reply.data(Buffer.from("defg"), null, true));
      assert.deepEqual([to.text, to.ended], ["abcdefg", 1]);
    }
  });

  test("without a body passes although it names a coding", () => {
    const to = new FakeReceiver();
    const reply = new DecodedReply(to, 1000);
    reply.head(204, "", ["Content-Encoding", "gzip"], 0);
    reply.end([]);
    assert.deepEqual([to.status, to.length, to.ended], [204, 0, 1]);
  });

  test("that is a stream is passed on event by event", async () => {
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
    for (const [coding, coder] of [
      ["gzip", createGzip()],
      ["deflate", createDeflate()],
      ["deflate", createDeflateRaw()],
      ["br", createBrotliCompress(quality)],
    ] as const) {
      const { to, reply } = replyOf(coding);
      coder.on("data", (chunk: Buffer) => send(reply, chunk, false));
      let wanted = "";
      for (let n = 0; n < 5; n++) {
        const event = `data: {"n":${n}}\n\n`;
        wanted += event;
        coder.write(event);
        coder.flush();
        await to.until(() => to.text === wanted);
      }
      coder.end();
      await once(coder, "end");
      reply.end([]);
      await to.over();
      assert.equal(to.text, wanted);
    }
  });
});

describe("a reply fails once, and nothing follows", () => {
  const fails = async (coding: string, pieces: readonly Buffer[], detail: RegExp, maxAhead?: number, full = false) => {
    const { to, reply } = replyOf(coding, maxAhead);
    to.full = full;
    for (const piece of pieces) send(reply, piece, true);
    reply.end([]);
    await to.over();
    send(reply, gzipSync(TEXT), true, true);
    reply.end([]);
    reply.failed({ code: "upstream_reset", progress: "responding", detail: "" });
    const { code, progress } = to.failure!;
    assert.deepEqual([code, progress, to.late], ["upstream_protocol", "responding", 0]);
    assert.match(to.failure!.detail, detail);
  };

  test("when it is cut, damaged, empty, or of a coding that is not known", async () => {
    const bytes = gzipSync(TEXT);
    await fails("gzip", [bytes.subarray(0, -1)], /malformed/);
    await fails("gzip", [Buffer.from(TEXT)], /malformed/);
    await fails("br", [bytes], /malformed/);
    await fails("deflate", [bytes], /malformed/);
    await fails("gzip", [], /empty/);
    await fails("zstd", [bytes], /unknown/);
    await fails("gzip, gzip", [gzipSync(bytes)], /unknown/);
  });

  test("when it is a bomb for a client that does not read", async () => {
    await fails("gzip", [gzipSync(Buffer.alloc(50_000_000))], /waits for the client/, 1_000_000, true);
    await fails("gzip", [gzipSync(Buffer.from(TEXT), { level: 0 })], /waits to be decoded/, 10_000);
  });

  test("when the backend fails", async () => {
    const { to, reply } = replyOf("gzip");
    send(reply, gzipSync(TEXT).subarray(0, 100), false);
    reply.failed({ code: "upstream_reset", progress: "responding", detail: "x" });
    reply.end([]);
    await new Promise(setImmediate);
    assert.deepEqual([to.failure?.code, to.ended, to.late], ["upstream_reset", 0, 0]);
  });
});
