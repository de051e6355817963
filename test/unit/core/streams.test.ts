// The one clock of all open streams, and how they are asked to leave.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type OpenStream, OpenStreams } from "../../../src/core/streams.ts";

function stream(kind: OpenStream["kind"] = "sse"): OpenStream & { ticks: number[]; left: number } {
  const ticks: number[] = [];
  return {
    kind,
    ticks,
    left: 0,
    tick: (now) => void ticks.push(now),
    leave() {
      this.left++;
    },
  };
}

describe("open streams", () => {
  test("are counted by kind", () => {
    const streams = new OpenStreams(() => 0);
    const open = [stream("sse"), stream("websocket"), stream("sse")];
    for (const one of open) streams.add(one);
    assert.deepEqual([streams.count("sse"), streams.count("websocket"), streams.count("grpc")], [2, 1, 0]);
    for (const one of open) streams.remove(one);
    assert.equal(streams.count("sse"), 0);
  });
  test("tell the true time while none is open, however long that is", () => {
    let now = 5;
    const streams = new OpenStreams(() => now);
    const first = stream();
    streams.add(first);
    streams.remove(first);
    now = 100_000;
    assert.equal(streams.now, 100_000);
  });
  test("tick every second with the time, all with the same, and stop when the last has gone", (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    let now = 0;
    const streams = new OpenStreams(() => now);
    const [a, b] = [stream(), stream()];
    streams.add(a);
    streams.add(b);
    now = 1000;
    t.mock.timers.tick(1000);
    streams.remove(b);
    now = 2000;
    t.mock.timers.tick(1000);
    streams.remove(a);
    t.mock.timers.tick(5000);
    assert.deepEqual([a.ticks, b.ticks, streams.size], [[1000, 2000], [1000], 0]);
  });
  test("leave within the time given, but for those that have gone before their turn", (t) => {
    t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
    const streams = new OpenStreams(() => 0);
    const all = Array.from({ length: 20 }, stream);
    for (const one of all) streams.add(one);
    streams.leave(1000);
    streams.remove(all[0]!);
    t.mock.timers.tick(1000);
    assert.deepEqual(
      all.map((one) => one.left),
      [0, ...Array.from({ length: 19 }, () => 1)],
    );
  });
});
