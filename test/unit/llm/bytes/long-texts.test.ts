// Long texts of a request: read once, written as they are, sent in steps, and the same to everyone as short ones.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { foundIn, isClean, LONG, LongText } from "../../../../src/llm/bytes/long-texts.ts";
import { readJson } from "../../../../src/llm/bytes/read-json.ts";
import { writeJson } from "../../../../src/llm/bytes/write-json.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import { Random } from "../../../support/hostile.ts";
import { type Json, randomObject, writeJson as spelled } from "../../../support/json-documents.ts";

const random = Random.fresh();
console.log(`seed ${random.seed}; repeat with GATEWAY_TEST_SEED=${random.seed}`);

const PICTURE = "iVBORw0KGgo/+=AA".repeat(LONG / 16);
const TEXTS = [
  PICTURE,
  `${PICTURE}"`,
  `${PICTURE}\n`,
  `${PICTURE}ü`,
  `\\${PICTURE}`,
  PICTURE.slice(1),
  `data:,${PICTURE}`,
];

/** Puts long texts into a random object, at any depth. */
function withTexts(value: Json): Json {
  if (typeof value === "string" && random.once(3)) return random.pick(TEXTS);
  if (Array.isArray(value)) return value.map(withTexts);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withTexts(member)]));
}

describe("long texts", () => {
  test("are read and written as a parser and JSON.stringify do, among all other values", () => {
    for (let round = 0; round < 150; round++) {
      const object = withTexts(randomObject(random, 3, ["data", "__proto__"])) as { [key: string]: Json };
      const bytes = Buffer.from(spelled(random, object));
      const { object: read, long } = readJson(bytes);
      const about = `seed ${random.seed}, round ${round}`;
      assert.deepEqual(read, JSON.parse(String(bytes)), about);
      const text = JSON.stringify(read);
      assert.ok(Buffer.concat(writeJson(read, long)).equals(Buffer.from(text)), about);
      assert.ok(Buffer.concat(writeJson(read, [])).equals(Buffer.from(text)), about);
    }
  });

  test("are passed on as the bytes received, also with a head that was put before them or taken away", () => {
    const bytes = Buffer.from(`{"a":"data:image/png;base64,${PICTURE}","b":"${PICTURE}"}`);
    const { object, long } = readJson(bytes);
    const { a, b } = object as { a: string; b: string };
    const written = {
      a: [{ data: a.slice(22), b: undefined, c: [undefined] }],
      d: `data:image/"x";,${b}`,
      e: `${b}"`,
      b,
    };
    const pieces = writeJson(written, long);
    assert.equal(String(Buffer.concat(pieces)), JSON.stringify(written));
    const own = pieces.map((piece) => piece.buffer === bytes.buffer);
    assert.deepEqual(own, [false, true, false, true, false, true, false]);
  });

  test("are told from others that are like them", () => {
    const bytes = Buffer.from(PICTURE);
    const texts = [new LongText(bytes)];
    for (const text of [
      `${PICTURE}A`,
      PICTURE.slice(0, -1),
      `${PICTURE.slice(0, -1)}B`,
      `${"x".repeat(300)}${PICTURE}`,
    ]) {
      assert.equal(foundIn(texts, text), null);
    }
    assert.deepEqual(foundIn(texts, `x${PICTURE}`), { head: "x", bytes });
    assert.deepEqual(foundIn(texts, PICTURE.slice(1)), { head: "", bytes: bytes.subarray(1) });
  });

  test("are made when they are read, and can be replaced", () => {
    const { object, long } = readJson(Buffer.from(`{"a":{"b":["${PICTURE}"]}}`));
    const list = (object.a as { b: string[] }).b;
    assert.equal(Object.getOwnPropertyDescriptor(list, 0)!.value, undefined);
    assert.equal(list[0], PICTURE);
    assert.equal(long[0]!.text, PICTURE);
    list[0] = "c";
    assert.deepEqual(object, { a: { b: ["c"] } });
  });

  test("are ASCII that JSON writes as it is, wherever they lie in memory", () => {
    const memory = Buffer.alloc(64);
    for (let round = 0; round < 20_000; round++) {
      const from = random.int(9);
      const bytes = memory.subarray(from, from + random.int(40));
      for (let i = 0; i < bytes.length; i++) bytes[i] = 32 + random.int(96);
      const odd = random.once(2) ? random.pick([0, 9, 10, 31, 32, 92, 126, 127, 128, 160, 255]) : 65;
      if (bytes.length > 0) bytes[random.int(bytes.length)] = odd;
      const isExpected = /^[\x20-\x5b\x5d-\x7f]*$/.test(bytes.toString("latin1"));
      assert.equal(isClean(bytes), isExpected, `seed ${random.seed}: ${bytes.toString("hex")}`);
    }
  });

  test("that are malformed are found where they are", () => {
    for (const [text, at] of [
      [`{"a":"${PICTURE}\n"}`, 6 + LONG],
      [`{"a":"${PICTURE}","b":"${PICTURE}\\x"}`, 13 + 2 * LONG],
      [`{"a":"${PICTURE}`, 6 + LONG],
    ] as const) {
      assert.throws(
        () => readJson(Buffer.from(text)),
        (error) => error instanceof LlmError && error.message.endsWith(`is not valid JSON at byte ${at}`),
      );
    }
  });
});
