// The thread that loads configurations: what it gives is what loading here would give, and it costs nothing when idle.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { oneLine } from "../../../src/config/text/problem.ts";
import { Loader } from "../../../src/control/loader.ts";
import { loadChecked } from "../../../src/snapshot/check/checked.ts";
import { ruleFragment } from "../../support/fragments.ts";
import { withMore } from "../../support/load.ts";
import { startLoadThread } from "../../support/load-thread.ts";

const folder = mkdtempSync(join(tmpdir(), "loader-"));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

function fileOf(text: string): string {
  const file = join(folder, `${count++}.yaml`);
  writeFileSync(file, text);
  return file;
}

function loaderFor(t: TestContext): Loader {
  const loader = new Loader(startLoadThread);
  t.after(() => loader.close());
  return loader;
}

test("gives the configuration, its warnings and the files it was made of", async (t) => {
  const options = { file: fileOf(withMore('  redis: { password: "${NONE}" }')), env: { SET: "1" } };
  const here = loadChecked(options);
  const loading = await loaderFor(t).load(options, "");
  assert.ok(loading.kind === "loaded");
  assert.deepStrictEqual(loading.config, here.config);
  assert.deepEqual(loading.warnings, here.warnings.map(oneLine));
  assert.equal(loading.warnings.length, 1);
  assert.deepEqual([...loading.files.keys()], [options.file]);
});

test("takes fragments along, and tells which are dropped in lines that nothing in them can end", async (t) => {
  const options = {
    file: fileOf(withMore("")),
    env: {},
    fragments: [ruleFragment("a", "/a"), ruleFragment("b", "/b", { timeout: "now\n\u001b[31m" })],
  };
  const loading = await loaderFor(t).load(options, "");
  assert.ok(loading.kind === "loaded");
  assert.deepStrictEqual(loading.config, loadChecked(options).config);
  assert.deepEqual(
    loading.config.rules.map((rule) => rule.id),
    ["web-1", "a-1"],
  );
  assert.equal(loading.dropped.length, 1);
  assert.equal(loading.dropped[0]!.source, "b");
  assert.match(
    loading.dropped[0]!.problems.join(),
    /^b label router\.rules\[0\]\.timeout: .* found "now\ufffd\ufffd\[31m"/,
  );
  const again = await loaderFor(t).load(options, loading.config.hash);
  assert.equal(again.kind, "unchanged");
});

test("does not send what is known", async (t) => {
  const file = fileOf(withMore(""));
  const { config } = loadChecked({ file, env: {} });
  const loading = await loaderFor(t).load({ file, env: {} }, config.hash);
  assert.equal(loading.kind, "unchanged");
  assert.deepEqual([...loading.files.keys()], [file]);
});

test("says why a configuration is refused, and names the files that were missed", async (t) => {
  const file = fileOf("gateway:\n  include: none.yaml\n  router: 1\n");
  const loading = await loaderFor(t).load({ file, env: {} }, "");
  assert.ok(loading.kind === "refused");
  const start = `${file}:2:12: cannot read "${join(folder, "none.yaml")}": no such file; `;
  assert.ok(loading.problems[0]!.startsWith(start), loading.problems[0]);
  assert.match(loading.text, /2 \| {3}include: none\.yaml/);
  assert.deepEqual([...loading.files.keys()], [file, join(folder, "none.yaml")]);
});

test("serves one load after the other, and again after it was closed", async (t) => {
  const loader = loaderFor(t);
  const file = fileOf(withMore(""));
  for (const kind of ["loaded", "loaded"]) assert.equal((await loader.load({ file, env: {} }, "")).kind, kind);
  loader.close();
  assert.equal((await loader.load({ file, env: {} }, "")).kind, "loaded");
});

test("a thread that ends under a load fails the load and not the next one", async (t) => {
  const loader = loaderFor(t);
  const file = fileOf(withMore(""));
  const loading = loader.load({ file, env: {} }, "");
  loader.close();
  await assert.rejects(loading, /has ended/);
  assert.equal((await loader.load({ file, env: {} }, "")).kind, "loaded");
});

test("a thread that fails says why", async (t) => {
  const loader = new Loader(() => new Worker("throw new RangeError('too deep')", { eval: true }));
  t.after(() => loader.close());
  await assert.rejects(loader.load({ file: fileOf(""), env: {} }, ""), /too deep/);
});
