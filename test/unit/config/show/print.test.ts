// The effective configuration as text: origins of values, inferred values, masked secrets, and that it reads back.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { loadFine, withMore } from "../../../support/load.ts";

const folder = mkdtempSync(join(tmpdir(), "print-"));
after(() => rmSync(folder, { recursive: true }));
const secret = join(folder, "secret");
writeFileSync(secret, "s3cret\n");

const SERVICES = "registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }";

function print(text: string, env: Readonly<Record<string, string>> = {}): string {
  return printConfiguration(loadFine(text, env));
}

/** The one line of the text that begins with `key:`. */
function line(text: string, key: string): string {
  const found = text.split("\n").filter((l) => l.trim().replace(/^- /, "").startsWith(`${key}:`));
  assert.equal(found.length, 1, found.join("\n"));
  return found[0]!.trim().replace(/^- /, "");
}

describe("origins", () => {
  test("a written value names file and line", () => {
    assert.equal(line(print(withMore("  frontend: { http: { echo: true } }")), "echo"), "echo: true # t.yaml:4");
  });
  test("a default says so", () => assert.equal(line(print(withMore("")), "echo"), "echo: false # default"));
  test("a value of the environment names the variable", () => {
    const text = print(withMore(""), { GATEWAY_FRONTEND_HTTP_ECHO: "true" });
    assert.match(line(text, "echo"), /^echo: true # .*GATEWAY_FRONTEND_HTTP_ECHO$/);
  });
  test("a list has one origin", () => {
    const text = print(withMore("  frontend: { http: { trustedProxies: [ 10.0.0.0/8, ::1 ] } }"));
    assert.match(line(text, "trustedProxies"), /^trustedProxies: \[ 10\.0\.0\.0\/8, (::1|"::1") \] # t\.yaml:4$/);
  });
  test("keys of elements of lists have theirs", () => {
    assert.match(print(withMore("")), /\n\s+path: \/\* # t\.yaml:2\n/);
  });
  test("what stands in a free map of the file is not called a default", () => {
    const text = print(
      `gateway:\n  router: { rules: [ { path: /, serviceName: _internal, metadata: { note: hello }, match: { headers: { k: v } } } ] }`,
    );
    assert.match(line(text, "note"), /^note: hello # t\.yaml:2$/);
    assert.match(line(text, "exact"), /^exact: v # t\.yaml:2$/);
  });
});

describe("inferred values", () => {
  const text = print(withMore(""));
  test("ids are shown", () => {
    assert.match(text, /id: web-1\b/);
    assert.match(text, /id: web-127\.0\.0\.1-80\b/);
  });
  test("port, scheme and balancer are shown", () => {
    assert.match(text, /\n\s+port: 80 #/);
    assert.match(text, /\n\s+scheme: http #/);
    assert.match(text, /\n\s+loadBalance: round_robin #/);
  });
});

describe("secrets", () => {
  const hidden: readonly (readonly [string, string])[] = [
    [
      "a value read from a file",
      `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web, rewriteHost: "\${file:${secret}}" } ] } }`,
    ],
    [
      "part of a value",
      `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web, rewriteHost: "a\${file:${secret}}" } ] } }`,
    ],
    [
      "an element of a list",
      `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web, hosts: [ "\${file:${secret}}" ] } ] } }`,
    ],
    [
      "a value in a free map",
      `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web, metadata: { note: "\${file:${secret}}" } } ] } }`,
    ],
    [
      "a header condition",
      `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web, match: { headers: { k: "\${file:${secret}}" } } } ] } }`,
    ],
    [
      "a header condition as block",
      `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web, match: { headers: { k: { prefix: "\${file:${secret}}" } } } } ] } }`,
    ],
    [
      "a header of a test",
      `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web } ] }, tests: [ { request: GET /, headers: { k: "\${file:${secret}}" }, expect: { route: web-1 } } ] }`,
    ],
  ];
  for (const [name, text] of hidden) {
    test(`${name} from a file is masked`, () => {
      const shown = print(text);
      assert.ok(!shown.includes("s3cret"), shown);
      assert.ok(shown.includes("***"));
    });
  }
  for (const key of [
    ...["password", "clientSecret", "apiKey", "api_key", "accessToken", "private-key"],
    ...["Authorization", "Proxy-Authorization", "X-Api-Key", "Cookie", "Set-Cookie"],
  ]) {
    test(`${key} in a free map is masked`, () => {
      const text = `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web, metadata: { ${key}: s3cret } } ] } }`;
      assert.ok(!print(text).includes("s3cret"));
    });
  }
  test("credentials in headers of a test are masked", () => {
    const text = `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web } ] }, tests: [ { request: GET /, headers: { Authorization: s3cret }, expect: { route: web-1 } } ] }`;
    assert.ok(!print(text).includes("s3cret"));
  });
  test("ordinary values are not masked, and empty secrets are shown empty", () => {
    const text = `gateway: { ${SERVICES}, router: { rules: [ { path: /, serviceName: web, metadata: { region: eu, password: "" } } ] } }`;
    assert.match(print(text), /region: eu/);
    assert.match(print(text), /password: ""/);
  });
});

test("equal values are written out each time, with their origin, never as anchors", () => {
  const rule = (path: string) => `{ path: ${path}, serviceName: _internal }`;
  const text = print(`gateway: { router: { rules: [ ${rule("/a")}, ${rule("/b")} ] } }`);
  assert.equal(text.match(/\n\s+hosts: \[\] # default\n/g)?.length, 2, text);
  assert.doesNotMatch(text, /: [&*]\w/);
});

test("the printed configuration loads to the same meaning", () => {
  const config = loadFine(`gateway:
  frontend: { http: { readTimeout: 1m30s, maxRequestSize: 1536, trustedProxies: ::1, port: "9000", echo: yes } }
  backend: { http: { dialTimeout: 250ms } }
  router:
    rules:
      - { path: '/a/{x}/*', serviceName: web, hosts: [ '*.example.org' ], methods: [ GET ], timeout: 0, metadata: { a: [ 1 ] } }
      - { path: /b, serviceName: _internal, match: { headers: { k: { prefix: 'a: b # c' } }, query: { q: 'true' } } }
  registry: { static: { services: [ { name: web, instances: [ { address: a.org, port: 443, tags: [ x ], weight: 0 } ] } ] } }
  tests: [ { request: GET /nope, expect: { status: 404 } } ]
`);
  const again = loadFine(printConfiguration(config));
  const { rules, services } = again;
  assert.deepEqual(
    services.map((s) => s.endpoints),
    config.services.map((s) => s.endpoints),
  );
  assert.deepEqual(
    rules.map((r) => [r.id, r.conditions, r.pattern]),
    config.rules.map((r) => [r.id, r.conditions, r.pattern]),
  );
  // Printing what was printed changes nothing but the comments that name the origins.
  const bare = (text: string) => text.replaceAll(/ # .*$/gm, "");
  assert.equal(bare(printConfiguration(again)), bare(printConfiguration(config)));
});
