// Bodies of JSON: read as a parser reads them, or refused with the place and without their content.
import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { test } from "node:test";
import { readJson } from "../../../../src/llm/bytes/read-json.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import { Random } from "../../../support/hostile.ts";
import { damaged, randomObject, writeJson } from "../../../support/json-documents.ts";

const random = Random.fresh();
console.log(`seed ${random.seed}; repeat with GATEWAY_TEST_SEED=${random.seed}`);

/** @returns message and code of the refusal */
function refusal(body: string | Buffer): [string, string | null] {
  try {
    readJson(Buffer.from(body));
  } catch (error) {
    assert.ok(error instanceof LlmError, String(error));
    assert.deepEqual([error.fault.kind, error.fault.status, error.fault.param], ["invalid", 400, null]);
    return [error.fault.message.replace("The request body ", ""), error.fault.code];
  }
  return assert.fail("it was read");
}

test("a body is the object a parser reads, with the places of its members", () => {
  for (let round = 0; round < 500; round++) {
    const text = writeJson(random, randomObject(random, 4, ["model"]));
    const { object, span } = readJson(Buffer.from(text));
    assert.deepEqual(object, JSON.parse(text), `seed ${random.seed}`);
    assert.deepEqual([...span.members.keys()].sort(), Object.keys(object).sort());
  }
});

test("a damaged body is read as a parser reads it, or refused at a place inside of it", () => {
  let refused = 0;
  for (let round = 0; round < 4000; round++) {
    const bytes = Buffer.from(damaged(random, writeJson(random, randomObject(random, 3))));
    if (random.once(8)) bytes[random.int(bytes.length + 1)] = 128 + random.int(128);
    const about = `seed ${random.seed}, round ${round}: ${bytes}`;
    let parsed: unknown;
    try {
      parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    } catch {
      const [message, code] = refusal(bytes);
      const place = Number(/ at byte (\d+)$|\((\d+) in all\)$/.exec(message)?.slice(1).join("") ?? 0);
      assert.ok(place <= bytes.length, `${about}: ${message}`);
      assert.match(String(code), /^(invalid_json|duplicate_key)$/, about);
      refused++;
      continue;
    }
    try {
      assert.deepEqual(readJson(bytes).object, parsed, about);
    } catch (error) {
      assert.ok(error instanceof LlmError, about);
      assert.match(error.message, /the key|is not a JSON object/, about);
    }
  }
  assert.ok(refused > 1000);
});

test("a refusal names the place, and nothing of the content but a key", () => {
  for (const [body, message, code] of [
    ["", "is not valid JSON at byte 0", "invalid_json"],
    ['{"secret":"canary"', "is not valid JSON at byte 18", "invalid_json"],
    ['{"secret":canary}', "is not valid JSON at byte 10", "invalid_json"],
    ['{\n  "ü": 1,\n  "b": x\n}', "is not valid JSON at line 3, byte 7 (20 in all)", "invalid_json"],
    ['{"a":"canary\n"}', "is not valid JSON at byte 12", "invalid_json"],
    ['{"a":"\\"\\\\\\u00e9\\x"}', "is not valid JSON at byte 16", "invalid_json"],
    ['{"a":["\\u12g4"]}', "is not valid JSON at byte 7", "invalid_json"],
    ['["canary"]', "is not a JSON object", "invalid_json"],
    ['\u{feff}{"a":1}', "is not valid JSON at byte 0", "invalid_json"],
    [Buffer.from('{"a":"\xff"}', "latin1"), "is not valid UTF-8", "invalid_json"],
    [Buffer.from('{"a":"\xed\xa0\x80"}', "latin1"), "is not valid UTF-8", "invalid_json"],
    [`{"a":${"[".repeat(1000)}`, "has more than 200 nested levels at byte 204", "invalid_json"],
    ['{"model":1,"mo\\u0064el":2}', 'has the key "model" twice, again at byte 11', "duplicate_key"],
    ['{"c a n":1,"c a n":2}', "has the key twice, again at byte 11", "duplicate_key"],
  ] as const) {
    assert.deepEqual(refusal(body), [message, code]);
  }
});

test("halves of surrogate pairs are kept as escapes, and never become bytes that are no UTF-8", () => {
  const text = '{"a":"\\ud83d","b":["x\\uDC00y"],"c":"\\ud83e\\udd8a"}';
  const { object } = readJson(Buffer.from(text));
  assert.equal(object.a, "\ud83d");
  const written = JSON.stringify(object);
  assert.equal(written, '{"a":"\\ud83d","b":["x\\udc00y"],"c":"🦊"}');
  const bytes = Buffer.from(written);
  assert.ok(isUtf8(bytes));
  assert.deepEqual(readJson(bytes).object, object);
});
