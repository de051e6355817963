// Every key of the configuration is named in a test of what it does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Fields } from "../../src/config/schema/field.ts";
import { gateway } from "../../src/config/schema/root.ts";
import { trackedFiles } from "../support/tracked.ts";

/** The words of each test; lists of spellings and of values that only have to load are not among them. */
const TESTS = trackedFiles("test/unit", "test/contract", "test/e2e", "test/fault")
  .filter((file) => file.endsWith(".test.ts") && !/unit\/config\/(show|spellings|text|written-text)/.test(file))
  .map((file) => new Set(readFileSync(file, "utf8").match(/\w+/g)));

/** One key: its path and the block it is in, "" at the top. */
interface Key {
  readonly path: string;
  readonly name: string;
  readonly block: string;
}

/** Keys by what they are: those of one name and one sentence of documentation are one setting at several places. */
function settings(): readonly (readonly Key[])[] {
  const keys = new Map<string, Key[]>();
  const walk = (fields: Fields, path: string, block: string) => {
    for (const [name, field] of Object.entries(fields)) {
      const at = path === "" ? name : `${path}.${name}`;
      const what = `${name}: ${field.doc}`;
      keys.set(what, [...(keys.get(what) ?? []), { path: at, name, block }]);
      walk(field.fields ?? field.items?.fields ?? {}, at, name);
    }
  };
  walk(gateway.fields!, "", "");
  return [...keys.values()];
}

test("every key is named in some test, beside its block where other blocks have a key of that name", () => {
  const fields = settings();
  const uses = new Map<string, number>();
  for (const name of fields.map((keys) => keys[0]!.name)) uses.set(name, (uses.get(name) ?? 0) + 1);
  const isNamed = ({ name, block }: Key) => {
    const besides = uses.get(name) === 1 || block === "" ? [] : [block];
    return TESTS.some((words) => [name, ...besides].every((word) => words.has(word)));
  };
  assert.ok(fields.length > 300, `${fields.length} fields`);
  assert.deepEqual(
    fields.filter((keys) => !keys.some(isNamed)).map((keys) => keys[0]!.path),
    [],
  );
});
