// Server-sent events: the same events with the same bytes however a stream is cut, at a cost that follows its bytes.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EventReader } from "../../../../src/llm/bytes/event-reader.ts";
import { Random } from "../../../support/hostile.ts";
import { everyRow } from "../../../support/rows.ts";

const random = Random.fresh();
console.log(`seed ${random.seed}; repeat with GATEWAY_TEST_SEED=${random.seed}`);

interface Read {
  /** `[name, data]` of events. */
  readonly events: [string, string][];
  /** Texts of blocks that are no event. */
  readonly comments: string[];
  /** All that was reported, in order. */
  readonly raw: Buffer[];
  tooLarge: number;
}

function readerOf(maxBytes = 1_000_000): { reader: EventReader; read: Read } {
  const read: Read = { events: [], comments: [], raw: [], tooLarge: 0 };
  const reader = new EventReader(
    {
      event(name, data, raw) {
        read.events.push([name, data]);
        read.raw.push(Buffer.from(raw));
      },
      comment(raw) {
        read.comments.push(String(raw));
        read.raw.push(Buffer.from(raw));
      },
      tooLarge: () => void read.tooLarge++,
    },
    maxBytes,
  );
  return { reader, read };
}

/** Feeds pieces that end at `cuts`, each in memory that is overwritten afterwards. */
function readCut(bytes: Buffer, cuts: readonly number[] = [], maxBytes?: number): Read {
  const { reader, read } = readerOf(maxBytes);
  let pos = 0;
  for (const end of [...cuts, bytes.length]) {
    const piece = Buffer.from(bytes.subarray(pos, end));
    reader.feed(piece);
    piece.fill(0x21);
    pos = end;
  }
  reader.end();
  return read;
}

const each = (bytes: Buffer) => [...bytes.keys()].slice(1);

/** An independent reading of the standard, with the flush at the end. */
function expected(bytes: Buffer): [string, string][] {
  const text = bytes.toString("utf8").replace(/^\u{feff}/u, "");
  const blocks = text.replaceAll(/\r\n|\r/g, "\n").split(/\n(?=\n)/);
  return blocks.flatMap((block): [string, string][] => {
    const data: string[] = [];
    let name = "";
    for (const line of block.split("\n")) {
      const [, field, value = ""] = /^([^:]*)(?::[ ]?(.*))?$/s.exec(line)!;
      if (field === "data") data.push(value);
      if (field === "event") name = value;
    }
    return data.length > 0 ? [[name, data.join("\n")]] : [];
  });
}

interface Row {
  readonly name: string;
  /** `|` stands for a line end. */
  readonly stream: string;
  readonly events: readonly [string, string][];
}

const rows: readonly Row[] = [
  { name: "nothing", stream: "", events: [] },
  { name: "one event", stream: 'data: {"a":1}||', events: [["", '{"a":1}']] },
  { name: "data without a blank", stream: 'data:{"a":1}||', events: [["", '{"a":1}']] },
  { name: "a second blank is data", stream: "data:  a||", events: [["", " a"]] },
  {
    name: "named events",
    stream: "event: x|data: a||event:y|data: b||",
    events: [
      ["x", "a"],
      ["y", "b"],
    ],
  },
  { name: "the name after the data", stream: "data: a|event: x||", events: [["x", "a"]] },
  { name: "the last of two names", stream: "event: x|event: y|data: a||", events: [["y", "a"]] },
  { name: "lines of data joined by LF", stream: "data: a|data:|data: b||", events: [["", "a\n\nb"]] },
  { name: "data without a colon", stream: "data||", events: [["", ""]] },
  {
    name: "data that is empty",
    stream: "data:||data: ||",
    events: [
      ["", ""],
      ["", ""],
    ],
  },
  { name: "other fields", stream: "id: 1|retry: 5|dat: x|datas: y|data : z|foo|data: a||", events: [["", "a"]] },
  { name: "fields without data", stream: "event: x||id: 1||data: a||", events: [["", "a"]] },
  {
    name: "comments",
    stream: ": OPENROUTER PROCESSING||:||data: a|: b||: c|data: d||",
    events: [
      ["", "a"],
      ["", "d"],
    ],
  },
  {
    name: "blank lines everywhere",
    stream: "||data: a||||data: b|||",
    events: [
      ["", "a"],
      ["", "b"],
    ],
  },
  {
    name: "no blank line at the end",
    stream: "data: a||data: b|",
    events: [
      ["", "a"],
      ["", "b"],
    ],
  },
  { name: "no line end at the end", stream: "event: x|data: [DONE]", events: [["x", "[DONE]"]] },
  {
    name: "a byte order mark",
    stream: "\u{feff}data: a||data: \u{feff}||",
    events: [
      ["", "a"],
      ["", "\u{feff}"],
    ],
  },
  { name: "a byte order mark by itself", stream: "\u{feff}|data: a||", events: [["", "a"]] },
  { name: "letters of several bytes", stream: "event: ü|data: 🦊ü€\u{10ffff}||", events: [["ü", "🦊ü€\u{10ffff}"]] },
  { name: "colons in values", stream: "event: a:b|data: c: d||", events: [["a:b", "c: d"]] },
];

