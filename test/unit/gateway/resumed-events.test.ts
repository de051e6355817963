// Streams taken up again: whole events only, whatever the cuts, and memory of where to go on.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventStreamRule } from "../../../src/core/route-settings.ts";
import { ResumedEvents } from "../../../src/gateway/resumed-events.ts";
import { PLAIN_EVENTS } from "../../support/context.ts";

const RULE: EventStreamRule = { ...PLAIN_EVENTS, maxRetries: 2, retryMs: 50 };

function fresh() {
  return new ResumedEvents(RULE);
}

function take(events: ResumedEvents, text: string | Buffer): string {
  return events.take(Buffer.from(text)).toString();
}

const STREAM =
  ": hello\nretry: 70\nid: 1\ndata:a\n\nevent: ping\ndata: b\nfoo: bar\n: note\ndata: ü🦊\n\n: note\n\n\ndata:\nid: 3\n\n";

test("a stream passes byte for byte, in whichever pieces and with whichever line ends it comes", () => {
  for (const ending of ["\n", "\r\n", "\r"]) {
    for (const mark of ["", "\u{feff}"]) {
      const bytes = Buffer.from(mark + STREAM.replaceAll("\n", ending));
      for (let cut = 0; cut <= bytes.length; cut++) {
        const events = fresh();
        const text = take(events, bytes.subarray(0, cut)) + take(events, bytes.subarray(cut));
        assert.equal(text, bytes.toString(), `${JSON.stringify(ending)} cut at ${cut}`);
        assert.deepEqual([events.lastEventId, events.wait(), events.rest()], ["3", 70, null]);
      }
      const events = fresh();
      assert.equal([...bytes].map((byte) => take(events, Buffer.of(byte)).toString()).join(""), bytes.toString());
      assert.equal(events.lastEventId, "3");
    }
  }
});

test("every event passes with its last byte, whichever line end that is", () => {
  for (const ending of ["\n", "\r\n", "\r"]) {
    const events = fresh();
    const event = `id: 1${ending}data: a${ending}${ending}`;
    const last = ending === "\r\n" ? event.length - 1 : event.length; // a CR is a line end, with or without its LF
    for (let at = 0; at < event.length; at++) {
      const passed = take(events, event.slice(at, at + 1));
      assert.equal(passed, at === last - 1 ? event.slice(0, last) : event.slice(last, at + 1), `byte ${at}`);
    }
  }
});

test("a comment passes at once, unless it stands inside an event", () => {
  const events = fresh();
  assert.equal(take(events, ": ping\n"), ": ping\n");
  assert.equal(take(events, ":\r\n: x"), ":\r\n");
  assert.equal(take(events, "y\ndata: a\n"), ": xy\n");
  assert.equal(take(events, ": note\n"), "");
  assert.equal(take(events, "\n"), "data: a\n: note\n\n");
});

test("an id counts without data, too, and only once its event is complete", () => {
  for (const [text, id] of [
    ["id: 5\n\n", "5"],
    ["id:5\n\n", "5"],
    ["id:  5\n\n", " 5"],
    ["id: 5\nevent: x\n\n", "5"],
    ["id: 4\nid: 5\n\n", "5"],
    ["id: 4\n\nid: 5\n", "4"],
    ["id: 4\n\nevent: x\n\n", "4"],
    ["id: 4\n\nid: 5\0\n\n", "4"],
    ["id: 4\n\nidx: 5\n\n", "4"],
    ["id: 4\n\n id: 5\n\n", "4"],
    ["id: 4\n\nID: 5\n\n", "4"],
    ["\u{feff}id: 5\n\n", "5"],
    ["id: 4\n\n\u{feff}id: 5\n\n", "4"],
    ["id: 🦊\r\rdata: x\r", "🦊"],
  ] as const) {
    const events = fresh();
    take(events, text);
    assert.deepEqual([events.lastEventId, events.mayResume()], [id, true], JSON.stringify(text));
  }
});

test("what stands behind the last event passes when the backend ends in good order, and never when it is lost", () => {
  const events = fresh();
  take(events, "id: 1\ndata: a\n\ndata: half");
  assert.equal(String(events.rest()), "data: half");
  take(events, "\ndata: lost");
  events.begin();
  assert.equal(events.rest(), null);
});

