// A kept body gives every receiver all of it, from the beginning.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BodyReceiver, RequestBody } from "../../../src/core/edges.ts";
import { ReplayBody } from "../../../src/gateway/replay.ts";

class Source implements RequestBody {
  readonly length = 6;
  complete = false;
  bytes = 0;
  receiver: BodyReceiver | null = null;
  resumed = 0;
  limit(): void {}
  start(to: BodyReceiver): void {
    this.receiver = to;
  }
  resume(): void {
    this.resumed++;
  }
}

class Sink implements BodyReceiver {
  text = "";
  pieces = 0;
  ended = false;
  data(chunk: Buffer): boolean {
    this.text += chunk;
    this.pieces++;
    return true;
  }
  end(): void {
    this.ended = true;
  }
}

test("a second receiver gets what the first had, then the rest", () => {
  const source = new Source();
  const body = new ReplayBody(source, 1024);
  const first = new Sink();
  body.start(first);
  source.receiver!.data(Buffer.from("abc"));
  const second = new Sink();
  body.start(second);
  assert.equal(source.resumed, 1);
  source.receiver!.data(Buffer.from("def"));
  source.receiver!.end([]);
  assert.deepEqual([first.text, first.ended], ["abc", false]);
  assert.deepEqual([second.text, second.ended], ["abcdef", true]);
});

test("a receiver that comes after the end gets everything at once", () => {
  const source = new Source();
  const body = new ReplayBody(source, 1024);
  body.start(new Sink());
  source.receiver!.data(Buffer.from("abcdef"));
  source.receiver!.end([]);
  const late = new Sink();
  body.start(late);
  assert.deepEqual([late.text, late.ended], ["abcdef", true]);
});

test("a body that came in many small pieces is kept, and given again, as one", () => {
  const source = new Source();
  const body = new ReplayBody(source, 64 * 1024);
  body.start(new Sink());
  for (let i = 0; i < 10_000; i++) source.receiver!.data(Buffer.of(0x61 + (i % 26)));
  const second = new Sink();
  body.start(second);
  assert.deepEqual([second.text.length, second.text.slice(0, 4), second.pieces], [10_000, "abcd", 1]);
  source.receiver!.data(Buffer.from("..."));
  assert.equal(second.text.slice(-4), `${String.fromCharCode(0x61 + (9999 % 26))}...`);
  const third = new Sink();
  body.start(third);
  assert.equal(third.text, second.text);
});

test("a body that turns out too large is not kept any more", () => {
  const source = new Source();
  const body = new ReplayBody(source, 10);
  body.start(new Sink());
  source.receiver!.data(Buffer.from("12345678"));
  assert.equal(body.replayable, true);
  source.receiver!.data(Buffer.from("90a"));
  assert.equal(body.replayable, false);
});
