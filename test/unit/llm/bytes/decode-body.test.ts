// Content codings of request bodies: decoded within a bound, or refused with the status that says why.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
} from "node:zlib";
import { ACCEPTED_CODINGS, decodeBody } from "../../../../src/llm/bytes/decode-body.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import { gather } from "../../../../src/wire/gathered.ts";
import { SAMPLES } from "../../wire/zstd/sample-texts.ts";

const TEXT = Buffer.from(
  JSON.stringify({ model: "m", messages: Array(500).fill({ role: "user", content: "Grüße 🦊" }) }),
);
const MANY = 10_000_000;

/** Coding → ways to apply it. */
const CODERS: Readonly<Record<string, ((bytes: Buffer) => Buffer)[]>> = {
  gzip: [gzipSync, (bytes) => Buffer.concat([gzipSync(bytes.subarray(0, 9)), gzipSync(bytes.subarray(9))])],
  "x-gzip": [gzipSync],
  br: [brotliCompressSync],
  deflate: [deflateSync, deflateRawSync, (bytes) => deflateRawSync(bytes, { level: 0 })],
};

/** @returns status and message of the refusal */
async function refusal(body: Buffer, encoding: string, maxBytes = MANY): Promise<[number, string]> {
  try {
    await decodeBody(body, encoding, maxBytes);
  } catch (error) {
    assert.ok(error instanceof LlmError, String(error));
    return [error.fault.status, error.fault.message];
  }
  return assert.fail(`${encoding} was decoded`);
}

describe("a body is decoded", () => {
  for (const [coding, coders] of Object.entries(CODERS)) {
    test(`of ${coding}, exactly up to the bound`, async () => {
      for (const coder of coders) {
        assert.ok((await decodeBody(coder(TEXT), coding, TEXT.length)).equals(TEXT));
        const [status, message] = await refusal(coder(TEXT), coding.toUpperCase(), TEXT.length - 1);
        assert.equal(status, 413);
        assert.match(message, /more than \d+ bytes when it is decoded/);
      }
    });
  }

  test("of zstd", async () => {
    const { name, frames } = SAMPLES[2]!;
    const body = readFileSync(`test/unit/wire/zstd/samples/${name}.zst`);
    const text = frames[0]!.text();
    assert.ok((await decodeBody(body, "zstd", text.length)).equals(text));
    assert.equal((await refusal(body, "zstd", text.length - 1))[0], 413);
    assert.deepEqual(await refusal(body.subarray(1), "zstd"), [400, "The request body is not valid zstd"]);
  });

  test("of two codings, the last one first, and `identity` is none", async () => {
    const body = brotliCompressSync(gzipSync(TEXT));
    for (const encoding of ["gzip, br", "GZIP,Br", "identity, gzip, identity, br", ",gzip,,br"]) {
      assert.ok((await decodeBody(body, encoding, MANY)).equals(TEXT), encoding);
    }
    assert.deepEqual(await refusal(body, "br, gzip"), [400, "The request body is not valid gzip"]);
  });

  test("of none as it is, and an empty one too", async () => {
    for (const encoding of ["", "identity", " , "]) assert.equal(await decodeBody(TEXT, encoding, 1), TEXT);
    const empty = Buffer.alloc(0);
    assert.equal(await decodeBody(empty, "gzip", 1), empty);
  });
});

describe("a body is refused", () => {
  test("whose coding is not known, before anything is decoded, naming it and those that are", async () => {
    for (const [encoding, what] of [
      ["compress", 'The content coding "compress" is'],
      ["gzip, aes128gcm", 'The content coding "aes128gcm" is'],
      ['"><script>', "The content coding is"],
      ["gzip, gzip, gzip", "More than 2 content codings are"],
    ] as const) {
      const wanted = `${what} not supported; use one of: ${ACCEPTED_CODINGS}`;
      assert.deepEqual(await refusal(Buffer.from("x"), encoding), [415, wanted]);
    }
  });

  test("that is cut, damaged, of another coding, or has bytes behind its end", async () => {
    for (const [coding, coders] of Object.entries(CODERS)) {
      for (const coder of coders) {
        const body = coder(TEXT);
        for (const bad of [
          body.subarray(0, body.length - 1),
          body.subarray(0, body.length >> 1),
          body.subarray(1),
          Buffer.concat([body, Buffer.from("x")]),
          TEXT,
        ]) {
          assert.deepEqual(await refusal(bad, coding), [400, `The request body is not valid ${coding}`]);
        }
      }
    }
  });

  test("that is a bomb, at the bound: of one coding and of two", async () => {
    const mebibyte = Buffer.alloc(1_048_576);
    const gzip = createGzip({ level: 1 });
    const brotli = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
    for (const [coding, coder] of [
      ["gzip", gzip],
      ["br", brotli],
    ] as const) {
      const bomb = gather(coder, MANY, () => new Error("no bomb"));
      for (let i = 0; i < 200; i++) coder.write(mebibyte);
      coder.end();
      const body = await bomb;
      const before = process.memoryUsage().arrayBuffers;
      assert.equal((await refusal(body, coding, 1_000_000))[0], 413);
      assert.equal((await refusal(gzipSync(body), `${coding}, gzip`, 1_000_000))[0], 413);
      assert.ok(process.memoryUsage().arrayBuffers - before < 16_000_000);
    }
  });
});
