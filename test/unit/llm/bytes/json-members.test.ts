// Members of JSON objects found in bytes: the same as a parser finds, and a problem where it refuses.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  findValue,
  isProblem,
  type JsonObjectSpan,
  jsonMembers,
  MAX_DEPTH,
  membersOf,
} from "../../../../src/llm/bytes/json-members.ts";
import type { JsonSpan } from "../../../../src/llm/bytes/json-scanner.ts";
import { Random } from "../../../support/hostile.ts";
import { damaged, randomObject, writeJson } from "../../../support/json-documents.ts";

const random = Random.fresh();
console.log(`seed ${random.seed}; repeat with GATEWAY_TEST_SEED=${random.seed}`);

function membersIn(text: string | Buffer): JsonObjectSpan {
  const found = jsonMembers(Buffer.from(text));
  assert.ok(!isProblem(found), JSON.stringify(found));
  return found;
}

/** @returns undefined for what is no JSON */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const cut = (bytes: Buffer, { from, to }: JsonSpan) => bytes.toString("utf8", from, to);

describe("members of an object", () => {
  test("are found as a parser finds them, whatever blanks and escapes the text has", () => {
    for (let round = 0; round < 2000; round++) {
      const object = randomObject(random, 4, ["model", "stream"]);
      const text = writeJson(random, object);
      const bytes = Buffer.from(`${random.once(2) ? " \n" : ""}${text}${random.once(2) ? "\t" : ""}`);
      const { members, open, close } = membersIn(bytes);
      const about = `seed ${random.seed}, round ${round}: ${text}`;
      assert.deepEqual([...members.keys()], Object.keys(object), about);
      assert.equal(cut(bytes, { from: open, to: close + 1 }), text);
      for (const [key, { keyFrom, value }] of members) {
        assert.deepEqual(JSON.parse(cut(bytes, value)), JSON.parse(JSON.stringify(object[key])), about);
        assert.equal(bytes[keyFrom], 0x22);
      }
    }
  });

  test("keep values without reading them: long texts, and numbers beyond what a parser keeps", () => {
    const image = "A".repeat(1_000_000);
    const bytes = Buffer.from(`{"n":123456789012345678901234567890.10,"image":"${image}","\\u006dodel":"m"}`);
    const { members } = membersIn(bytes);
    assert.deepEqual([...members.keys()], ["n", "image", "model"]);
    assert.equal(cut(bytes, members.get("n")!.value), "123456789012345678901234567890.10");
    assert.equal(members.get("image")!.value.to - members.get("image")!.value.from, image.length + 2);
  });

  test("of an object in it are found too", () => {
    const bytes = Buffer.from(
      '{"message": {"id": 1, "mo\\u0064el": "m", "x": {"model": 2}}, "list": [], "none": null}',
    );
    const { members } = membersIn(bytes);
    const message = members.get("message")!.value;
    const inner = membersOf(bytes, message);
    assert.ok(!isProblem(inner));
    assert.deepEqual([...inner.members.keys()], ["id", "model", "x"]);
    assert.equal(cut(bytes, inner.members.get("model")!.value), '"m"');
  });
});