describe("events are read", () => {
  for (const [ending, end] of [
    ["LF", "\n"],
    ["CR", "\r"],
    ["CRLF", "\r\n"],
  ] as const) {
    test(`with ${ending}: whole, cut in two and three anywhere, and byte by byte`, () => {
      everyRow(
        rows,
        ({ name }) => name,
        ({ stream, events }) => {
          const bytes = Buffer.from(stream.replaceAll("|", end));
          assert.deepEqual(expected(bytes), events);
          assert.deepEqual(readCut(bytes).events, events);
          assert.deepEqual(readCut(bytes, each(bytes)).events, events);
          for (let i = 0; i <= bytes.length; i++) {
            assert.deepEqual(readCut(bytes, [i]).events, events, `cut at ${i}`);
            for (let j = i; j <= bytes.length; j += 3) assert.deepEqual(readCut(bytes, [i, j]).events, events);
          }
        },
      );
    });
  }

  test("of random bytes cut at random as the standard says, and their bytes read again are the same events", () => {
    const letters = [
      "\n",
      "\r",
      "\r\n",
      ":",
      " ",
      "data",
      "data:",
      "event: x",
      "a",
      "ü",
      "🦊",
      "\u{feff}",
      "\n\n",
      "\0",
    ];
    for (let round = 0; round < 3000; round++) {
      const bytes = Buffer.from(Array.from({ length: random.int(31) }, () => random.pick(letters)).join(""));
      if (bytes.length > 0 && random.once(3)) bytes[random.int(bytes.length)] = random.int(256);
      const cuts = Array.from({ length: random.int(9) }, () => random.int(bytes.length + 1)).sort((a, b) => a - b);
      const read = readCut(bytes, cuts);
      const about = `seed ${random.seed}, round ${round}: ${JSON.stringify(String(bytes))} cut at ${cuts}`;
      assert.deepEqual(read.events, expected(bytes), about);
      assert.deepEqual(readCut(Buffer.concat([Buffer.from("\n"), ...read.raw])).events, read.events, about);
    }
  });
});

