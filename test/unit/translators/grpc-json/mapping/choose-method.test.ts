// Which method a request means, in the order configuration promises.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DescriptorPool } from "../../../../../src/translators/grpc-json/descriptors/pool.ts";
import { compileMethods } from "../../../../../src/translators/grpc-json/mapping/method-table.ts";
import type { JsonRule } from "../../../../../src/translators/grpc-json/rule.ts";
import { JsonTranslator } from "../../../../../src/translators/grpc-json/translator.ts";
import { libraryPool, OPEN_RULE } from "../../../../support/library.ts";
import { clientRequest } from "../../../../support/transcoding.ts";

const pool = libraryPool();
const LIBRARY = "test.library.v1.Library";
const VAULT = "test.library.v1.Vault";

/** The method of a request, or the code it is refused with. */
function chosen(rule: Partial<JsonRule>, request: string): string {
  const [method = "", target = ""] = request.split(" ");
  const found = new JsonTranslator({ ...OPEN_RULE, ...rule }, () => pool).begin(clientRequest({ method, target }));
  if ("target" in found) return found.target.slice(1).replace("test.library.v1.", "");
  return [found.code, ...(found.fields ?? [])].join(" ");
}

const mapping = (text: string, target: string) => {
  const [method = "", template = ""] = text.split(" ");
  return { method, template, target, key: `grpc.transcodingRules.${text}` };
};
const mappings = [
  mapping("GET /books/{name}", `${LIBRARY}/GetBook`),
  mapping("GET /books/first", `${LIBRARY}.Latest`),
  mapping("POST /books", "Library/Plain"),
  mapping("* /any", "Vault.Plain"),
  mapping("GET /v1/files/{name=**}", `${LIBRARY}/Latest`),
];

const cases: [name: string, rule: Partial<JsonRule>, request: string, chosen: string][] = [
  ["a mapping", { mappings }, "GET /books/1", "Library/GetBook"],
  ["a mapping with a literal before one with a variable", { mappings }, "GET /books/first", "Library/Latest"],
  ["a mapping with an unqualified name", { mappings }, "POST /books", "Library/Plain"],
  ["a mapping for any method", { mappings }, "DELETE /any", "Vault/Plain"],
  ["a mapping, by another method", { mappings }, "PUT /books", "method_not_allowed Allow POST"],
  ["a mapping below the prefix", { mappings, prefix: "/api" }, "GET /api/books/1", "Library/GetBook"],
  [
    "a mapping on the full path first",
    { mappings: [mapping("GET /api/x", "Vault.Plain"), mapping("GET /x", "Library.Plain")], prefix: "/api" },
    "GET /api/x",
    "Vault/Plain",
  ],
  ["a mapping before google.api.http", { mappings }, "GET /v1/files/a", "Library/Latest"],
  [
    "a mapping before the fixed method",
    { mappings, service: LIBRARY, method: "Plain" },
    "GET /books/1",
    "Library/GetBook",
  ],
  ["the fixed method for any path", { service: LIBRARY, method: "Plain" }, "GET /whatever", "Library/Plain"],
  [
    "the fixed method before google.api.http",
    { service: LIBRARY, method: "Plain" },
    "GET /v1/files/a",
    "Library/Plain",
  ],
  ["a fixed method that does not exist", { service: LIBRARY, method: "Nope" }, "GET /v1/files/a", "no_route"],
  ["a fixed service that does not exist", { service: "Nope", method: "Nope" }, "GET /v1/files/a", "no_route"],
  ["google.api.http", {}, "GET /v1/shelves/1/books/2", "Library/GetBook"],
  ["google.api.http, an additional binding", {}, "GET /v1/echo", "Library/Echo"],
  ["google.api.http, a binding from a list", {}, "GET /v1/echo/1/kinds/2", "Library/Echo"],
  ["google.api.http, patch and put", {}, "PUT /v1/shelves/1/books/2", "Library/UpdateBook"],
  ["google.api.http, delete", {}, "DELETE /v1/shelves/1/books/2", "Library/DeleteBook"],
  ["google.api.http, a verb", {}, "POST /v1/shelves/1/books/2:cancel", "Library/CancelBook"],
  ["google.api.http, a literal before a variable", {}, "GET /v1/shelves/latest/books/first", "Library/Latest"],
  ["google.api.http, a custom method", {}, "REPORT /v1/reports", "Library/Report"],
  ["google.api.http, any method", {}, "PURGE /v1/anything/x", "Library/Anything"],
  ["google.api.http, HEAD as GET", {}, "HEAD /v1/echo", "Library/Echo"],
  ["google.api.http below the prefix", { prefix: "/api" }, "GET /api/v1/echo", "Library/Echo"],
  ["google.api.http, by another method", {}, "DELETE /v1/files", "method_not_allowed Allow GET, POST"],
  ["google.api.http of the rule's service only", { service: VAULT }, "GET /v1/shelves/1/books/2", "Vault/GetAgain"],
  ["google.api.http not of other services", { service: VAULT }, "GET /v1/echo", "no_route"],
  ["service and method at the end", {}, `POST /${LIBRARY}/Plain`, "Library/Plain"],
  ["service and method at the end of anything", {}, `POST /x/y/${LIBRARY}/Plain`, "Library/Plain"],
  ["service and method at the end, unqualified", {}, "POST /Vault/Plain", "Vault/Plain"],
  ["service and method at the end, by another method", {}, `GET /${LIBRARY}/Plain`, "method_not_allowed Allow POST"],
  ["service and unknown method at the end", {}, `POST /${LIBRARY}/Nope`, "no_route"],
  ["another service than the rule's at the end", { service: VAULT }, `POST /${LIBRARY}/Plain`, "no_route"],
  ["the rule's service and the last segment", { service: VAULT }, "POST /x/Plain", "Vault/Plain"],
  ["the rule's service and the last segment, by GET", { service: "Vault" }, "GET /x/Plain?name=y", "Vault/Plain"],
  ["the rule's service and an unknown last segment", { service: VAULT }, "POST /x/Nope", "no_route"],
  ["a path prefix", { pathMappings: [["/lib", LIBRARY]] }, "POST /lib/Plain", "Library/Plain"],
  [
    "the longest path prefix",
    {
      pathMappings: [
        ["/lib", LIBRARY],
        ["/lib/old/", VAULT],
      ],
    },
    "POST /lib/old/Plain",
    "Vault/Plain",
  ],
  ["a path prefix at a segment only", { pathMappings: [["/lib", LIBRARY]] }, "POST /library/Plain", "no_route"],
  [
    "a path prefix below the rule's",
    { prefix: "/api", pathMappings: [["/lib", LIBRARY]] },
    "POST /api/lib/Plain",
    "Library/Plain",
  ],
  ["a path prefix of `/`", { pathMappings: [["/", LIBRARY]] }, "POST /Plain", "Library/Plain"],
  ["nothing", {}, "GET /nowhere", "no_route"],
  ["the root", {}, "GET /", "no_route"],
];
describe("chosen by", () => {
  for (const [name, rule, request, expected] of cases) {
    test(`${name}: ${request}`, () => assert.equal(chosen(rule, request), expected));
  }
});

