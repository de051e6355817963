// The tests of a file beside fragments: who changes what they say is dropped, and nobody else.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigError, oneLine } from "../../../../src/config/text/problem.ts";
import type { Fragment } from "../../../../src/core/registry.ts";
import { loadChecked } from "../../../../src/snapshot/check/checked.ts";
import { ruleFragment } from "../../../support/fragments.ts";
import { FILE } from "../../../support/load.ts";

const text = (tests: string) => `gateway:
  router:
    rules:
      - { id: api, path: /api/*, serviceName: web }
      - { id: chat, path: /chat, methods: WEBSOCKET, serviceName: web }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }
  tests: [ ${tests} ]
`;

/** Source → why it was dropped. */
function droppedOf(tests: string, ...fragments: Fragment[]): Readonly<Record<string, readonly string[]>> {
  const load = (list: Fragment[]) => loadChecked({ file: FILE, text: text(tests), env: {}, fragments: list });
  const { dropped } = load(fragments);
  assert.deepEqual(load([...fragments].reverse()).dropped, dropped);
  return Object.fromEntries(dropped.map(({ source, problems }) => [source, problems.map(oneLine)]));
}

const TAKEN = '{ request: "GET /api/users", expect: { route: api } }';

test("a rule that takes the request of a test drops its fragment", () => {
  const dropped = droppedOf(TAKEN, ruleFragment("a", "/api/users"), ruleFragment("b", "/other"));
  assert.deepEqual(dropped, {
    a: ['a: test failed: tests[0] (GET /api/users): expected route "api", got route "a-1"'],
  });
});

test("all that would take it are dropped, also those behind another", () => {
  const takers = [ruleFragment("a", "/api/u*"), ruleFragment("b", "/api/users"), ruleFragment("c", "/api/us*")];
  assert.deepEqual(Object.keys(droppedOf(TAKEN, ...takers)), ["a", "b", "c"]);
});

test("one that is less specific than the rule of the file stays", () => {
  assert.deepEqual(Object.keys(droppedOf(TAKEN, ruleFragment("a", "/*"), ruleFragment("b", "/api/users"))), ["b"]);
});

test("one that is dropped for a test claims nothing", () => {
  const twice = {
    ...ruleFragment("a", "/api/users"),
    values: [
      ...ruleFragment("a", "/api/users").values,
      { path: ["router", "rules", 1, "path"], value: "/x", place: "label" },
      { path: ["router", "rules", 1, "serviceName"], value: "web", place: "label" },
    ],
  };
  assert.deepEqual(Object.keys(droppedOf(TAKEN, twice, ruleFragment("b", "/x"))), ["a"]);
});

describe("a status that the gateway answers by itself", () => {
  for (const [name, tests, blamed] of [
    ["404 becomes a route", '{ request: "GET /new", expect: { status: 404 } }', ["get"]],
    ["404 becomes 405", '{ request: "POST /new", expect: { status: 404 } }', ["get"]],
    ["426 becomes 405", '{ request: "POST /chat", expect: { status: 426 } }', ["chat"]],
  ] as const) {
    test(name, () => {
      const dropped = droppedOf(
        tests,
        ruleFragment("get", "/new", { methods: "GET" }),
        ruleFragment("chat", "/chat", { methods: "GET" }),
        ruleFragment("upgrade", "/chat", { methods: "WEBSOCKET", hosts: "other.example" }),
      );
      assert.deepEqual(Object.keys(dropped), blamed);
    });
  }
});

test("a test that fails with the file alone refuses it, whatever fragments bring", () => {
  const bring = () =>
    loadChecked({
      file: FILE,
      text: text('{ request: "GET /new", expect: { route: new } }'),
      env: {},
      fragments: [ruleFragment("a", "/new", { id: "new" })],
    });
  assert.throws(bring, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /^t\.yaml:7:12: test failed: .*expected route "new", got status 404$/);
    return true;
  });
});
