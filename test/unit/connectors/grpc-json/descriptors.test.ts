// Descriptors: .proto sources compiled, sets merged, names found, and errors that name the file.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FileOptionsSchema,
  FieldDescriptorProto_Label as Label,
  SourceCodeInfoSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { createPool } from "../../../../src/translators/grpc-json/descriptors/pool.ts";
import { httpRuleOf } from "../../../../src/translators/grpc-json/http-rule.ts";
import { compileProtos } from "../../../../src/translators/grpc-json/proto/sources.ts";
import { libraryPool, librarySet, PROTOS, readProto } from "../../../support/library.ts";

/** Compiles sources given as texts. */
function compile(texts: Record<string, string>, files: string[], importPaths: string[] = []): FileDescriptorProto[] {
  const read = (path: string): Buffer | undefined =>
    Object.hasOwn(texts, path) ? Buffer.from(texts[path]!) : undefined;
  return fromBinary(FileDescriptorSetSchema, compileProtos({ files, importPaths, read })).file;
}

function one(text: string): FileDescriptorProto {
  return compile({ "a.proto": text }, ["a.proto"]).at(-1)!;
}

function set(...file: FileDescriptorProto[]): Uint8Array {
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

const P3 = 'syntax = "proto3";';

describe("a compiled .proto file", () => {
  const pool = libraryPool();
  const everything = pool.registry.getMessage("test.library.v1.Everything")!;
  const library = pool.service("test.library.v1.Library")!;
  const field = (name: string) => everything.fields.find((f) => f.name === name)!;

  test("keeps presence, packing and JSON names", () => {
    assert.deepEqual([field("maybe").proto.proto3Optional, field("maybe").oneof], [true, undefined]);
    assert.deepEqual(
      [field("packed"), field("unpacked")].map((f) => f.fieldKind === "list" && f.packed),
      [true, false],
    );
    assert.deepEqual(
      [field("renamed").jsonName, field("a_int32").jsonName, field("by_id").jsonName],
      ["otherName", "aInt32", "byId"],
    );
    assert.deepEqual(
      everything.oneofs.map(({ name, fields }) => [name, fields.length]),
      [
        ["choice", 3],
        ["other_choice", 1],
      ],
    );
  });
  test("keeps maps, enums and nested types", () => {
    const map = field("by_id");
    assert.ok(map.fieldKind === "map" && map.message?.typeName === "test.library.v1.Everything.Inner");
    assert.equal(field("level").enum?.typeName, "test.common.Level");
    assert.deepEqual(
      pool.registry.getEnum("test.library.v1.Everything.Inner.Kind")!.values.map(({ number }) => number),
      [0, 1, -1],
    );
    assert.equal(field("point").message?.typeName, "test.common.Point");
  });
  test("keeps streaming and idempotency", () => {
    const kinds = Object.fromEntries(library.methods.map(({ name, methodKind }) => [name, methodKind]));
    assert.deepEqual(
      [kinds.Echo, kinds.WatchBooks, kinds.ImportBooks, kinds.Chat],
      ["unary", "server_streaming", "client_streaming", "bidi_streaming"],
    );
    assert.equal(library.methods.find(({ name }) => name === "ListBooks")!.idempotency, 1);
  });
  test("keeps google.api.http, in every spelling", () => {
    const rule = (name: string) => httpRuleOf(library.methods.find((method) => method.name === name)!)!;
    const none = { body: "", responseBody: "", additional: [] };
    assert.deepEqual(rule("Echo").additional, [
      { ...none, method: "GET", template: "/v1/echo" },
      { ...none, method: "POST", template: "/v1/echo/inner", body: "inner" },
      { ...none, method: "POST", template: "/v1/echo/strings", body: "strings" },
      { ...none, method: "GET", template: "/v1/echo/{a_int32}/{inner.name=kinds/*}" },
    ]);
    assert.deepEqual(rule("GetBook"), { ...none, method: "GET", template: "/v1/{name=shelves/*/books/*}" });
    assert.deepEqual(rule("ListBooks"), {
      ...none,
      method: "GET",
      template: "/v1/{name=shelves/*}/books",
      responseBody: "books",
    });
    assert.deepEqual(rule("Report"), { ...none, method: "REPORT", template: "/v1/reports" });
    assert.equal(httpRuleOf(library.methods.find(({ name }) => name === "Plain")!), undefined);
  });
  test("keeps it as the real extension", () => {
    const http = pool.registry.getExtension("google.api.http")!;
    assert.deepEqual([http.number, http.extendee.typeName], [72295728, "google.protobuf.MethodOptions"]);
  });
  test("of proto2 keeps groups, defaults, required fields and extensions", () => {
    const file = one(`syntax = "proto2"; package p;
      message M { required int32 a = 1 [default = -5]; optional string b = 2 [default = "x"]; optional group G = 3 { optional int32 c = 4; }
        repeated int32 d = 5 [packed = true]; extensions 100 to 199; }
      extend M { optional string e = 100; }`);
    const [m] = file.messageType;
    assert.equal(file.syntax, "");
    assert.deepEqual(
      m!.field.map((f) => [f.name, f.label, f.type, f.defaultValue]),
      [
        ["a", Label.REQUIRED, Type.INT32, "-5"],
        ["b", Label.OPTIONAL, Type.STRING, "x"],
        ["g", Label.OPTIONAL, Type.GROUP, ""],
        ["d", Label.REPEATED, Type.INT32, ""],
      ],
    );
    assert.equal(m!.field[3]!.options!.packed, true);
    assert.deepEqual(
      m!.extensionRange.map(({ start, end }) => [start, end]),
      [[100, 200]],
    );
    assert.deepEqual(
      file.extension.map(({ name, extendee }) => [name, extendee]),
      [["e", ".p.M"]],
    );
    createPool([{ name: "s", bytes: set(file) }]);
  });
  test("of an edition keeps its features", () => {
    const file = one(
      `edition = "2023"; package p; message M { string a = 1 [features.field_presence = IMPLICIT]; string b = 2; }`,
    );
    const pool = createPool([{ name: "s", bytes: set(file) }]);
    assert.deepEqual(
      pool.registry.getMessage("p.M")!.fields.map(({ presence }) => presence),
      [2, 1],
    );
  });
  test("may be without a package, and without types", () => {
    assert.equal(one(`${P3} message M { N n = 1; } message N {}`).messageType[0]!.field[0]!.typeName, ".N");
    assert.equal(one(P3).syntax, "proto3");
    assert.equal(one('// nothing\n/* syntax = "proto3"; */').syntax, "");
  });
  test("finds types from the inside out", () => {
    const file = one(
      `${P3} package a.b; message T {} message M { message T {} T inner = 1; .a.b.T outer = 2; b.T same = 3; a.b.T full = 4; }`,
    );
    const types = file.messageType[1]!.field.map(({ typeName }) => typeName);
    assert.deepEqual(types, [".a.b.M.T", ".a.b.T", ".a.b.T", ".a.b.T"]);
  });
  test("may use names that mean something in JavaScript", () => {
    const file = one(
      `${P3} message constructor { string toString = 1; string hasOwnProperty = 2; } service S { rpc valueOf(constructor) returns (constructor); }`,
    );
    assert.deepEqual(
      file.messageType[0]!.field.map(({ name }) => name),
      ["toString", "hasOwnProperty"],
    );
  });
});

describe("imports", () => {
  const main = `${P3} import "b.proto"; message M { B b = 1; }`;
  const b = `${P3} message B {}`;
  const names = (files: FileDescriptorProto[]): string[] => files.map(({ name }) => name);

  test("are found below import paths, in their order", () => {
    const texts = { "one/a.proto": main, "two/b.proto": b, "three/b.proto": "broken" };
    assert.deepEqual(names(compile(texts, ["a.proto"], ["one", "two/", "three"])), ["b.proto", "a.proto"]);
    assert.deepEqual(names(compile(texts, ["one/a.proto"], ["./one", "two"])), ["b.proto", "a.proto"]);
  });
  test("are found next to a file that is below no import path", () => {
    assert.deepEqual(names(compile({ "/x/y/a.proto": main, "/x/y/b.proto": b }, ["/x/y/a.proto"])), [
      "b.proto",
      "a.proto",
    ]);
    assert.deepEqual(names(compile({ "/a.proto": main, "/b.proto": b }, ["/a.proto"])), ["b.proto", "a.proto"]);
    assert.deepEqual(names(compile({ "a.proto": main, "b.proto": b }, ["./a.proto"])), ["b.proto", "a.proto"]);
  });
  test("are compiled once", () => {
    const texts = { "a.proto": main, "b.proto": b, "c.proto": `${P3} import "b.proto"; import "a.proto";` };
    assert.deepEqual(names(compile(texts, ["c.proto", "a.proto", "b.proto"], ["."])), [
      "b.proto",
      "a.proto",
      "c.proto",
    ]);
  });
  test("may be public or weak", () => {
    const texts = {
      "a.proto": `${P3} import public "b.proto"; import weak "c.proto"; message M { B b = 1; }`,
      "b.proto": b,
      "c.proto": P3,
    };
    assert.deepEqual(names(compile(texts, ["a.proto"], ["."])).sort(), ["a.proto", "b.proto", "c.proto"]);
  });
  /** What the gateway brings, by name. */
  const builtIn = [
    ...readdirSync("protos/google", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".proto")),
    ...[
      "any",
      "api",
      "cpp_features",
      "descriptor",
      "duration",
      "empty",
      "field_mask",
      "go_features",
      "java_features",
    ].map((name) => `protobuf/${name}.proto`),
    ...["source_context", "struct", "timestamp", "type", "wrappers"].map((name) => `protobuf/${name}.proto`),
    "protobuf/compiler/plugin.proto",
  ].map((name) => `google/${name}`);

  test("of google come with the gateway, with everything they import", () => {
    for (const name of builtIn) {
      const files = compile({ "a.proto": `${P3} import "${name}";` }, ["a.proto"]);
      createPool([{ name: "s", bytes: set(...files) }]);
      // A set may leave out what is built in.
      createPool([{ name: "s", bytes: set(files.at(-1)!) }]);
    }
    createPool([{ name: "s", bytes: set(one(P3 + builtIn.map((name) => `import "${name}";`).join(""))) }]);
  });
  test("of google are those the guide lists", () => {
    const guide = readFileSync("docs/guides/transcoding.md", "utf8");
    const listed = [...guide.matchAll(/^\| `google\/(\w+)` \| (.+) \|$/gm)].flatMap(([, folder, names]) =>
      names!
        .replaceAll("(options only)", "")
        .split(/[ ,`]+/)
        .flatMap((name) => (name === "" ? [] : [`google/${folder}/${name}.proto`])),
    );
    assert.deepEqual(listed.sort(), [...builtIn].sort());
  });
  test("of google are not there unless they are imported, but for what any answer may hold", () => {
    const { registry, services } = createPool([]);
    assert.ok(registry.getMessage("google.rpc.BadRequest"));
    assert.deepEqual([registry.getMessage("google.type.Money"), services.length], [undefined, 0]);
  });
  test("of widely used APIs compile with their options", () => {
    const text = `${P3} package a; import "google/api/annotations.proto"; import "google/api/client.proto";
      import "google/api/field_behavior.proto"; import "google/api/resource.proto"; import "google/api/field_info.proto";
      import "google/api/routing.proto"; import "google/api/visibility.proto"; import "google/api/launch_stage.proto";
      import "google/longrunning/operations.proto"; import "google/type/money.proto"; import "google/type/latlng.proto";
      option (google.api.resource_definition) = { type: "a/B" pattern: "bs/{b}" };
      service S { option (google.api.default_host) = "a.example"; option (google.api.oauth_scopes) = "x,y";
        rpc Go(M) returns (google.longrunning.Operation) {
          option (google.api.http) = { post: "/v1/{name=bs/*}:go" body: "*" };
          option (google.api.method_signature) = "name";
          option (google.api.method_signature) = "";
          option (google.api.routing) = { routing_parameters { field: "name" } };
          option (google.longrunning.operation_info) = { response_type: "M" metadata_type: "M" };
        } }
      message M { option (google.api.resource) = { type: "a/B" pattern: "bs/{b}" singular: "b" };
        string name = 1 [(google.api.field_behavior) = REQUIRED, (google.api.field_behavior) = IMMUTABLE,
          (google.api.resource_reference) = { type: "a/B" }];
        string id = 2 [(google.api.field_info).format = UUID4, (google.api.field_visibility).restriction = "X"];
        google.type.Money price = 3; google.type.LatLng place = 4; google.api.LaunchStage stage = 5; }`;
    const pool = createPool([{ name: "s", bytes: set(...compile({ "a.proto": text }, ["a.proto"])) }]);
    const go = pool.target("a.S/Go")!;
    assert.equal(httpRuleOf(go)!.template, "/v1/{name=bs/*}:go");
    assert.deepEqual(
      go.output.fields.map(({ name, number }) => [name, number]),
      [
        ["name", 1],
        ["metadata", 2],
        ["done", 3],
        ["error", 4],
        ["response", 5],
      ],
    );
    assert.equal(pool.registry.getExtension("google.api.field_behavior")?.number, 1052);
    assert.equal(httpRuleOf(pool.target("Operations/CancelOperation")!)!.template, "/v1/{name=operations/**}:cancel");
  });
  test("of google may be replaced by files", () => {
    const texts = {
      "a.proto": `${P3} import "google/rpc/status.proto";`,
      "google/rpc/status.proto": `${P3} package google.rpc; message Mine {}`,
    };
    assert.equal(compile(texts, ["a.proto"], ["."])[0]!.messageType[0]!.name, "Mine");
  });

  const errors: [name: string, texts: Record<string, string>, message: RegExp][] = [
    ["a missing file", {}, /^a\.proto: no such file/],
    ["a missing import", { "a.proto": main }, /^cannot resolve import "b\.proto" in a\.proto$/],
    [
      "a missing import of an import",
      { "a.proto": main, "b.proto": `${P3} import "x.proto";` },
      /"x\.proto" in b\.proto/,
    ],
    [
      "a cycle",
      { "a.proto": main, "b.proto": `${P3} import "a.proto";` },
      /import cycle: a\.proto → b\.proto → a\.proto/,
    ],
    ["a syntax error", { "a.proto": `${P3}\n\nmessage M {\n  string x 1;\n}` }, /^a\.proto: .*line 4/],
    [
      "an unknown type",
      { "a.proto": `${P3} package p; message M { Nope n = 1; }` },
      /^a\.proto: no type "Nope", named by field p\.M\.n/,
    ],
    [
      "an unknown request type",
      { "a.proto": `${P3} message M {} service S { rpc Go(Nope) returns (M); }` },
      /^a\.proto: no message "Nope", named by S\.Go/,
    ],
    [
      "an enum as a request",
      { "a.proto": `${P3} enum E { Z = 0; } service S { rpc Go(E) returns (E); }` },
      /no message "E"/,
    ],
    ["an unknown extendee", { "a.proto": `${P3} extend Nope { string x = 1; }` }, /no type "Nope"/],
    ["an unknown syntax", { "a.proto": 'edition = "1999"; message M {}' }, /a\.proto: /],
    [
      "an unknown field of google.api.http",
      {
        "a.proto": `${P3} import "google/api/annotations.proto"; message M {} service S { rpc Go(M) returns (M) { option (google.api.http) = { fetch: "/x" }; } }`,
      },
      /a\.proto: S\.Go: google\.api\.http has no field "fetch"/,
    ],
  ];
  for (const [name, texts, message] of errors) {
    test(`fail with words: ${name}`, () =>
      assert.throws(() => compile(texts, ["a.proto"], ["."]), { name: "DescriptorError", message }));
  }
});

describe("descriptor sets", () => {
  const a = one(`${P3} package p; message M { string a_b = 1; }`);
  const named = (name: string, ...files: FileDescriptorProto[]) => ({ name, bytes: set(...files) });

  test("are merged", () => {
    const pool = createPool([named("one", a), { name: "library", bytes: librarySet() }]);
    assert.ok(pool.registry.getMessage("p.M"));
    assert.equal(pool.services.length, 2);
  });
  test("may be empty, and know the usual types all the same", () => {
    const { registry } = createPool([]);
    for (const name of ["google.protobuf.Any", "google.rpc.Status", "google.rpc.BadRequest", "google.api.HttpBody"])
      assert.ok(registry.getMessage(name), name);
  });
  test("may hold the same file, compiled by somebody else", () => {
    const other = create(FileDescriptorProtoSchema, {
      ...a,
      options: create(FileOptionsSchema, { javaPackage: "x" }),
      sourceCodeInfo: create(SourceCodeInfoSchema),
    });
    other.messageType = other.messageType.map((m) => ({
      ...m,
      reservedName: ["x"],
      field: m.field.map((f) => ({ ...f, jsonName: "" })),
    }));
    assert.ok(createPool([named("one", a), named("two", other)]).registry.getMessage("p.M"));
  });
  test("may not hold different files of one name", () => {
    const other = one(`${P3} package p; message M { int32 a_b = 1; }`);
    assert.throws(() => createPool([named("one.pb", a), named("two.pb", other)]), {
      name: "DescriptorError",
      message: "a.proto: differs between one.pb and two.pb",
    });
  });
  test("may differ in what comes from google", () => {
    const mine = create(FileDescriptorProtoSchema, {
      name: "google/protobuf/empty.proto",
      package: "google.protobuf",
      messageType: [{ name: "Empty" }],
    });
    createPool([named("one", mine), { name: "library", bytes: librarySet() }]);
  });
  test("may come in any order, without what is built in", () => {
    const files = fromBinary(FileDescriptorSetSchema, librarySet()).file.filter(
      ({ name }) => !name.startsWith("google/"),
    );
    assert.ok(createPool([named("one", ...files.reverse())]).service("Library"));
  });
  test("name what they lack", () => {
    const lacking = create(FileDescriptorProtoSchema, { name: "b.proto", dependency: ["x.proto"] });
    assert.throws(() => createPool([named("one", lacking)]), /cannot resolve import "x\.proto" in b\.proto/);
    const broken = create(FileDescriptorProtoSchema, {
      name: "b.proto",
      messageType: [{ name: "M", field: [{ name: "f", number: 1, type: Type.MESSAGE, typeName: ".no.Such" }] }],
    });
    assert.throws(() => createPool([named("one", broken)]), { name: "DescriptorError" });
    const cyclic = ["c.proto", "d.proto"].map((name, i, all) =>
      create(FileDescriptorProtoSchema, { name, dependency: [all[1 - i]!] }),
    );
    assert.throws(() => createPool([named("one", ...cyclic)]), /import cycle: c\.proto → d\.proto → c\.proto/);
  });
  for (const [name, bytes] of [
    ["text", Buffer.from("syntax")],
    ["nothing", Buffer.alloc(0)],
    ["zeros", Buffer.alloc(10)],
    ["a file alone", toBinary(FileDescriptorProtoSchema, a)],
  ] as const) {
    test(`that are ${name} are refused by name`, () =>
      assert.throws(() => createPool([{ name: "x.pb", bytes }]), /^DescriptorError: x\.pb: /));
  }
});

describe("a pool", () => {
  const pool = libraryPool();
  const cases: [target: string, found: string | undefined][] = [
    ["test.library.v1.Library/Plain", "test.library.v1.Library"],
    ["/test.library.v1.Library/Plain", "test.library.v1.Library"],
    ["test.library.v1.Library.Plain", "test.library.v1.Library"],
    ["Vault/Plain", "test.library.v1.Vault"],
    ["Vault.Plain", "test.library.v1.Vault"],
    ["v1.Vault.Plain", undefined],
    ["Vault/plain", undefined],
    ["Vault", undefined],
    ["", undefined],
    ["constructor/Plain", undefined],
  ];
  for (const [target, found] of cases) {
    test(`finds ${target || "nothing"}`, () => assert.equal(pool.target(target)?.parent.typeName, found));
  }
  test("does not guess between services of one name", () => {
    const text = (name: string): string => `${P3} package ${name}; message M {} service S { rpc Go(M) returns (M); }`;
    const two = createPool([
      { name: "s", bytes: set(...compile({ "a.proto": text("a"), "b.proto": text("b") }, ["a.proto", "b.proto"])) },
    ]);
    assert.equal(two.service("S"), undefined);
    assert.equal(two.target("b.S/Go")?.parent.typeName, "b.S");
    assert.deepEqual(
      two.services.map(({ typeName }) => typeName),
      ["a.S", "b.S"],
    );
  });
  test("is made of files on a disk", () => assert.ok(readProto(`${PROTOS}/common.proto`)));
});
