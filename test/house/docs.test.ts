// The generated documentation is fresh and leaves nothing out.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { greeterDescriptors } from "../../scripts/descriptors.ts";
import { generatedDocs } from "../../scripts/docs.ts";
import { report } from "../../scripts/test-reporter.ts";
import { COMMANDS } from "../../src/cli/main.ts";
import { addressableKeys } from "../../src/config/schema/environment.ts";
import type { Fields } from "../../src/config/schema/field.ts";
import { root } from "../../src/config/schema/root.ts";
import { ALIASES, NO_EFFECT, NOT_YET, REFUSED } from "../../src/config/spellings/table.ts";
import { ERRORS } from "../../src/core/errors.ts";

const docs = generatedDocs();
const reference = docs.get("docs/configuration.md")!;
const spellings = docs.get("docs/old-spellings.md")!;
const errors = docs.get("docs/errors.md")!;
const commands = docs.get("docs/commands.md")!;

for (const [path, text] of docs) {
  test(`${path} is what \`make docs\` writes now`, () => assert.equal(readFileSync(path, "utf8"), text));
}

test("protos/demo/greeter.desc is what `make docs` writes now", () =>
  assert.deepEqual(readFileSync("protos/demo/greeter.desc"), Buffer.from(greeterDescriptors())));

test("every key has its row or its section", () => {
  const missing: string[] = [];
  const walk = (fields: Fields) => {
    for (const [key, field] of Object.entries(fields)) {
      const row = reference.includes(`| \`${key}\` | `) && reference.includes(field.doc.replaceAll("|", "\\|"));
      if (field.fields === null ? !row : !new RegExp(`^###? \`(.*\\.)?${key}\`$`, "m").test(reference))
        missing.push(key);
      walk(field.fields ?? field.items?.fields ?? {});
    }
  };
  walk(root.fields!.gateway!.fields!);
  assert.deepEqual(missing, []);
});

test("every environment variable is named", () => {
  for (const name of addressableKeys(root.fields!).keys()) {
    assert.ok(reference.includes(`\`${name.replace("GATEWAY_GATEWAY_", "GATEWAY_")}\``), name);
  }
});

test("every spelling with a fate of its own is named", () => {
  const paths = [...ALIASES.flat(), ...NO_EFFECT, ...NOT_YET, ...REFUSED.map(([path]) => path)];
  for (const path of paths) assert.ok(spellings.includes(`\`${path}\``), path);
});

test("every error is named with its status and message", () => {
  for (const [code, { status, message }] of Object.entries(ERRORS)) {
    const row = errors.split("\n").find((line) => line.startsWith(`| \`${code}\` | ${status} |`));
    assert.ok(row?.includes(message), code);
  }
});

test("every command is named with every flag", () => {
  for (const { name, flags } of COMMANDS) {
    const section = commands.split("\n## ").find((part) => part.startsWith(`\`gateway ${name}`)) ?? "";
    for (const flag of Object.keys(flags)) assert.ok(section.includes(`\`-${flag}\``), `${name} -${flag}`);
  }
});

test("no row is broken: all rows of a table have the cells of its head", () => {
  let cells = 0;
  for (const line of [reference, spellings, errors, commands].join("\n").split("\n")) {
    const now = line.startsWith("|") ? line.replaceAll("\\|", "").split("|").length : 0;
    if (cells !== 0 && now !== 0) assert.equal(now, cells, line);
    cells = now;
  }
});

describe("the README", () => {
  const readme = readFileSync("README.md", "utf8");
  test("names as missing what the configuration refuses as missing, each feature of it", () => {
    const section = /\n## What it does not do yet\n([\s\S]*?)\n## /.exec(readme)![1]!;
    const named = [...section.matchAll(/`([^`]+)`/g)].map((m) => m[1]!);
    assert.deepEqual(
      named.filter((key) => !NOT_YET.includes(key)),
      [],
    );
    const features = NOT_YET.filter((key) => !key.includes(".") || /^registry\.|^telemetry\.tracing$/.test(key));
    assert.deepEqual(
      features.filter((key) => !named.includes(key)),
      [],
    );
  });
  test("asks for the Node that package.json asks for", () => {
    const { engines } = JSON.parse(readFileSync("package.json", "utf8")) as { engines: { node: string } };
    assert.ok(readme.includes(`Node ${engines.node.replace(">=", "")} or newer`));
  });
  test("names every tool that the tests use", () => {
    const tools = [...readFileSync("Makefile", "utf8").matchAll(/^(?:test: )?TOOLS \+?:?= (.+)$/gm)];
    const names = tools.flatMap((m) => m[1]!.split(" "));
    assert.ok(names.length >= 4);
    for (const name of names) assert.ok(readme.includes(name), name);
  });
  test("shows how a run of the tests ends", async () => {
    let last = "";
    const nothing = (async function* () {})();
    await report(nothing, 0, (text) => {
      last = text;
    });
    assert.ok(last.includes("0 failed, 0 skipped") && readme.includes("`0 failed, 0 skipped`"), last);
  });
});

test("the tests that docs/security.md names exist", () => {
  const named = [...readFileSync("docs/security.md", "utf8").matchAll(/`((?:contract|e2e|fault|unit)\/[\w/*-]+)`/g)];
  assert.ok(named.length > 20);
  for (const [, name] of named) {
    const [folder, file] = [`test/${name!.slice(0, name!.lastIndexOf("/"))}`, name!.slice(name!.lastIndexOf("/") + 1)];
    const pattern = new RegExp(`^${file.replaceAll("*", ".*")}(\\.test\\.ts)?$`);
    assert.ok(
      readdirSync(folder).some((entry) => pattern.test(entry)),
      name,
    );
  }
});
