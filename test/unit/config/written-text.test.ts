// Where a key wants text it gets what the file says, whatever YAML would take it for.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { printConfiguration } from "../../../src/config/show/print.ts";
import { load, loadFine, withMore, withRules } from "../../support/load.ts";

/** Unquoted values that YAML reads as numbers, booleans or dates, or might. */
const TEXTS = [
  ...["83e401234567", "1e3", "012345", "0042", "00", "1.10", "1.0", "1.", ".5", "+1", "-0", "-007"],
  ...["0x1F", "0o17", "0b11", "12345678901234567890", "0.1000000000000000055511151231257827", "1_000", ".inf", ".nan"],
  ...["true", "True", "FALSE", "on", "off", "yes", "No", "y", "2024-01-02", "2024-01-02T03:04:05Z", "12:30:45", "42"],
];

for (const text of TEXTS) {
  test(`${text} stays as it is written`, () => {
    const config = loadFine(`gateway:
  management: { enabled: true, auth: { token: ${text}, users: { u: ${text} } } }
  redis: { password: ${text} }
  router:
    rules: [ { id: ${text}, path: /*, serviceName: ${text}, match: { headers: { a: ${text}, b: { prefix: ${text} } } } } ]
  registry:
    static:
      services: [ { name: ${text}, instances: [ { id: ${text}, address: 127.0.0.1, tags: ${text}, zone: ${text} } ] } ]
`);
    const { management, stores } = config;
    assert.equal(management.auth.token, text);
    assert.deepEqual(management.auth.users, { u: text });
    assert.equal(stores.get("redis")!.redis.password, text);
    const [rule] = config.rules;
    assert.deepEqual([rule!.id, rule!.serviceName], [text, text]);
    assert.deepEqual(rule!.conditions.headers, [
      ["a", { exact: text }],
      ["b", { prefix: text }],
    ]);
    const [service] = config.services;
    const { id, tags, zone } = service!.endpoints[0]!;
    assert.deepEqual([service!.name, id, tags, zone], [text, text, [text], text]);
  });
}

test("an old version of YAML, and tags, change nothing of it", () => {
  const { errors, config } = load(
    `%YAML 1.1\n---\n${withMore("  frontend: { websocket: { subprotocols: [ 0042, yes, 2024-01-02, 1:30, !!float 1.10 ] } }")}`,
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(config!.frontend.websocket.subprotocols, ["0042", "yes", "2024-01-02", "1:30", "1.10"]);
});

test("an anchor carries the spelling with it", () => {
  const config = loadFine(withMore("  x-pin: &pin 0042\n  redis: { password: *pin }"));
  assert.equal(config.stores.get("redis")!.redis.password, "0042");
});

describe("in free mappings", () => {
  const metadata = (text: string) =>
    loadFine(withRules(`{ path: /*, serviceName: web, metadata: ${text} }`)).rules[0]!.metadata;
  test("a number stays one when writing it gives the same text", () => {
    assert.deepEqual(metadata("{ a: 42, b: -1.5, c: true, d: [ 0 ] }"), { a: 42, b: -1.5, c: true, d: [0] });
  });
  test("one that would change stays text, as do keys", () => {
    assert.deepEqual(metadata("{ 007: 1.10, 1.0: [ 0x1F, 1e3 ], 1: 83e401234567, on: off }"), {
      "007": "1.10",
      "1.0": ["0x1F", "1e3"],
      "1": "83e401234567",
      on: "off",
    });
  });
});

test("a zone in the metadata may be a number", () => {
  const text = `gateway:
  router: { rules: [ { path: /*, serviceName: web } ] }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1, metadata: { zone: 1 } } ] } ] } }
`;
  assert.equal(loadFine(text).services[0]!.endpoints[0]!.zone, "1");
});

test("where a number is wanted it is still one, however it is written", () => {
  const { http } = loadFine(
    withMore("  frontend: { http: { port: 0x1F90, maxConnections: 1e3, idleTimeout: 007 } }"),
  ).frontend;
  assert.deepEqual([http.port, http.maxConnections, http.idleTimeout], [8080, 1000, 7000]);
});

test("a message repeats what is written", () => {
  const { errors } = load(withMore("  frontend: { http: { port: 12345678901234567890 } }"));
  assert.match(errors.join(), /found 12345678901234567890$/);
});

test("the effective configuration, read again, says the same", () => {
  const config = loadFine(
    withRules("{ id: 0042, path: /*, serviceName: web, rewriteHost: 1.10, metadata: { v: 1.10 } }"),
  );
  const again = loadFine(printConfiguration(config));
  assert.deepEqual([again.rules[0]!.id, again.rules[0]!.rewriteHost], ["0042", "1.10"]);
});
