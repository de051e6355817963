// What may pass of a message that is not complete: nothing of a small one, everything of a large one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageGate } from "../../../../src/translators/grpc-web/message-gate.ts";
import { framed } from "../../../support/http2-backend.ts";

const MESSAGES = [framed("abc"), framed(""), framed("d"), framed("efghij")];
const BYTES = Buffer.concat(MESSAGES);

/** Bytes of the messages that are complete within the first `count` bytes. */
function wholeWithin(count: number): Buffer {
  let end = 0;
  for (const { length } of MESSAGES) {
    if (end + length > count) break;
    end += length;
  }
  return BYTES.subarray(0, end);
}

test("whole messages pass, as they are and wherever they are cut; the beginning of the next waits for its end", () => {
  for (let first = 0; first <= BYTES.length; first++) {
    for (let second = first; second <= BYTES.length; second++) {
      const gate = new MessageGate();
      const passed = [gate.push(BYTES.subarray(0, first)), gate.push(BYTES.subarray(first, second))];
      assert.deepEqual(Buffer.concat(passed), wholeWithin(second), `cut at ${first} and ${second}`);
      assert.equal(gate.whole, wholeWithin(second).length === second);
      passed.push(gate.push(BYTES.subarray(second)));
      assert.deepEqual(Buffer.concat(passed), BYTES);
      assert.deepEqual([gate.whole, gate.holds, gate.open], [true, false, false]);
    }
  }
});

test("a chunk of whole messages is not copied", () => {
  const gate = new MessageGate();
  const chunk = Buffer.from(BYTES);
  assert.equal(gate.push(chunk).buffer, chunk.buffer);
  assert.equal(gate.push(chunk).byteOffset, chunk.byteOffset);
});

test("a large message passes as it comes, from its prefix on", () => {
  const large = framed(Buffer.alloc(100_000, 1));
  for (const cut of [1, 4, 5, 6, 1000]) {
    const gate = new MessageGate();
    const passed = [gate.push(framed("x")), gate.push(large.subarray(0, cut)), gate.push(large.subarray(cut, 2000))];
    assert.deepEqual(Buffer.concat(passed), Buffer.concat([framed("x"), large.subarray(0, 2000)]), `cut at ${cut}`);
    assert.equal(gate.open, true);
    passed.push(gate.push(Buffer.concat([large.subarray(2000), framed("yz").subarray(0, 6)])));
    assert.deepEqual(Buffer.concat(passed), Buffer.concat([framed("x"), large]));
    assert.deepEqual([gate.open, gate.holds, gate.whole], [false, true, false]);
  }
});
