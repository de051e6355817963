// Included files: how they are found, joined, and what a conflict between them says.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { loadConfig } from "../../../src/config/load.ts";
import { mergeInto } from "../../../src/config/text/merge.ts";
import { parseYaml } from "../../../src/config/text/parse.ts";
import { ConfigError, oneLine, Problems } from "../../../src/config/text/problem.ts";
import { SourceFiles } from "../../../src/config/text/source-files.ts";
import { plain } from "../../../src/config/text/tree.ts";
import { loadFile, type Outcome } from "../../support/load.ts";

const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

/** Writes files into a fresh folder and loads `main.yaml` of it. Messages have the folder cut off. */
function loadFiles(files: Readonly<Record<string, string>>): Outcome & { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "include-"));
  made.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const { config, errors, warnings } = loadFile(join(folder, "main.yaml"));
  const short = (lines: readonly string[]) => lines.map((l) => l.replaceAll(`${folder}/`, ""));
  return { folder, config, errors: short(errors), warnings: short(warnings) };
}

const SERVICE = "registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }";
const rule = (path: string) => `router: { rules: [ { path: ${path}, serviceName: web } ] }`;

describe("files", () => {
  test("lists are joined in order, mappings by key", () => {
    const { config, errors } = loadFiles({
      "main.yaml": `gateway: { include: [ a.yaml, b.yaml ], ${rule("/main")}, frontend: { http: { port: 1 } } }`,
      "a.yaml": `gateway: { ${rule("/a")}, frontend: { http: { host: 127.0.0.1 } } }`,
      "b.yaml": `gateway: { ${rule("/b")}, ${SERVICE} }`,
    });
    assert.deepEqual(errors, []);
    assert.deepEqual(
      config!.rules.map((r) => r.path),
      ["/main", "/a", "/b"],
    );
    const { host, port } = config!.frontend.http;
    assert.deepEqual([host, port], ["127.0.0.1", 1]);
  });
  test("one name may stand without a list", () => {
    const { errors } = loadFiles({
      "main.yaml": "gateway: { include: a.yaml }",
      "a.yaml": `gateway: { ${rule("/a")}, ${SERVICE} }`,
    });
    assert.deepEqual(errors, []);
  });
  test("paths are relative to the file that names them", () => {
    const { config, errors } = loadFiles({
      "main.yaml": `gateway: { include: deep/a.yaml, ${SERVICE} }`,
      "deep/a.yaml": "gateway: { include: [ b.yaml, ../c.yaml ] }",
      "deep/b.yaml": `gateway: { ${rule("/b")} }`,
      "c.yaml": `gateway: { ${rule("/c")} }`,
    });
    assert.deepEqual(errors, []);
    assert.equal(config!.rules.length, 2);
  });
  test("every file is watched, under its absolute path, also when one is missing", () => {
    const { folder } = loadFiles({
      "main.yaml": `gateway: { include: [ a.yaml, nope.yaml ], ${SERVICE} }`,
      "a.yaml": `gateway: { ${rule("/a")} }`,
    });
    const files = new SourceFiles();
    assert.throws(() => loadConfig({ file: join(folder, "main.yaml"), env: {} }, files), ConfigError);
    const expected = ["main.yaml", "a.yaml", "nope.yaml"].map((name) => join(folder, name));
    assert.deepEqual([...files.stamps.keys()], expected);
  });
  test("a file named twice counts once", () => {
    const { config } = loadFiles({
      "main.yaml": `gateway: { include: [ a.yaml, a.yaml, b.yaml ], ${SERVICE} }`,
      "a.yaml": `gateway: { ${rule("/a")} }`,
      "b.yaml": "gateway: { include: a.yaml }",
    });
    assert.equal(config!.rules.length, 1);
  });
  test("a file named by two spellings of its path counts once", () => {
    const { config, errors } = loadFiles({
      "main.yaml": `gateway: { include: [ a.yaml, ./a.yaml, deep/b.yaml ], ${SERVICE} }`,
      "a.yaml": `gateway: { ${rule("/a")} }`,
      "deep/b.yaml": "gateway: { include: ../a.yaml }",
    });
    assert.deepEqual(errors, []);
    assert.equal(config!.rules.length, 1);
  });
  test("files that include each other end", () => {
    const { config } = loadFiles({
      "main.yaml": `gateway: { include: a.yaml, ${SERVICE} }`,
      "a.yaml": `gateway: { include: main.yaml, ${rule("/a")} }`,
    });
    assert.equal(config!.rules.length, 1);
  });
  test("a file that is not there is an error naming it", () => {
    const { errors } = loadFiles({ "main.yaml": `gateway: { include: nope.yaml, ${SERVICE}, ${rule("/a")} }` });
    assert.match(
      errors.join(),
      /^main\.yaml:1:21: cannot read "nope\.yaml": no such file; paths in include are relative to the file that contains them$/,
    );
  });
  test("a folder is an error naming it", () => {
    const { errors } = loadFiles({
      "main.yaml": `gateway: { include: sub, ${SERVICE}, ${rule("/a")} }`,
      "sub/a.yaml": "",
    });
    assert.match(errors.join(), /^main\.yaml:1:21: cannot read "sub": this is a directory; list each file in it$/);
  });
  test("faults of an included file name that file and line", () => {
    const { errors } = loadFiles({
      "main.yaml": `gateway: { include: a.yaml, ${SERVICE}, ${rule("/x")} }`,
      "a.yaml": "gateway:\n  frontend:\n    http: { prt: 1 }\n",
    });
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /^a\.yaml:3:13: unknown key "prt".*did you mean "port"\?$/);
  });
  test("a rule of an included file knows its place", () => {
    const { config } = loadFiles({
      "main.yaml": `gateway: { include: a.yaml, ${SERVICE} }`,
      "a.yaml": `gateway:\n  ${rule("/a")}\n`,
    });
    assert.match(config!.rules[0]!.at.file, /a\.yaml$/);
    assert.equal(config!.rules[0]!.at.line, 2);
  });
  test("more than 256 files are refused", () => {
    const names = Array.from({ length: 257 }, (_, i) => `i${i}.yaml`);
    const files = Object.fromEntries(names.map((name) => [name, "gateway: {}"]));
    const { errors } = loadFiles({ "main.yaml": `gateway: { include: [ ${names.join(", ")} ] }`, ...files });
    assert.match(errors.join(), /more than 256 included files/);
  });
  test("the name of an included file may be a placeholder's default", () => {
    const { errors } = loadFiles({
      "main.yaml": 'gateway: { include: "${NOT_SET:-a}.yaml" }',
      "a.yaml": `gateway: { ${rule("/a")}, ${SERVICE} }`,
    });
    assert.deepEqual(errors, []);
  });
  test("an old spelling in one file and the key in another are compared", () => {
    const { errors } = loadFiles({
      "main.yaml": `gateway: { include: a.yaml, ${SERVICE}, ${rule("/")}, health: { healthPath: /a } }`,
      "a.yaml": "gateway: { health: { endpoint: /b } }",
    });
    assert.match(errors.join(), /^a\.yaml:1:\d+: "health\.endpoint" and "health\.healthPath" .* have different values/);
  });
});

