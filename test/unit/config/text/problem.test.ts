// The text in which problems are shown: with the line they are about, unless a secret may stand in it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../../../src/config/load.ts";
import { ConfigError } from "../../../../src/config/text/problem.ts";
import { withMore } from "../../../support/load.ts";

function shown(more: string): string {
  try {
    loadConfig({ file: "t.yaml", text: withMore(more), env: {} });
  } catch (error) {
    if (error instanceof ConfigError) return error.text;
    throw error;
  }
  return "";
}

test("a problem is shown with its line and a mark below it", () => {
  assert.match(
    shown("  redis: { host: h, nope: 1 }"),
    /nope.*\n {2}4 \| {3}redis: \{ host: h, nope: 1 \}\n {4}\| {21}\^$/,
  );
});

for (const line of [
  "redis: { host: h, password: hunter2, nope: 1 }",
  "redis: { password: [ hunter2 ] }",
  'redis: { "password" : hunter2, nope: 1 }',
  "frontend: { http: { tls: { enabled: true, certFile: /none, keyFile: /none, passphrase: hunter2 } } }",
  "management: { enabled: true, nope: 1, auth: { type: basic, users: { admin: hunter2 } } }",
]) {
  test(`a line with a secret is named and not shown: ${line}`, () => {
    const text = shown(`  ${line}`);
    assert.match(text, /^error: t\.yaml:4:\d+: /);
    assert.doesNotMatch(text, /hunter2/);
  });
}
