// gRPC frames, cut at every position.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameReader, frame } from "../../../../../src/translators/grpc-json/messages/frames.ts";

const messages = ["", "a", "", "hello", "x".repeat(300)].map((text) => Buffer.from(text));
const bytes = Buffer.concat(messages.map(frame));

function read(pieces: readonly Buffer[], maxBytes = 1000): { messages: Buffer[]; whole: boolean } {
  const reader = new FrameReader(maxBytes);
  const found: Buffer[] = [];
  for (const piece of pieces) {
    const borrowed = Buffer.from(piece);
    reader.push(borrowed, (message) => found.push(Buffer.from(message)));
    borrowed.fill(0xee);
  }
  return { messages: found, whole: reader.whole };
}

test("a frame is a flag, a length and the message", () => {
  assert.deepEqual(frame(Buffer.from("ab")), Buffer.from([0, 0, 0, 0, 2, 0x61, 0x62]));
});
test("frames cut in two anywhere", () => {
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.deepEqual(read([bytes.subarray(0, cut), bytes.subarray(cut)]), { messages, whole: true });
  }
});
test("frames cut in three anywhere", () => {
  const short = bytes.subarray(0, 30);
  const expected = read([short]);
  for (let a = 0; a <= short.length; a++) {
    for (let b = a; b <= short.length; b++) {
      assert.deepEqual(read([short.subarray(0, a), short.subarray(a, b), short.subarray(b)]), expected);
    }
  }
});
test("frames in pieces of every size", () => {
  for (let size = 1; size < 20; size++) {
    const pieces: Buffer[] = [];
    for (let i = 0; i < bytes.length; i += size) pieces.push(bytes.subarray(i, i + size));
    assert.deepEqual(read(pieces), { messages, whole: true });
  }
});
test("an empty message is handed over as soon as its prefix is complete", () => {
  assert.equal(read([Buffer.from([0, 0, 0, 0, 0])]).messages.length, 1);
});
test("the end inside of a frame is noticed", () => {
  const one = frame(Buffer.from("abc"));
  for (let cut = 1; cut < one.length; cut++) assert.equal(read([one.subarray(0, cut)]).whole, false);
});
test("a large message in small pieces grows with what arrives", () => {
  const large = Buffer.alloc(200_000, "y");
  const pieces: Buffer[] = [];
  const framed = frame(large);
  for (let i = 0; i < framed.length; i += 999) pieces.push(framed.subarray(i, i + 999));
  assert.deepEqual(read(pieces, 200_000).messages, [large]);
});
test("compressed and too large messages are refused", () => {
  assert.throws(() => read([Buffer.from([1, 0, 0, 0, 0])]), /compressed/);
  assert.throws(() => read([frame(Buffer.alloc(1001))]), /1001 bytes, 1000 allowed/);
  assert.throws(() => read([Buffer.from([0, 0xff, 0xff, 0xff, 0xff])]), /4294967295 bytes/);
});