test("a byte order mark stands at the beginning of the client's stream only", () => {
  const events = fresh();
  assert.equal(take(events, "\u{feff}id: 1\ndata: a\n\n"), "\u{feff}id: 1\ndata: a\n\n");
  events.begin();
  assert.equal(take(events, "\u{feff}id: 1\ndata: a\n\nid: 2\ndata: b\n\n"), "id: 2\ndata: b\n\n");
  events.begin();
  assert.equal(take(events, "\u{feff}"), "");
  assert.equal(take(events, "id: 3\n\n"), "id: 3\n\n");
});

test("half an event is kept until the rest comes, and forgotten when the backend is lost", () => {
  const events = fresh();
  assert.equal(take(events, "id: 1\ndata: a\n\nid: 2\nda"), "id: 1\ndata: a\n\n");
  events.begin();
  assert.equal(take(events, "id: 2\ndata: b\n\n"), "id: 2\ndata: b\n\n");
});

test("a letter cut by the loss of the backend leaves nothing in the stream of the next", () => {
  const events = fresh();
  take(events, "id: 1\ndata: a\n\n");
  take(events, Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xf0, 0x9f]));
  events.begin();
  assert.equal(take(events, "id: 2\ndata: b\n\n"), "id: 2\ndata: b\n\n");
});

test("an event that is repeated after a reconnect is left out, once it is the one asked for", () => {
  const events = fresh();
  take(events, "id: 7\ndata: a\n\n");
  events.begin();
  assert.equal(
    take(events, "id: 7\ndata: a\n\nid: 8\ndata: b\n\nid: 7\ndata: again\n\n"),
    "id: 8\ndata: b\n\nid: 7\ndata: again\n\n",
  );
});

test("a stream without ids, or whose last id is empty, is not taken up again", () => {
  const events = fresh();
  take(events, "data: a\n\n");
  assert.equal(events.mayResume(), false);
  take(events, "id: 1\ndata: a\n\n");
  assert.equal(events.mayResume(), true);
  take(events, "id\ndata: a\n\n");
  assert.equal(events.mayResume(), false);
});

test("tries are counted in a row: an event starts the count anew, a heartbeat of the backend does not", () => {
  const events = fresh();
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
  const events = fresh();
  assert.equal(events.wait(), 50);
  assert.equal(take(events, "retry: 120\n\n"), "retry: 120\n\n");
  assert.equal(events.wait(), 120);
  take(events, "retry: 99999999\n\n");
  assert.equal(events.wait(), 60_000);
  take(events, "retry: soon\n\n");
  assert.equal(events.wait(), 60_000);
});

test("an event larger than the rule admits is noticed while it grows, and forgotten with its backend", () => {
  const events = new ResumedEvents({ ...RULE, maxHeldBytes: 100 });
  take(events, `id: 1\ndata: a\n\ndata: ${"x".repeat(80)}`);
  assert.equal(events.tooLarge, false);
  take(events, "x".repeat(80));
  assert.equal(events.tooLarge, true);
  events.begin();
  assert.equal(events.tooLarge, false);
  assert.equal(take(events, "id: 2\ndata: b\n\n"), "id: 2\ndata: b\n\n");
});

test("of a repeated event nothing is passed on, of what stands around it everything", () => {
  const events = fresh();
  take(events, "id: 7\n\n");
  events.begin();
  const comment = take(events, ": hello\n\nretry: 5\n\ndata: a\nid: 7\n\n: x\n\nid: 7\n");
  assert.equal(comment, ": hello\n\nretry: 5\n\n: x\n\n");
  assert.equal(take(events, "\nid: 8\n\n"), "id: 8\n\n");
});

test("an event in pieces of one byte is copied as often as one in a piece", () => {
  const events = fresh();
  const bytes = Buffer.from(`data: ${"x".repeat(100_000)}\n\n`);
  for (const byte of bytes.subarray(0, -1)) assert.equal(events.take(Buffer.of(byte)).length, 0);
  const whole = events.take(bytes.subarray(-1));
  assert.ok(whole.equals(bytes));
  assert.ok(whole.buffer.byteLength < 2 * bytes.length + 16, `${whole.buffer.byteLength} bytes of room`);
});
