// What `explain` says about one request: exemption from authentication, and the answer of CORS.
import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictsOn } from "../../../src/cli/verdicts.ts";
import { dryRun, indexRules } from "../../../src/snapshot/check/dry-run.ts";
import { loadFine } from "../../support/load.ts";

const config = loadFine(`gateway:
  auth: { mtls: true, required: true, skipPaths: [ /public ] }
  cors: { allowedOrigins: [ https://a.test ], allowedMethods: [ GET, PUT ], allowedHeaders: [ x-id ], allowCredentials: true }
  router:
    rules:
      - { path: /*, serviceName: web }
      - { path: /own/*, serviceName: web, authRequired: false, cors: { optionsPassthrough: true } }
      - { path: /open/*, serviceName: web, authRequired: false, cors: { allowedOrigins: [ "*" ] } }
      - { path: /none/*, serviceName: web, authRequired: false, cors: false }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }
`);

function verdicts(method: string, url: string, fields: readonly string[] = []) {
  const request = { listener: "http", method, url, fields };
  const { rule, path } = dryRun(indexRules(config.rules), request);
  const { lines, denied } = verdictsOn(rule, path, request);
  return [denied, ...lines.map((line) => line.trim().replaceAll(/ +/g, " "))];
}

test("a path that needs no authentication is called exempt", () => {
  assert.deepEqual(verdicts("GET", "/public/a"), [false, "exempt no authentication, by auth.skipPaths"]);
  assert.deepEqual(verdicts("GET", "/publicity"), [false]);
  assert.deepEqual(verdicts("GET", "/own/x"), [false]);
  const ambiguous = "rejected 400 invalid_path, whether auth.skipPaths has the path is ambiguous";
  assert.deepEqual(verdicts("GET", "/public/..;/x"), [true, ambiguous]);
});

test("a page learns whether it may read the reply, which the request reaches either way", () => {
  const page = (origin: string, path = "/x") => verdicts("POST", path, ["Origin", origin]);
  assert.deepEqual(page("https://a.test"), [false, "page of https://a.test: allowed, with credentials"]);
  const refused = "page of https://b.test: not allowed, the origin is not in allowedOrigins";
  assert.deepEqual(page("https://b.test"), [false, refused]);
  assert.deepEqual(page("https://b.test", "/open/x"), [false, "page of https://b.test: allowed"]);
  assert.deepEqual(page("https://b.test", "/none/x"), [false]);
});

test("a preflight is told what is not allowed", () => {
  const preflight = (method: string, path: string, ...fields: string[]) =>
    verdicts("OPTIONS", path, ["origin", "https://a.test", "Access-Control-Request-Method", method, ...fields]);
  const names = "Access-Control-Request-Headers";
  const of = "preflight of https://a.test:";
  assert.deepEqual(preflight("PUT", "/x", names, "X-Id"), [false, `${of} allowed, with credentials`]);
  assert.deepEqual(preflight("PATCH", "/x"), [true, `${of} not allowed, PATCH is not in allowedMethods`]);
  const headers = preflight("PUT", "/x", names, "x-id, Authorization,x-b");
  assert.deepEqual(headers, [true, `${of} not allowed, Authorization, x-b not in allowedHeaders`]);
  assert.deepEqual(preflight("PATCH", "/own/x"), [false], "the service answers");
});
