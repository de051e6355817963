// Bytes collected in one buffer: the same bytes however they come, at a cost that follows the bytes and not the pieces.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { Gathered, gather } from "../../../src/wire/gathered.ts";

test("gives back what was added, and begins anew behind that", () => {
  const gathered = new Gathered();
  assert.equal(gathered.take().length, 0);
  for (const piece of ["a", "", "bcd", "efghijklmnop"]) gathered.add(Buffer.from(piece));
  assert.deepEqual([gathered.length, String(gathered.bytes)], [16, "abcdefghijklmnop"]);
  const taken = gathered.take();
  gathered.add(Buffer.from("xyz"));
  assert.deepEqual([String(taken), String(gathered.take()), gathered.length], ["abcdefghijklmnop", "xyz", 0]);
});

test("copies what it is lent, and keeps a first piece that is its own", () => {
  const lent = Buffer.from("abc");
  const gathered = new Gathered();
  gathered.add(lent);
  lent.fill(0);
  assert.equal(String(gathered.take()), "abc");
  const own = Buffer.from("def");
  gathered.add(own, true);
  assert.equal(gathered.bytes.buffer, own.buffer);
  gathered.add(Buffer.from("ghi"), true);
  assert.equal(String(gathered.take()), "defghi");
  assert.equal(String(own), "def");
});

test("room for all that is expected is made once a thirty-second has come, and not before", () => {
  const expected = 100_000;
  const piece = Buffer.alloc(1000);
  const gathered = new Gathered(expected);
  const rooms = new Set<number>();
  while (gathered.length < expected) {
    gathered.add(piece);
    const room = gathered.bytes.buffer.byteLength;
    if (room >= expected) assert.ok(gathered.length >= expected / 32);
    rooms.add(room);
  }
  assert.equal(Math.max(...rooms), expected);
  gathered.add(piece); // more than was expected
  assert.equal(gathered.take().length, expected + piece.length);
});

test("what was looked at stays as it was while more is added", () => {
  const gathered = new Gathered();
  gathered.add(Buffer.from("ab"));
  gathered.add(Buffer.from("c"));
  const seen = gathered.bytes;
  for (let i = 0; i < 100; i++) gathered.add(Buffer.from("d"));
  assert.equal(String(seen), "abc");
});

test("a hundred thousand pieces of one byte move each byte less than three times and need less than twice the room", () => {
  let copied = 0;
  class Counted extends Gathered {
    override add(piece: Buffer): void {
      const { buffer } = this.bytes;
      const { length } = this;
      super.add(piece);
      copied += piece.length + (this.bytes.buffer === buffer ? 0 : length);
    }
  }
  const gathered = new Counted();
  const bytes = 100_000;
  for (let i = 0; i < bytes; i++) gathered.add(Buffer.of(i & 255));
  assert.ok(copied < 3 * bytes, `${copied} bytes copied`);
  assert.ok(gathered.bytes.buffer.byteLength < 2 * bytes, `${gathered.bytes.buffer.byteLength} bytes of room`);
});

test("bytes that were dropped make no room, and what is left stays in order", (t) => {
  const gathered = new Gathered();
  let copied = 0;
  const { copy } = Buffer.prototype;
  t.mock.method(Buffer.prototype, "copy", function (this: Buffer, ...args: Parameters<Buffer["copy"]>) {
    const bytes = copy.apply(this, args);
    copied += bytes;
    return bytes;
  });
  const text = "0123456789".repeat(10_000);
  for (let at = 0; at < text.length; at += 2) {
    gathered.add(Buffer.from(text.slice(at, at + 2)), true);
    if (at >= 50) gathered.skip(2);
  }
  assert.equal(gathered.bytes.toString(), text.slice(-50));
  assert.ok(copied < 4 * text.length, `${copied} bytes copied`);
  gathered.skip(50);
  assert.deepEqual([gathered.length, gathered.bytes.length], [0, 0]);
});
test("a piece that was kept as it is stays so when a part of it is dropped", () => {
  const gathered = new Gathered();
  const first = Buffer.from("abcdef");
  gathered.add(first, true);
  gathered.skip(5);
  for (const text of ["g", "hi", "jkl"]) gathered.add(Buffer.from(text));
  assert.equal(gathered.bytes.toString(), "fghijkl");
  assert.equal(first.toString(), "abcdef");
});

test("reads a source to its end, and gives up one that is too large", async () => {
  const source = (...pieces: readonly string[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)));
  const tooLarge = () => new Error("too large");
  assert.equal(String(await gather(source("ab", "cd"), 4, tooLarge)), "abcd");
  assert.equal((await gather(source(), 0, tooLarge)).length, 0);
  const large = source("ab", "cd", "e");
  await assert.rejects(gather(large, 4, tooLarge), /^Error: too large$/);
  assert.ok(large.destroyed);
});
