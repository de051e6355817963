// How many resets leave, and when a connection should be replaced.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ClientHttp2Stream } from "node:http2";
import { test } from "node:test";
import { ResetPacer } from "../../../src/connectors/http2/reset-pacer.ts";

/** As much of a stream as a reset needs. */
class FakeStream extends EventEmitter {
  closed = false;
  destroyed = false;
  writableEnded = true;
  end(): this {
    return this;
  }
  resume(): this {
    return this;
  }
  close(): void {
    this.closed = true;
    this.emit("close");
  }
}

function streams(count: number): (FakeStream & ClientHttp2Stream)[] {
  return Array.from({ length: count }, () => new FakeStream() as FakeStream & ClientHttp2Stream);
}

const closed = (all: readonly FakeStream[]) => all.filter((stream) => stream.closed).length;

test("in any 30 s fewer than 200 resets leave, and in the end all of them", () => {
  const pacer = new ResetPacer();
  const all = streams(1000);
  for (const stream of all) pacer.reset(stream);
  const sent = [closed(all)];
  for (let second = 1; sent.at(-1)! < all.length; second++) {
    assert.ok(second < 1000, "all are sent");
    pacer.tick();
    sent.push(closed(all));
    assert.ok(sent[second]! - (sent[second - 30] ?? 0) < 200, `second ${second}`);
  }
});

test("says when another connection should take the place of this one", () => {
  const pacer = new ResetPacer();
  for (const stream of streams(99)) pacer.reset(stream);
  assert.equal(pacer.many, false);
  for (const stream of streams(1)) pacer.reset(stream);
  assert.equal(pacer.many, true);
});

test("resets that come slowly add up, too", () => {
  const pacer = new ResetPacer();
  let sent = 0;
  for (; !pacer.many; sent++) {
    for (const stream of streams(1)) pacer.reset(stream);
    pacer.tick();
  }
  assert.equal(sent, 400);
});

test("a stream that ends while it waits is reset no more", () => {
  const pacer = new ResetPacer();
  for (const stream of streams(110)) pacer.reset(stream);
  const [late] = streams(1);
  pacer.reset(late!);
  assert.equal(late!.closed, false);
  late!.emit("close");
  pacer.tick();
  assert.equal(late!.closed, false);
});
