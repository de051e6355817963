// The chunked coding: every message gives the same payload however it is cut, and nothing malformed passes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkedDecoder } from "../../../src/wire/chunked.ts";
import { ProtocolError } from "../../../src/wire/response-head.ts";

interface Decoded {
  readonly payload: string;
  readonly trailers: readonly string[];
  readonly done: boolean;
  /** Bytes after the end of the body. */
  readonly rest: number;
}

/** Decodes `text`, handed over in pieces that end at `cuts`. */
function decode(text: string, cuts: readonly number[] = []): Decoded {
  const decoder = new ChunkedDecoder();
  const bytes = Buffer.from(text, "latin1");
  let payload = "";
  let pos = 0;
  for (const end of [...cuts, bytes.length]) {
    // The decoder must not need what came before: each piece is a buffer of its own.
    const piece = Buffer.from(bytes.subarray(pos, end));
    let at = 0;
    while (at < piece.length && !decoder.done) {
      const next = decoder.next(piece, at, piece.length);
      assert.ok(next > at, "the decoder moves on");
      payload += piece.toString("latin1", decoder.dataStart, decoder.dataEnd);
      at = next;
    }
    pos += at;
    if (decoder.done) break;
  }
  return { payload, trailers: decoder.trailers, done: decoder.done, rest: bytes.length - pos };
}

const good: { name: string; text: string; payload: string; trailers?: string[]; rest?: number }[] = [
  { name: "an empty body", text: "0\r\n\r\n", payload: "" },
  { name: "one chunk", text: "5\r\nhello\r\n0\r\n\r\n", payload: "hello" },
  { name: "several chunks", text: "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n", payload: "abcdef" },
  {
    name: "sizes in either case",
    text: `a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n`,
    payload: "01234567890123456789a",
  },
  { name: "leading zeros", text: "0005\r\nhello\r\n000\r\n\r\n", payload: "hello" },
  { name: "payload that looks like framing", text: "7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", payload: "0\r\n\r\n\r\n" },
  { name: "an extension", text: "5;name=value\r\nhello\r\n0;last\r\n\r\n", payload: "hello" },
  { name: "a quoted extension", text: '5;a="x y";b\r\nhello\r\n0\r\n\r\n', payload: "hello" },
  {
    name: "trailers",
    text: "1\r\na\r\n0\r\nX-Sum: 9\r\nY:z\r\n\r\n",
    payload: "a",
    trailers: ["X-Sum", "9", "Y", "z"],
  },
  { name: "bytes of the next message", text: "1\r\na\r\n0\r\n\r\nHTTP/1.1", payload: "a", rest: 8 },
];

for (const { name, text, payload, trailers = [], rest = 0 } of good) {
  test(`${name}: whole, cut once anywhere, and byte by byte`, () => {
    const expected: Decoded = { payload, trailers, done: true, rest };
    assert.deepEqual(decode(text), expected);
    for (let cut = 1; cut < text.length; cut++) assert.deepEqual(decode(text, [cut]), expected, `cut at ${cut}`);
    const each = Array.from({ length: text.length - 1 }, (_, i) => i + 1);
    assert.deepEqual(decode(text, each), expected);
  });
}

test("a body is not done before its last byte", () => {
  const text = "5;x=1\r\nhello\r\n0\r\nX: y\r\n\r\n";
  for (let end = 0; end < text.length; end++) assert.equal(decode(text.slice(0, end)).done, false, `after ${end}`);
});

const SIZES = [
  "",
  " 1",
  "1 ",
  "\t1",
  "1\t",
  "-1",
  "+1",
  "0x1",
  "g",
  "1g",
  "1.",
  "1_",
  "\x0b1",
  "1\x0c",
  "\xff",
  "1,1",
  "1\0",
];
const bad: { name: string; text: string }[] = [
  ...SIZES.map((size) => ({ name: `the size ${JSON.stringify(size)}`, text: `${size}\r\na\r\n0\r\n\r\n` })),
  { name: "a size of 12 digits", text: "100000000000\r\na" },
  { name: "a size that overflows 64 bits", text: "10000000000000001\r\na" },
  { name: "zeros without end", text: `${"0".repeat(64)}\r\n\r\n` },
  { name: "a size line ended by LF", text: "1\na\r\n0\r\n\r\n" },
  { name: "a size line ended by CR", text: "1\ra\r\n0\r\n\r\n" },
  { name: "CR CR LF after the size", text: "1\r\r\na\r\n0\r\n\r\n" },
  { name: "payload longer than its size", text: "1\r\nab\r\n0\r\n\r\n" },
  { name: "payload ended by LF", text: "1\r\na\n0\r\n\r\n" },
  { name: "payload ended by CR", text: "1\r\na\r0\r\n\r\n" },
  { name: "no line end after payload", text: "1\r\na0\r\n\r\n" },
  { name: "an extension ended by LF", text: "1;a\na\r\n0\r\n\r\n" },
  { name: "a bare CR in an extension", text: "1;a\rb\r\na\r\n0\r\n\r\n" },
  { name: "NUL in an extension", text: "1;a\0b\r\na\r\n0\r\n\r\n" },
  { name: "a blank before the extension", text: "1 ;a\r\na\r\n0\r\n\r\n" },
  { name: "an empty extension", text: "1;\r\na\r\n0\r\n\r\n" },
  { name: "an extension that is no token", text: "1;a(b\r\na\r\n0\r\n\r\n" },
  { name: "a trailer with a blank before its colon", text: "0\r\nX : y\r\n\r\n" },
  { name: "a folded trailer", text: "0\r\nX: y\r\n z\r\n\r\n" },
  { name: "a trailer without colon", text: "0\r\nX\r\n\r\n" },
  { name: "a trailer ended by LF", text: "0\r\nX: y\n\r\n\r\n" },
  { name: "a control byte in a trailer", text: "0\r\nX: \x01\r\n\r\n" },
  { name: "extensions beyond 16 KiB", text: `1;${"a".repeat(17_000)}` },
  { name: "trailers beyond 16 KiB", text: `0\r\nX: ${"a".repeat(17_000)}` },
];

test("extensions are bounded chunk by chunk, so that a long stream with short ones goes on", () => {
  assert.doesNotThrow(() => decode(`${`1;${"a".repeat(99)}\r\na\r\n`.repeat(200)}0\r\n\r\n`));
});

test("a chunked body that breaks the grammar is refused, whole and cut anywhere", async (t) => {
  for (const { name, text } of bad) {
    await t.test(name, () => {
      assert.throws(() => decode(text), ProtocolError);
      const cuts = Math.min(text.length, 40);
      for (let cut = 1; cut < cuts; cut++) assert.throws(() => decode(text, [cut]), ProtocolError, `cut at ${cut}`);
    });
  }
});

test("payload is reported where it lies, not copied", () => {
  const bytes = Buffer.from("5\r\nhello\r\n0\r\n\r\n");
  const decoder = new ChunkedDecoder();
  assert.equal(decoder.next(bytes, 0, bytes.length), 8);
  assert.deepEqual([decoder.dataStart, decoder.dataEnd], [3, 8]);
});