describe("bytes are passed on", () => {
  test("as they came, with the blank line; those of comments too", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const blocks = [": c||", "event: x|data: a||", "id: 1||", ": d|data: b|x||", "data: c"];
      const bytes = blocks.map((block) => block.replaceAll("|", end));
      assert.deepEqual(readCut(Buffer.from(bytes.join(""))).raw.map(String), bytes);
    }
  });

  test("without a copy where they lie in one chunk", () => {
    const chunk = Buffer.from("data: a\n\n: b\n\nevent: x\r\ndata: c\r\n\r\ndata: d");
    const places: number[] = [];
    const note = (raw: Buffer) => {
      assert.equal(raw.buffer, chunk.buffer);
      places.push(raw.byteOffset - chunk.byteOffset);
    };
    const reader = new EventReader(
      { event: (_name, _data, raw) => note(raw), comment: note, tooLarge: () => assert.fail() },
      100,
    );
    reader.feed(chunk);
    assert.deepEqual(places, [0, 9, 14]);
  });

  test("when an event is complete, and not a chunk later", () => {
    const { reader, read } = readerOf();
    for (const [piece, events, comments] of [
      ["data: a\n", 0, 0],
      ["\n", 1, 0],
      ["data: b\r", 1, 0],
      ["\n\r", 2, 0],
      ["\n: c\n", 2, 1],
      ["\n: d", 2, 1],
      ["\r", 2, 2],
      ["data: e\n\n: f\n", 3, 3],
    ] as const) {
      reader.feed(Buffer.from(piece));
      assert.deepEqual([read.events.length, read.comments.length], [events, comments], JSON.stringify(piece));
    }
  });
});

describe("an event that is too large", () => {
  test("ends the reading once, at the same size however it is cut", () => {
    const bytes = Buffer.from("data: a\n\ndata: 0123456789\n\ndata: b\n\n");
    for (const cuts of [[], [12], each(bytes)]) {
      const exact = readCut(bytes, cuts, 18);
      assert.deepEqual([exact.events.length, exact.tooLarge], [3, 0]);
      const over = readCut(bytes, cuts, 17);
      assert.deepEqual([over.events, over.tooLarge], [[["", "a"]], 1]);
    }
  });

  test("is noticed before it is complete, and nothing is kept of it", () => {
    const { reader, read } = readerOf(1000);
    for (let i = 0; i < 1001; i++) reader.feed(Buffer.from("x"));
    assert.equal(read.tooLarge, 1);
    reader.feed(Buffer.from("\n\ndata: a\n\n"));
    reader.end();
    assert.deepEqual([read.raw, read.tooLarge], [[], 1]);
  });

  test("is none of comments and blank lines without end", () => {
    for (const text of [": ping\n", "\n", "\r", "\r\n", ": ping\n\n"]) {
      const { reader, read } = readerOf(100);
      for (let i = 0; i < 200; i++) reader.feed(Buffer.from(text));
      reader.feed(Buffer.from("data: a\n\n"));
      assert.deepEqual([read.events.length, read.tooLarge], [1, 0]);
    }
  });
});

test("a reader that is stopped by its listener reports nothing more of the chunk", () => {
  let events = 0;
  const reader = new EventReader(
    {
      event() {
        events++;
        reader.stop();
      },
      comment: () => assert.fail(),
      tooLarge: () => assert.fail(),
    },
    100,
  );
  reader.feed(Buffer.from("data: a\n\n: b\n\ndata: c\n\ndata"));
  reader.feed(Buffer.from(": d\n\n"));
  reader.end();
  assert.equal(events, 1);
});

test("an event that comes byte by byte, or in many lines, is searched and copied a few times only", (t) => {
  let touched = 0;
  for (const method of ["indexOf", "copy"] as const) {
    const { [method]: real } = Buffer.prototype;
    t.mock.method(Buffer.prototype, method, function (this: Buffer, ...args: never[]) {
      const result = (real as (...args: unknown[]) => number).apply(this, args);
      const from = typeof args[1] === "number" ? args[1] : 0;
      touched += method === "copy" ? result : (result === -1 ? this.length : result + 1) - from;
      return result;
    });
  }
  const text = `data: ${"x".repeat(10_000)}\n\n${"data: y\n".repeat(1000)}\n`;
  const bytes = Buffer.from(text);
  for (const cuts of [[], each(bytes)]) {
    touched = 0;
    const { reader, read } = readerOf();
    let pos = 0;
    for (const end of [...cuts, bytes.length]) {
      reader.feed(bytes.subarray(pos, end));
      pos = end;
    }
    assert.equal(read.events.length, 2);
    assert.ok(touched < 9 * bytes.length, `${touched} of ${bytes.length}`);
  }
});
