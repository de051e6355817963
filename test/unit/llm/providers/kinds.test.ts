// Kinds of providers: what every entry of the table promises to those who read it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type KindFacts, PROVIDER_KINDS } from "../../../../src/llm/providers/kinds.ts";

const KINDS: readonly (readonly [string, KindFacts])[] = Object.entries(PROVIDER_KINDS);

test("every kind has a base URL of https without a slash at the end, or needs one configured", () => {
  for (const [name, { baseUrl }] of KINDS) {
    if (baseUrl === null) assert.equal(name, "openaiCompatible");
    else assert.match(baseUrl, /^https:\/\/[a-z.]+(\/[a-z0-9/]*[a-z0-9])?$/, name);
  }
});

test("paths of operations are absolute, and only a kind that names models in paths has a place for one", () => {
  for (const [name, { operations, formats }] of KINDS) {
    for (const path of Object.values(operations)) {
      assert.match(path, /^\/[^?#\s]*[^/]$/, name);
      if (path.includes("{")) assert.equal(formats[0], "gemini", path);
    }
  }
});

test("no two kinds serve the same author, and names of fields are lower case", () => {
  const authors = KINDS.map(([, { author }]) => author).filter((author) => author !== null);
  assert.equal(new Set(authors).size, authors.length);
  for (const [, kind] of KINDS) {
    const names = [kind.key.field, ...Object.keys(kind.fields), ...Object.keys(kind.fieldVariables)];
    for (const name of names) assert.equal(name, name.toLowerCase());
  }
});