describe("a problem is reported", () => {
  test("for what is no object", () => {
    for (const text of ["[]", '"a"', "1", "null", " true "]) {
      assert.deepEqual(jsonMembers(Buffer.from(text)), {
        problem: "not an object",
        at: text.length - text.trimStart().length,
      });
    }
  });

  test("for what is no JSON, with its place", () => {
    for (const [text, at] of [
      ["", 0],
      ["  ", 2],
      ["{", 1],
      ["{}}", 2],
      ['{"a":1,}', 7],
      ['{"a" 1}', 5],
      ['{"a":}', 5],
      ['{"a":1 "b":2}', 7],
      ["{a:1}", 1],
      ["{'a':1}", 1],
      ['{"a":tru}', 5],
      ['{"a":01}', 6],
      ['{"a":1.}', 7],
      ['{"a":-}', 6],
      ['{"a":1e+}', 8],
      ['{"a":[1,]}', 8],
      ['{"a":[1}', 7],
      ['{"a":"b}', 8],
      ['{"a":"b\\"}', 10],
      ['{"\\x":1}', 1],
      ['{"a":1}\u{feff}', 7],
      ['\u{feff}{"a":1}', 0],
      ["<html>", 0],
    ] as const) {
      assert.deepEqual(jsonMembers(Buffer.from(text)), { problem: "malformed", at }, text);
    }
  });

  test("for two equal keys, however they are written, and not for those of other objects", () => {
    for (const text of ['{"a":1,"a":2}', '{"a":1,"b":{},"\\u0061":2}', '{"\\u0061":1,"a":2}']) {
      const found = jsonMembers(Buffer.from(text));
      assert.deepEqual(found, { problem: "duplicate key", key: "a", at: text.lastIndexOf(",") + 1 });
    }
    const bytes = Buffer.from('{"a":{"a":1},"b":{"c":1,"c":2},"__proto__":1}');
    const { members } = membersIn(bytes);
    assert.deepEqual([...members.keys()], ["a", "b", "__proto__"]);
    assert.deepEqual(membersOf(bytes, members.get("b")!.value), { problem: "duplicate key", key: "c", at: 24 });
  });

  test("for objects and arrays that are too deep in each other, without a call too deep", () => {
    const nested = (depth: number, open: string, close: string) =>
      Buffer.from(`{"a":${open.repeat(depth - 1)}1${close.repeat(depth - 1)}}`);
    for (const [open, close] of [
      ["[", "]"],
      ['{"b":', "}"],
    ] as const) {
      assert.ok(!isProblem(jsonMembers(nested(MAX_DEPTH, open, close))));
      for (const depth of [MAX_DEPTH + 1, 1_000_000]) {
        const at = 5 + open.length * (MAX_DEPTH - 1);
        assert.deepEqual(jsonMembers(nested(depth, open, close)), { problem: "too deep", at });
      }
      assert.deepEqual(jsonMembers(nested(4, open, close), 3), { problem: "too deep", at: 5 + 2 * open.length });
    }
  });

  test("where a parser refuses a damaged text, unless only for what is in its strings", () => {
    for (let round = 0; round < 6000; round++) {
      const text = damaged(random, writeJson(random, randomObject(random, 3)));
      const bytes = Buffer.from(text);
      const found = jsonMembers(bytes);
      const about = `seed ${random.seed}, round ${round}: ${text} → ${JSON.stringify(found)}`;
      const parsed = parsedOr(String(bytes));
      if (parsed === undefined) {
        const isFaultOfStrings = parsedOr(text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""')) !== undefined;
        if (!isFaultOfStrings) assert.ok(isProblem(found), about);
        continue;
      }
      if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
        assert.ok(isProblem(found) && found.problem === "not an object", about);
      } else if (isProblem(found)) assert.equal(found.problem, "duplicate key", about);
      else assert.deepEqual(new Set(found.members.keys()), new Set(Object.keys(parsed)), about);
    }
  });
});

describe("a value is found by its keys", () => {
  test("as a parser finds it", () => {
    for (let round = 0; round < 2000; round++) {
      const object = randomObject(random, 3, ["model", "message", "mode"]);
      object.message = randomObject(random, 2, ["model", "usage"]);
      const text = writeJson(random, object);
      const bytes = Buffer.from(`data: ${text}\n\n`);
      for (const path of [["model"], ["message", "model"], ["model", "message"]]) {
        const found = findValue(bytes, 6, path);
        let value: unknown = object;
        for (const key of path) {
          const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
          value = isObject && Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined;
        }
        const about = `seed ${random.seed}, round ${round}: ${path} in ${text}`;
        if (value === undefined) assert.equal(found, null, about);
        else assert.deepEqual(JSON.parse(cut(bytes, found!)), JSON.parse(JSON.stringify(value)), about);
      }
    }
  });

  test("and what follows it is not looked at; what is malformed before it is no answer", () => {
    const find = (text: string) => findValue(Buffer.from(text), 0, ["model"]);
    assert.deepEqual(find('{"model":"m", oops'), { from: 9, to: 12 });
    for (const text of [
      "",
      "[DONE]",
      "{",
      '{"model"',
      '{"model":',
      '{"model":"m',
      '{"a":oops,"model":"m"}',
      '{"a":1}',
      "{}",
    ]) {
      assert.equal(find(text), null, text);
    }
  });

  test("no damaged text ends in an exception or a value outside of it", () => {
    for (let round = 0; round < 6000; round++) {
      const text = damaged(random, writeJson(random, { message: randomObject(random, 2, ["model"]), model: "m" }));
      const bytes = Buffer.from(text);
      for (const path of [["model"], ["message", "model"]]) {
        const found = findValue(bytes, 0, path);
        if (found !== null)
          assert.ok(found.from < found.to && found.to <= bytes.length, `seed ${random.seed}: ${text}`);
      }
    }
  });
});