describe("what cannot work is reported", () => {
  const warnings = (rule: Partial<JsonRule>): readonly string[] =>
    compileMethods({ ...OPEN_RULE, ...rule }, pool).warnings;
  const conflict =
    "GET /v1/{name=shelves/*/books/*}: bound to test.library.v1.Library/GetBook already, not to test.library.v1.Vault/GetAgain";
  const reports: [rule: Partial<JsonRule>, warning: string][] = [
    [{}, conflict],
    [{ service: "Nope" }, 'no service "Nope", or not only one'],
    [{ service: LIBRARY, method: "Nope" }, `no method "Nope" in ${LIBRARY}`],
    [{ pathMappings: [["/a", "Nope"]] }, '/a: no service "Nope", or not only one'],
    [{ mappings: [mapping("GET /a", "Nope.X")] }, 'GET /a: no method "Nope.X"'],
    [{ mappings: [mapping("GET /a", "X")] }, 'GET /a: no method "X"'],
  ];
  for (const [rule, warning] of reports) {
    test(warning, () => assert.ok(warnings(rule).includes(warning), warnings(rule).join()));
  }
  for (const [template, wrong] of [
    ["/a/{nope}", /no field "nope"/],
    ["/a/{tags}", /"tags" cannot be set by a path/],
    ["/a/{filter}", /"filter" cannot be set by a path/],
    ["/a/{", /field name/],
  ] as const) {
    test(`as a fault: a mapping of ${template}`, () => {
      const one = mapping(`GET ${template}`, "Vault.Plain");
      const [fault, ...more] = compileMethods({ ...OPEN_RULE, mappings: [one] }, pool).faults;
      assert.deepEqual([fault?.key, more], [one.key, []]);
      assert.ok(fault?.message.startsWith(`GET ${template}, test.library.v1.Vault/Plain: `), fault?.message);
      assert.match(fault!.message, wrong);
    });
  }
});

describe("descriptors", () => {
  test("that are missing refuse the request", () => {
    assert.deepEqual(new JsonTranslator(OPEN_RULE, () => null).begin(clientRequest({ target: "/v1/echo" })), {
      code: "descriptor_unavailable",
    });
  });
  test("may change; what was compiled is kept until they do", () => {
    let now = pool;
    const compiled: DescriptorPool[] = [];
    const translator = new JsonTranslator(
      OPEN_RULE,
      () => now,
      (table) => compiled.push(table.pool),
    );
    translator.prepare();
    translator.begin(clientRequest({ target: "/v1/echo" }));
    translator.begin(clientRequest({ target: "/v1/echo" }));
    assert.equal(compiled.length, 1);
    now = libraryPool();
    assert.ok("target" in translator.begin(clientRequest({ target: "/v1/echo" })));
    assert.equal(compiled.at(-1), now);
  });
});
