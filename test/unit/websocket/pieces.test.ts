// Payload in small pieces is joined before it is read; nothing else waits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PayloadPieces } from "../../../src/websocket/pieces.ts";
import { frame, OPCODES } from "../../support/websocket.ts";

/** What passes at each chunk. */
function passed(bytes: Buffer, size: number): Buffer[] {
  const pieces = new PayloadPieces();
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = pieces.push(Buffer.from(bytes.subarray(at, at + size)));
    if (piece !== null) out.push(piece);
  }
  return out;
}

const STREAM = Buffer.concat([
  frame(OPCODES.text, "hello"),
  frame(OPCODES.ping, "p", { mask: null }),
  frame(OPCODES.binary, Buffer.alloc(300, 1), { fin: false }),
  frame(OPCODES.more, Buffer.alloc(70_000, 2)),
  frame(OPCODES.text, ""),
  frame(OPCODES.close),
]);

test("all bytes pass, in order, however they are cut", () => {
  for (const size of [1, 2, 3, 7, 16, 100, 1000, 16_000, 16_384, 50_000, STREAM.length]) {
    assert.deepEqual(Buffer.concat(passed(STREAM, size)), STREAM, `pieces of ${size}`);
  }
});

test("a frame passes with its last byte, its header byte by byte", () => {
  const pieces = new PayloadPieces();
  const bytes = frame(OPCODES.text, "hello");
  const passes = [...bytes].map((byte) => pieces.push(Buffer.of(byte))?.length ?? 0);
  assert.deepEqual(passes, [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 5]);
});

test("a payload of a mebibyte in pieces of one or sixteen bytes is read in 64 of them", () => {
  const bytes = frame(OPCODES.binary, Buffer.alloc(1024 * 1024));
  const header = bytes.length - 1024 * 1024;
  assert.equal(passed(bytes, 1).length, header + 64);
  assert.ok(passed(bytes, 16).length <= 1 + 64);
});

test("large pieces pass as they are", () => {
  const bytes = frame(OPCODES.binary, Buffer.alloc(1024 * 1024));
  const chunk = bytes.subarray(0, 65_536);
  const pieces = new PayloadPieces();
  assert.equal(pieces.push(chunk), chunk);
  assert.equal(pieces.push(chunk), chunk);
});
