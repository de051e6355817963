// Blocks and ranges that do not protect as they seem to: said when the configuration is read.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load, withMore } from "../../../support/load.ts";

const PIN = `sha256/${"A".repeat(43)}=`;

describe("TLS settings without a word whether they are on", () => {
  const errors = (more: string) => load(withMore(more)).errors.map((line) => line.replace(/^[^ ]* /, ""));
  const warnings = (more: string) => load(withMore(more)).warnings.map((line) => line.replace(/^[^ ]* /, ""));
  const off = (place: string) => [`${place} has no effect without enabled: true`];

  test("are refused where clients or services would be kept out by them", () => {
    const clients = "{ certFile: a, keyFile: b, clientAuth: verify, clientCAFile: c }";
    assert.deepEqual(errors(`  frontend: { http: { tls: ${clients} } }`), off("frontend.http.tls"));
    const listed = `  frontend: { listeners: [ { name: a, port: 1, tls: ${clients} } ] }`;
    assert.deepEqual(errors(listed), off("frontend.listeners[0].tls"));
    assert.deepEqual(errors(`  backend: { http: { tls: { pins: ${PIN} } } }`), off("backend.http.tls"));
  });

  test("are told of elsewhere", () => {
    assert.deepEqual(warnings("  frontend: { http: { tls: { certFile: a, keyFile: b } } }"), off("frontend.http.tls"));
    assert.deepEqual(warnings("  management: { tls: { certFile: a } }"), off("management.tls"));
    assert.deepEqual(warnings("  backend: { http: { tls: { rootCAFile: a } } }"), off("backend.http.tls"));
  });

  test("are not spoken of where they are switched off, or on as those of a service", () => {
    for (const more of [
      "  frontend: { http: { tls: { enabled: false, clientAuth: verify } } }",
      `  backend: { http: { tls: { enabled: false, pins: ${PIN} } } }`,
      `  backend: { services: { web: { http: { tls: { pins: ${PIN} } } } } }`,
      "  frontend: { http: { tls: {} } }",
    ])
      assert.deepEqual([...errors(more), ...warnings(more)], [], more);
  });
});

test("a range of everybody among the peers that are believed is told of", () => {
  const { warnings } = load(withMore('  frontend: { http: { trustedProxies: [ 10.0.0.0/8, "::/0" ] } }'));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /frontend\.http\.trustedProxies: ::\/0 allows any client to forge its address$/);
});
