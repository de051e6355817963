// Streams taken up again: whole events only, whatever the cuts, and memory of where to go on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createParser } from "eventsource-parser";
import type { EventStreamRule } from "../../../src/core/route.ts";
import { ResumedEvents } from "../../../src/gateway/resumed-events.ts";
import { request } from "../../support/routes.ts";
import { PLAIN_EVENTS } from "../../support/scripted-request.ts";

const RULE: EventStreamRule = { ...PLAIN_EVENTS, maxRetries: 2, retryMs: 50 };

function fresh() {
  const ctx = request("/events");
  return { ctx, events: new ResumedEvents(ctx, RULE) };
}

function take(events: ResumedEvents, text: string | Buffer): string {
  return events.take(Buffer.from(text))?.toString() ?? "";
}

/** What an EventSource makes of a stream. */
function parsed(text: string): unknown[] {
  const found: unknown[] = [];
  createParser({ onEvent: (event) => found.push({ ...event }), onRetry: (retry) => found.push({ retry }) }).feed(text);
  return found;
}

const STREAM = "retry: 70\nid: 1\ndata: a\n\nevent: ping\ndata: b\ndata: ü🦊\n\n: note\n\nid: 3\ndata:\n\n";

test("a stream means the same behind it, in whichever pieces and with whichever line ends it comes", () => {
  const meant = parsed(STREAM);
  assert.equal(meant.length, 4);
  for (const ending of ["\n", "\r\n", "\r"]) {
    // A CR at the very end may be half of a line end: what it completes shows with the next line.
    const bytes = Buffer.from(`${STREAM.replaceAll("\n", ending)}${ending === "\r" ? ":\r" : ""}`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { ctx, events } = fresh();
      const text = take(events, bytes.subarray(0, cut)) + take(events, bytes.subarray(cut));
      assert.deepEqual(parsed(text), meant, `${JSON.stringify(ending)} cut at ${cut}`);
      assert.equal(ctx.lastEventId, "3");
    }
    const { events } = fresh();
    assert.deepEqual(parsed([...bytes].map((byte) => take(events, Buffer.of(byte))).join("")), meant);
  }
});

test("half an event is kept until the rest comes, and forgotten when the backend is lost", () => {
  const { events } = fresh();
  assert.equal(take(events, "id: 1\ndata: a\n\nid: 2\nda"), "id: 1\ndata: a\n\n");
  events.begin();
  assert.equal(take(events, "id: 2\ndata: b\n\n"), "id: 2\ndata: b\n\n");
});

test("a letter cut by the loss of the backend leaves nothing in the stream of the next", () => {
  const { events } = fresh();
  take(events, "id: 1\ndata: a\n\n");
  take(events, Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xf0, 0x9f]));
  events.begin();
  assert.equal(take(events, "id: 2\ndata: b\n\n"), "id: 2\ndata: b\n\n");
});

test("an event that is repeated after a reconnect is left out, once it is the one asked for", () => {
  const { events } = fresh();
  take(events, "id: 7\ndata: a\n\n");
  events.begin();
  assert.equal(
    take(events, "id: 7\ndata: a\n\nid: 8\ndata: b\n\nid: 7\ndata: again\n\n"),
    "id: 8\ndata: b\n\nid: 7\ndata: again\n\n",
  );
});

test("a stream without ids, or whose last id is empty, is not taken up again", () => {
  const { events } = fresh();
  take(events, "data: a\n\n");
  assert.equal(events.mayResume(), false);
  take(events, "id: 1\ndata: a\n\n");
  assert.equal(events.mayResume(), true);
  take(events, "id\ndata: a\n\n");
  assert.equal(events.mayResume(), false);
});

test("tries are counted in a row: an event starts the count anew, a heartbeat of the backend does not", () => {
  const { events } = fresh();
  take(events, "id: 1\ndata: a\n\n");
  events.wait();
  events.begin();
  take(events, ": ping\n\n");
  events.wait();
  assert.equal(events.mayResume(), false);
  take(events, "id: 2\ndata: b\n\n");
  assert.equal(events.mayResume(), true);
});

test("`retry` sets the wait, up to a minute, and is passed on", () => {
  const { events } = fresh();
  assert.equal(events.wait(), 50);
  assert.equal(take(events, "retry: 120\n\n"), "retry: 120\n\n");
  assert.equal(events.wait(), 120);
  take(events, "retry: 99999999\n\n");
  assert.equal(events.wait(), 60_000);
  take(events, "retry: soon\n\n");
  assert.equal(events.wait(), 60_000);
});

test("an event larger than the rule admits is noticed while it grows, and forgotten with its backend", () => {
  const { ctx } = fresh();
  const events = new ResumedEvents(ctx, { ...RULE, maxEventBytes: 100 });
  take(events, `id: 1\ndata: a\n\ndata: ${"x".repeat(80)}`);
  assert.equal(events.tooLarge, false);
  take(events, "x".repeat(80));
  assert.equal(events.tooLarge, true);
  events.begin();
  assert.equal(events.tooLarge, false);
  assert.equal(take(events, "id: 2\ndata: b\n\n"), "id: 2\ndata: b\n\n");
});

test("what a client would not dispatch may be left out, but an id with NUL never counts", () => {
  const { ctx, events } = fresh();
  take(events, "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n");
  assert.equal(ctx.lastEventId, "1");
});

test("leading spaces of data are kept but one", () => {
  const { events } = fresh();
  assert.deepEqual(parsed(take(events, "data:   x\n\ndata:y\n\n")), parsed("data:   x\n\ndata:y\n\n"));
});
