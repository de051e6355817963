// Where events end: the same answers however the bytes are cut, whichever of the three line ends is used.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EventBoundary } from "../../../src/wire/event-boundary.ts";

interface Answers {
  readonly events: number;
  readonly between: boolean;
  readonly pending: number;
}

/** Feeds pieces that end at `cuts`, each a buffer of its own. */
function follow(bytes: Buffer, cuts: readonly number[] = []): Answers {
  const boundary = new EventBoundary();
  let pos = 0;
  for (const end of [...cuts, bytes.length]) {
    boundary.feed(Buffer.from(bytes.subarray(pos, end)));
    pos = end;
  }
  const { events, between, pending } = boundary;
  return { events, between, pending };
}

/** One byte after the other. @returns the answer behind each */
function steps(bytes: Buffer): Answers[] {
  const boundary = new EventBoundary();
  return [...bytes].map((byte) => {
    boundary.feed(Buffer.of(byte));
    const { events, between, pending } = boundary;
    return { events, between, pending };
  });
}

/** Lines ended by `|`, which stands for the line end. */
const streams: { name: string; lines: string; events: number; between: boolean }[] = [
  { name: "nothing", lines: "", events: 0, between: true },
  { name: "one event", lines: "data: a||", events: 1, between: true },
  { name: "two events", lines: "data: a||data: b||", events: 2, between: true },
  { name: "an event without its empty line", lines: "data: a|", events: 0, between: false },
  { name: "an event without its line end", lines: "data: a", events: 0, between: false },
  { name: "several lines of data", lines: "data: a|data: b|data:||", events: 1, between: true },
  { name: "all fields", lines: "id: 1|event: x|retry: 5|data: y||", events: 1, between: true },
  { name: "empty lines before, between and behind", lines: "|||data: a||||data: b|||", events: 2, between: true },
  { name: "a comment inside an event", lines: "data: a|: note|data: b||", events: 1, between: true },
  { name: "a comment by itself", lines: ": note||data: a||", events: 1, between: true },
  { name: "a comment that is not closed", lines: "data: a||: note|", events: 1, between: true },
  { name: "a comment whose line is not closed", lines: "data: a||: note", events: 1, between: false },
  { name: "a comment before an event", lines: ": note|data: a|", events: 0, between: false },
  { name: "a lone colon", lines: ":|", events: 0, between: true },
  { name: "a byte order mark", lines: "\u{feff}data: a||", events: 1, between: true },
  { name: "letters of several bytes", lines: "data: 🦊ü€||id: ü|data: x||", events: 2, between: true },
  { name: "the beginning of the next event", lines: "data: a||d", events: 1, between: false },
];
const endings: readonly [string, readonly string[]][] = [
  ["LF", ["\n"]],
  ["CR", ["\r"]],
  ["CRLF", ["\r\n"]],
  ["CRLF, LF and CR in turn", ["\r\n", "\n", "\r"]],
  ["CR, CRLF and LF in turn", ["\r", "\r\n", "\n"]],
];

/** Puts the line ends in, one after the other. A CR is never followed by an LF that is meant to be another line end. */
function written(lines: string, ends: readonly string[]): Buffer {
  let n = 0;
  const text = lines.replaceAll("|", () => ends[n++ % ends.length]!);
  return Buffer.from(ends.length > 1 ? text.replaceAll(/\r(?=\n)/g, "\r\n").replaceAll("\r\n\n", "\r\n") : text);
}

/** An independent reading of the standard: line ends made one, then counted. */
function expected(bytes: Buffer): { events: number; between: boolean } {
  const lines = bytes
    .toString("latin1")
    .replaceAll(/\r\n|\r/g, "\n")
    .split("\n");
  const rest = lines.pop()!;
  let events = 0;
  let open = false;
  for (const line of lines) {
    if (line !== "") open ||= !line.startsWith(":");
    else if (open) {
      events++;
      open = false;
    }
  }
  return { events, between: !open && rest === "" };
}

for (const [ending, ends] of endings) {
  describe(`with ${ending}`, () => {
    for (const { name, lines, events, between } of streams) {
      test(`${name}: whole, cut in two and three anywhere, and byte by byte`, () => {
        const bytes = written(lines, ends);
        const whole = follow(bytes);
        assert.deepEqual({ events: whole.events, between: whole.between }, expected(bytes));
        if (ends.length === 1) assert.deepEqual([whole.events, whole.between], [events, between]);
        for (let i = 0; i <= bytes.length; i++) {
          assert.deepEqual(follow(bytes, [i]), whole, `cut at ${i}`);
          for (let j = i; j <= bytes.length; j++) assert.deepEqual(follow(bytes, [i, j]), whole, `cut at ${i}, ${j}`);
        }
        assert.deepEqual(steps(bytes).at(-1) ?? whole, whole);
      });
    }
  });
}

test("at every byte the answer is the one for a stream that stops there", () => {
  const bytes = Buffer.from("\u{feff}data: a\r\n\r\n: c\n\nid: 1\rdata: ü\r\rdata: b\n\r\n\n\r");
  for (const [at, step] of steps(bytes).entries()) {
    const { events, between } = expected(bytes.subarray(0, at + 1));
    assert.deepEqual([step.events, step.between], [events, between], `behind byte ${at}`);
  }
});

test("pending is what has come since the last boundary, and starts anew behind it", () => {
  const boundary = new EventBoundary();
  boundary.feed(Buffer.from("data: 0123"));
  assert.equal(boundary.pending, 10);
  boundary.feed(Buffer.from("456\nx: y"));
  assert.equal(boundary.pending, 18);
  boundary.feed(Buffer.from("\n\n"));
  assert.equal(boundary.pending, 0);
  boundary.feed(Buffer.from("data"));
  assert.equal(boundary.pending, 4);
});

test("the LF of a line end that was cut behind its CR belongs to the event before it", () => {
  const boundary = new EventBoundary();
  for (const [piece, lastEnd] of [
    ["data: a\r", 0],
    ["\n", 0],
    ["\r", 1],
    ["\n", 1],
    ["\nd", 1],
  ] as const) {
    boundary.feed(Buffer.from(piece));
    assert.equal(boundary.lastEnd, lastEnd, JSON.stringify(piece));
  }
});

test("comments are no events and leave nothing pending, however many there are", () => {
  assert.deepEqual(follow(Buffer.from(": ping\n".repeat(1000))), { events: 0, between: true, pending: 0 });
});

test("an endless run of empty lines is no event and leaves nothing pending", () => {
  const answers = follow(Buffer.from("\n".repeat(1000)));
  assert.deepEqual(answers, { events: 0, between: true, pending: 0 });
});

test("random bytes cut at random: one answer", () => {
  let seed = 42;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % below;
  };
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(Array.from({ length: random(60) }, () => [0x0a, 0x0d, 0x3a, 0x61][random(4)]!));
    const cuts = Array.from({ length: random(6) }, () => random(bytes.length + 1)).sort((a, b) => a - b);
    const whole = follow(bytes);
    assert.deepEqual(follow(bytes, cuts), whole);
    assert.deepEqual({ events: whole.events, between: whole.between }, expected(bytes));
  }
});
