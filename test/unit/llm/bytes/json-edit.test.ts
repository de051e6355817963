// Members of JSON changed in bytes: the text means what the changed object means, and all else stays byte for byte.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { editedJson, type JsonEdits, replacedValue } from "../../../../src/llm/bytes/json-edit.ts";
import { isProblem, type JsonProblem, jsonMembers } from "../../../../src/llm/bytes/json-members.ts";
import { Random } from "../../../support/hostile.ts";
import { type Json, randomJson, randomObject, writeJson } from "../../../support/json-documents.ts";

const random = Random.fresh();
console.log(`seed ${random.seed}; repeat with GATEWAY_TEST_SEED=${random.seed}`);

function edited(text: string, edits: JsonEdits): string | JsonProblem {
  const bytes = Buffer.from(text);
  const object = jsonMembers(bytes);
  assert.ok(!isProblem(object), JSON.stringify(object));
  const pieces = editedJson(bytes, object, edits);
  return isProblem(pieces) ? pieces : String(Buffer.concat(pieces));
}

/** The same on a parsed object. @returns whether it can be done */
function editObject(object: { [key: string]: Json }, edits: JsonEdits): boolean {
  for (const [key, edit] of Object.entries(edits)) {
    if (edit === null) delete object[key];
    else if (typeof edit === "string") object[key] = JSON.parse(edit) as Json;
    else if (Object.values(edit).some((value) => value !== null) || isPlain(object[key])) {
      if (object[key] === undefined || object[key] === null) object[key] = {};
      const inner = object[key];
      if (!isPlain(inner) || !editObject(inner, edit)) return false;
    }
  }
  return true;
}

function isPlain(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const KEYS = ["model", "stream", "stream_options", "include_usage", "max_tokens"];

describe("edits", () => {
  test("of a text mean the same as edits of what it says", () => {
    for (let round = 0; round < 4000; round++) {
      const object = randomObject(random, 3, KEYS);
      if (random.once(2)) object.stream_options = randomObject(random, 2, KEYS);
      const edits: Record<string, string | null | JsonEdits> = {};
      for (let left = random.int(4); left > 0; left--) edits[random.pick(KEYS)] = randomEdit();
      for (const key of Object.keys(object)) if (random.once(4)) edits[key] = null;
      if (random.once(2)) edits.stream_options = { include_usage: randomEdit(), [random.pick(KEYS)]: randomEdit() };
      const text = writeJson(random, object);
      const about = `seed ${random.seed}, round ${round}: ${JSON.stringify(edits)} in ${text}`;
      const result = edited(text, edits);
      const wanted = JSON.parse(text) as { [key: string]: Json };
      if (!editObject(wanted, edits)) {
        assert.ok(typeof result === "object" && result.problem === "not an object", about);
        continue;
      }
      assert.equal(typeof result, "string", about);
      assert.deepEqual(JSON.parse(result as string), wanted, `${about} → ${result}`);
      assert.ok(!isProblem(jsonMembers(Buffer.from(result as string))), `${about} → ${result}`);
    }
  });

  test("leave every other byte as it is", () => {
    const text = ' {\n  "n": 1.0e0 ,\n  "\\u006dodel": "a" ,"stream":false, "x" : [ 1 , {"model":2} ]\n} ';
    for (const [edits, wanted] of [
      [{}, text],
      [{ model: '"b"' }, text.replace('"a"', '"b"')],
      [{ n: null }, text.replace('"n": 1.0e0 ,\n  ', "")],
      [{ model: null, stream: null }, text.replace(' ,\n  "\\u006dodel": "a" ,"stream":false', "")],
      [{ n: null, model: null }, text.replace('"n": 1.0e0 ,\n  "\\u006dodel": "a" ,', "")],
      [{ x: null }, text.replace(', "x" : [ 1 , {"model":2} ]', "")],
      [{ n: null, model: null, stream: null, x: null }, " {\n  \n} "],
      [{ n: null, model: null, stream: null, x: null, y: "1", z: "2" }, ' {\n  \n"y":1,"z":2} '],
      [{ x: null, y: "{}" }, text.replace(', "x" : [ 1 , {"model":2} ]\n', '\n,"y":{}')],
      [
        { stream_options: { include_usage: "true" } },
        text.replace("\n} ", '\n,"stream_options":{"include_usage":true}} '),
      ],
      [{ absent: null, also: { absent: null } }, text],
    ] as [JsonEdits, string][]) {
      assert.equal(edited(text, edits), wanted, JSON.stringify(edits));
    }
  });

  test("of an object in it change that one only", () => {
    const set = { stream_options: { include_usage: "true", old: null } };
    for (const [text, wanted] of [
      ['{"stream_options":{}}', '{"stream_options":{"include_usage":true}}'],
      ['{"stream_options":{ "old": 1 }}', '{"stream_options":{  "include_usage":true}}'],
      ['{"stream_options":{"include_usage":false, "x":1}}', '{"stream_options":{"include_usage":true, "x":1}}'],
      ['{"stream_options":null}', '{"stream_options":{"include_usage":true}}'],
      ["{}", '{"stream_options":{"include_usage":true}}'],
    ] as const) {
      assert.equal(edited(text, set), wanted);
    }
    assert.deepEqual(edited('{"stream_options":[1]}', set), { problem: "not an object", at: 18 });
    assert.deepEqual(edited('{"stream_options":{"a":1,"a":2}}', set), { problem: "duplicate key", key: "a", at: 25 });
  });

  test("copy nothing of what stays", () => {
    const bytes = Buffer.from(`{"model":"a","image":"${"A".repeat(100_000)}"}`);
    const object = jsonMembers(bytes);
    assert.ok(!isProblem(object));
    const pieces = editedJson(bytes, object, { model: '"b"' });
    assert.ok(!isProblem(pieces));
    assert.deepEqual(
      pieces.map((piece) => piece.buffer === bytes.buffer),
      [true, false, true],
    );
  });
});

describe("a value replaced where it is found", () => {
  const json = Buffer.from('"ü"');
  const replace = (text: string, ...path: string[]) => String(replacedValue(Buffer.from(text), 6, path, json));

  test("changes nothing else of an event", () => {
    assert.equal(replace('data: {"model": "abc" ,"x":1}\r\n\r\n', "model"), 'data: {"model": "ü" ,"x":1}\r\n\r\n');
    assert.equal(
      replace('data: {"message":{"model":null}}\n\n', "message", "model"),
      'data: {"message":{"model":"ü"}}\n\n',
    );
  });

  test("is the bytes themselves where there is none", () => {
    for (const text of ["data: [DONE]\n\n", 'data: {"message":{"id":1}}\n\n', "data: {\n\n"]) {
      const bytes = Buffer.from(text);
      assert.equal(replacedValue(bytes, 6, ["message", "model"], json), bytes);
    }
  });
});

function randomEdit(): string | null {
  return random.once(3) ? null : writeJson(random, randomJson(random, 2));
}