describe("joining", () => {
  function merge(a: string, b: string): { value: unknown; errors: string[] } {
    const problems = new Problems();
    const into = parseYaml(a, "a", problems);
    mergeInto(into, parseYaml(b, "b", problems), problems);
    return { value: plain(into), errors: problems.list.map(oneLine) };
  }
  test("equal values are no conflict", () => {
    assert.deepEqual(merge("k: 5\nl: { m: [ 1 ] }", "k: 5"), { value: { k: 5, l: { m: [1] } }, errors: [] });
  });
  test("different values are an error with both places", () => {
    assert.deepEqual(merge("k: 5\nl: 1", "\nl: 2").errors, ['b:2:1: "l" is set differently at a:2']);
  });
  test("every conflict is reported", () => assert.equal(merge("k: 1\nl: 1", "k: 2\nl: 2").errors.length, 2));
  for (const [a, b] of [
    ["k: 1", "k: [ 1 ]"],
    ["k: { a: 1 }", "k: [ 1 ]"],
    ["k: text", "k: { a: 1 }"],
  ] as const) {
    test(`${a} and ${b} cannot be joined`, () => assert.equal(merge(a, b).errors.length, 1));
  }
  test("a number and its text are different", () => assert.equal(merge("k: 1", 'k: "1"').errors.length, 1));
});
