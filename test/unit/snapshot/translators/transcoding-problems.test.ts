// What `check` says of descriptors and bindings beyond the file itself: each with its place, and refused or not.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadConfig } from "../../../../src/config/load.ts";
import { transcodingProblems } from "../../../../src/snapshot/translators/translators.ts";
import { compileProtos } from "../../../../src/translators/grpc-json/proto/sources.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-problems-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A service with one method, bound as `rule` says. */
function proto(rule: string): string {
  return `syntax = "proto3"; package p; import "google/api/annotations.proto"; message M { string name = 1; M inner = 2; }
    service S { rpc Go(M) returns (M) { option (google.api.http) = { ${rule} }; } }`;
}

function set(text: string): string {
  const read = (path: string) => (path === "a.proto" ? Buffer.from(text) : undefined);
  return Buffer.from(compileProtos({ files: ["a.proto"], importPaths: ["."], read })).toString("base64");
}

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** What is said of a rule whose `grpc` block has these lines, each as `line:column severity text`. */
async function said(lines: readonly string[], more: readonly string[] = []): Promise<string[]> {
  const text = [
    "gateway:",
    "  router:",
    "    rules:",
    "      - id: json",
    "        path: /*",
    "        serviceName: up",
    "        grpc:",
    "          enableTranscoding: true",
    ...lines.map((line) => `          ${line}`),
    "  registry: { static: { services: [{ name: up, type: grpc, instances: [{ address: 127.0.0.1, port: 1 }] }] } }",
    ...more.map((line) => `  ${line}`),
  ].join("\n");
  const { config } = loadConfig({ file: "g.yaml", text, env: {} });
  const problems = await transcodingProblems(config);
  return problems.map(({ severity, at, message }) => `${at?.line}:${at?.column} ${severity} ${message}`);
}

const STRICT = ["backend: { grpc: { descriptors: { failOnError: true } } }"];
const GO = 'get: "/v1/{name}"';

describe("nothing is said of", () => {
  for (const [name, rule] of [
    ["a plain binding", GO],
    ["a verb behind **", 'post: "/v1/{name=**}:go"'],
    ["segments behind **", 'get: "/v1/{name=**}/tail"'],
  ] as const) {
    test(name, async () => assert.deepEqual(await said([`protoDescriptorBase64: ${set(proto(rule))}`]), []));
  }
  test("a set that is missing, once loading has said it", async () => {
    assert.deepEqual(await said([`dynamicDescriptors: { files: [${join(folder, "none.desc")}] }`]), []);
  });
});

describe("refused in any case is", () => {
  test("base64 that is no descriptor set, at its line", async () => {
    const expected = ["9:34 error router.rules[0].grpc.protoDescriptorBase64: not a serialized FileDescriptorSet"];
    assert.deepEqual(await said([`protoDescriptorBase64: ${Buffer.from("text").toString("base64")}`]), expected);
  });
  test("a mapping whose template names no field, at its line", async () => {
    const lines = [`protoDescriptorBase64: ${set(proto(GO))}`, "transcodingRules:", '  "GET /x/{nope}": p.S/Go'];
    assert.deepEqual(await said(lines), ['11:30 error rule "json": GET /x/{nope}, p.S/Go: p.M has no field "nope"']);
  });
  const wrong: [rule: string, message: string][] = [
    [
      'get: "/v1/{name=**}/{inner.name=**}"',
      'GET /v1/{name=**}/{inner.name=**}, p.S/Go: the path template "/v1/{name=**}/{inner.name=**}" has more than one "**"',
    ],
    ['get: "v1"', 'GET v1, p.S/Go: the path template "v1" must begin with "/"'],
    ['get: "/v1/{inner}"', 'GET /v1/{inner}, p.S/Go: the field "inner" cannot be set by a path'],
    ['post: "/v1" body: "nope"', 'POST /v1, p.S/Go: p.M has no field "nope" for the body'],
    [
      `${GO} additional_bindings { get: "/v2/{" }`,
      'GET /v2/{, p.S/Go: the path template "/v2/{" needs a field name after "{"',
    ],
  ];
  for (const [rule, message] of wrong) {
    test(`the http rule ${rule}`, async () => {
      const problems = await said([`protoDescriptorBase64: ${set(proto(rule))}`]);
      assert.deepEqual(problems, [`4:9 error rule "json": ${message}`]);
    });
  }
});

describe("of the files a rule brings, refused in any case is", () => {
  const cases: [name: string, lines: () => string[], message: RegExp][] = [
    [
      "a set that is none",
      () => [`protoDescriptor: ${file("x.desc", "text")}`],
      /^9:28 error router\.rules\[0\]\.grpc\.protoDescriptor: .*x\.desc: not a serialized/,
    ],
    [
      "a source with a wrong line",
      () => ["protoFiles:", `  - ${file("x.proto", "message {")}`],
      /^10:15 error router\.rules\[0\]\.grpc\.protoFiles\[0\]: x\.proto: .*line 1/,
    ],
    [
      "an import that is missing",
      () => [`protoFiles: ${file("y.proto", 'import "none.proto";')}`],
      /^9:23 error .*cannot resolve import "none\.proto" in y\.proto/,
    ],
  ];
  for (const [name, lines, message] of cases) {
    test(name, async () => {
      const problems = await said(lines());
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, message);
    });
  }
});

test("a dynamic set that is none is refused where the file asks for it, and else warned of", async () => {
  for (const [more, severity] of [
    [[], "warning"],
    [STRICT, "error"],
  ] as const) {
    const problems = await said([`dynamicDescriptors: { files: [${file("z.desc", "text")}] }`], more);
    assert.match(
      problems.join("\n"),
      new RegExp(`^9:\\d+ ${severity} .*dynamicDescriptors\\.files\\[0\\]: .*z\\.desc: not a`),
    );
  }
});

test("a mapping to a method nobody describes is warned of", async () => {
  const lines = [`protoDescriptorBase64: ${set(proto(GO))}`, "transcodingRules:", '  "GET /x": p.S/Nope'];
  assert.deepEqual(await said(lines), ['4:9 warning rule "json": GET /x: no method "p.S/Nope"']);
});
