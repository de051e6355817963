// Configuration in, effective configuration or error text out: every case beside its expected output, byte for byte.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { printConfiguration } from "../../src/config/show/print.ts";
import { ConfigError, withSource } from "../../src/config/text/problem.ts";
import { loadChecked } from "../../src/snapshot/check/checked.ts";

const FOLDER = "test/golden/cases";
/** Rewrites the expected outputs instead of comparing; look at the difference before you commit it. */
const UPDATE = process.env.UPDATE_GOLDEN === "1";

if (UPDATE && process.env.CI !== undefined) throw new Error("UPDATE_GOLDEN rewrites what CI is there to check");

const cases = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".yaml"))
  .sort();

for (const name of cases) {
  test(`${name} gives what stands beside it`, () => {
    const path = join(FOLDER, name);
    const expected = path.replace(/\.yaml$/, ".out");
    const got = outputOf(path);
    if (UPDATE) writeFileSync(expected, got);
    assert.ok(existsSync(expected), `${expected} is missing: run with UPDATE_GOLDEN=1 and read what it wrote`);
    assert.equal(got, readFileSync(expected, "utf8"));
  });
}

test("there is an output for every case and a case for every output", () => {
  const outputs = readdirSync(FOLDER).filter((name) => name.endsWith(".out"));
  assert.deepEqual(outputs.map((name) => name.replace(/\.out$/, ".yaml")).sort(), cases);
  assert.ok(cases.length >= 30);
});

/** Absolute paths differ from machine to machine. */
function portable(text: string): string {
  return text.replaceAll(process.cwd(), "$PWD");
}

/** What `print-config` prints with warnings before it, or what `check` says. Included files live in folders. */
function outputOf(path: string): string {
  try {
    const { config, warnings, sources } = loadChecked({ file: path, env: environmentOf(path) });
    return [...warnings.map((w) => portable(withSource(w, sources))), printConfiguration(config)].join("\n");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `${portable(error.text)}\n`;
  }
}

/** Environment of a case: lines `# env: NAME=value` in it. */
function environmentOf(path: string): Record<string, string> {
  const lines = readFileSync(path, "utf8").matchAll(/^# env: ([A-Z_0-9]+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name!, value!]));
}
