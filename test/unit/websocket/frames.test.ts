// The frame tracker follows any sequence of frames, cut anywhere; the frames the gateway makes itself are what they say.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { closeFrame, FrameTracker, MASKED_PING, PING } from "../../../src/websocket/frames.ts";
import { closing, frame, noise, OPCODES, takeFrames } from "../../support/websocket.ts";

const UNMASKED = { mask: null };

function fed(...chunks: readonly Buffer[]): FrameTracker {
  const tracker = new FrameTracker();
  for (const chunk of chunks) tracker.feed(chunk);
  return tracker;
}

function facts(t: FrameTracker) {
  return { messages: t.messages, closed: t.closed, closeCode: t.closeCode, lost: t.lost, between: t.between };
}

for (const mask of [Buffer.from([9, 8, 7, 6]), null]) {
  const options = { mask };
  const frames = [
    frame(OPCODES.text, "hello", options),
    frame(OPCODES.binary, "", options),
    frame(OPCODES.text, "frag", { mask, fin: false }),
    frame(OPCODES.ping, "x", options),
    frame(OPCODES.more, noise(126), { mask, fin: false }),
    frame(OPCODES.pong, "", options),
    frame(OPCODES.more, "end", options),
    frame(OPCODES.binary, noise(300), options),
    frame(OPCODES.close, closing(4321, "bye"), options),
  ];
  const whole = Buffer.concat(frames);
  const expected = { messages: 4, closed: true, closeCode: 4321, lost: false, between: true };

  describe(`frames ${mask === null ? "without" : "with"} a mask`, () => {
    test("are followed whatever the place of one cut", () => {
      for (let cut = 0; cut <= whole.length; cut++) {
        assert.deepEqual(facts(fed(whole.subarray(0, cut), whole.subarray(cut))), expected, `cut at ${cut}`);
      }
    });

    test("are followed whatever the size of the pieces", () => {
      for (let size = 1; size <= 40; size++) {
        const tracker = new FrameTracker();
        for (let at = 0; at < whole.length; at += size) tracker.feed(whole.subarray(at, at + size));
        assert.deepEqual(facts(tracker), expected, `pieces of ${size}`);
      }
    });

    test("leave room for another only where one ends", () => {
      const ends = new Set<number>([0]);
      let at = 0;
      for (const f of frames) ends.add((at += f.length));
      const tracker = new FrameTracker();
      assert.equal(tracker.between, true);
      for (let i = 0; i < whole.length; i++) {
        tracker.feed(whole.subarray(i, i + 1));
        assert.equal(tracker.between, ends.has(i + 1), `after byte ${i}`);
      }
    });

    test("of 65536 bytes and more are followed without keeping them", () => {
      const large = frame(OPCODES.binary, noise(70_000), options);
      const tracker = fed(large.subarray(0, 9), large.subarray(9, 40_000));
      assert.equal(tracker.between, false);
      tracker.feed(Buffer.concat([large.subarray(40_000), frame(OPCODES.text, "x", options)]));
      assert.deepEqual(facts(tracker), { ...expected, messages: 2, closed: false, closeCode: 0 });
    });

    test("may announce more than 4 GiB", () => {
      const head = frame(OPCODES.binary, "", { mask, length: 5 * 2 ** 32 });
      const tracker = fed(head, noise(1000));
      assert.deepEqual([tracker.lost, tracker.between, tracker.messages], [false, false, 1]);
    });

    test("that say goodbye without a code are 1005", () => {
      assert.equal(fed(frame(OPCODES.close, "", options)).closeCode, 1005);
      assert.equal(fed(frame(OPCODES.close, "x", options)).closeCode, 1005);
    });

    test("after which no code came yet have none of their own", () => {
      const close = frame(OPCODES.close, closing(1001), options);
      const tracker = fed(close.subarray(0, close.length - 1));
      assert.deepEqual([tracker.closed, tracker.closeCode, tracker.between], [true, 1005, false]);
      tracker.feed(close.subarray(close.length - 1));
      assert.deepEqual([tracker.closed, tracker.closeCode, tracker.between], [true, 1001, true]);
    });
  });
}

test("a length nobody can mean makes the direction lost, for good", () => {
  const tracker = fed(Buffer.concat([Buffer.from([0x82, 0x7f]), Buffer.alloc(8, 0xff)]));
  assert.deepEqual([tracker.lost, tracker.between], [true, false]);
  tracker.feed(frame(OPCODES.close, closing(1000), UNMASKED));
  assert.deepEqual([tracker.lost, tracker.between, tracker.closed], [true, false, false]);
});

test("2^53 bytes are the most that is believed", () => {
  assert.equal(fed(Buffer.from([0x82, 0x7f, 0, 0x1f, 255, 255, 255, 255, 255, 255])).lost, false);
  assert.equal(fed(Buffer.from([0x82, 0x7f, 0, 0x20, 0, 0, 0, 0, 0, 0])).lost, true);
});

describe("frames of the gateway", () => {
  test("are pings without content, masked towards a backend", () => {
    for (const [bytes, masked] of [
      [PING, false],
      [MASKED_PING, true],
    ] as const) {
      const { frames, rest } = takeFrames(bytes);
      assert.deepEqual([frames.length, rest.length], [1, 0]);
      assert.deepEqual(frames[0], { opcode: OPCODES.ping, fin: true, masked, payload: Buffer.alloc(0) });
    }
  });

  for (const masked of [false, true]) {
    test(`are close frames with code and reason, ${masked ? "masked" : "unmasked"}`, () => {
      for (const [code, reason] of [
        [1001, ""],
        [1012, "service restart"],
        [4999, "ü"],
      ] as const) {
        const { frames, rest } = takeFrames(closeFrame(code, reason, masked));
        assert.equal(rest.length, 0);
        assert.deepEqual(frames, [{ opcode: OPCODES.close, fin: true, masked, payload: closing(code, reason) }]);
      }
    });
  }

  test("never exceed what a control frame holds", () => {
    const { frames } = takeFrames(closeFrame(1000, "x".repeat(500), false));
    assert.equal(frames[0]!.payload.length, 125);
  });
});
