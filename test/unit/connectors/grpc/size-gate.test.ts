// The gate that follows message lengths: the same verdict however the bytes are cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SizeGate } from "../../../../src/connectors/grpc/size-gate.ts";

function framed(...lengths: number[]): Buffer {
  return Buffer.concat(
    lengths.map((length) => {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(length, 1);
      return Buffer.concat([prefix, Buffer.alloc(length, 0xff)]);
    }),
  );
}

function admits(maxBytes: number, chunks: readonly Buffer[]): boolean {
  const gate = new SizeGate(maxBytes);
  return chunks.every((chunk) => gate.admits(chunk));
}

const cases: readonly (readonly [string, number, Buffer, boolean])[] = [
  ["messages at the limit", 10, framed(10, 10, 10), true],
  ["empty messages", 10, framed(0, 0, 3, 0), true],
  ["one byte too many, behind others", 10, framed(10, 0, 11), false],
  ["a length of 2^32 - 1", 2 ** 31, Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), false],
  ["a compressed message", 10, Buffer.from([1, 0, 0, 0, 2, 7, 7]), true],
  ["an end inside of a prefix", 10, Buffer.from([0, 0, 0, 0]), true],
  ["an end inside of a message", 10, Buffer.from([0, 0, 0, 0, 9, 1]), true],
  ["nothing", 10, Buffer.alloc(0), true],
];

for (const [name, maxBytes, bytes, expected] of cases) {
  test(`${name}: ${expected ? "admitted" : "refused"}, at every cut`, () => {
    assert.equal(admits(maxBytes, [bytes]), expected);
    assert.equal(
      admits(
        maxBytes,
        [...bytes].map((byte) => Buffer.from([byte])),
      ),
      expected,
    );
    for (let i = 0; i <= bytes.length; i++) {
      for (let j = i; j <= bytes.length; j++) {
        const cut = [bytes.subarray(0, i), bytes.subarray(i, j), bytes.subarray(j)];
        assert.equal(admits(maxBytes, cut), expected, `cut at ${i} and ${j}`);
      }
    }
  });
}

test("refuses at the last byte of the prefix, before any byte of the message", () => {
  const gate = new SizeGate(10);
  assert.equal(gate.admits(Buffer.from([0, 0, 0, 0])), true);
  assert.equal(gate.admits(Buffer.from([11])), false);
});
