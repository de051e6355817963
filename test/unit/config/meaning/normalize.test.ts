// Written → meant: what is inferred, what refers to nothing, and what is there twice.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load, loadFine, withMore, withRules } from "../../../support/load.ts";

const withInstances = (...instances: readonly string[]) => `gateway:
  router: { rules: [ { path: /*, serviceName: web } ] }
  registry: { static: { services: [ { name: web, instances: [ ${instances.join(", ")} ] } ] } }
`;

function endpoint(instance: string) {
  return loadFine(withInstances(instance)).services[0]!.endpoints[0]!;
}

/** Loads rules that must be refused with exactly one error, and returns it. */
function fault(...rules: readonly string[]): string {
  return only(withRules(...rules));
}

function only(text: string): string {
  const { errors } = load(text);
  assert.equal(errors.length, 1, errors.join("\n"));
  return errors[0]!;
}

describe("instances", () => {
  const cases: readonly (readonly [string, number, string])[] = [
    ["{ address: a }", 80, "http"],
    ["{ address: a, port: 443 }", 443, "https"],
    ["{ address: a, port: 3000 }", 3000, "http"],
    ["{ address: a, scheme: https }", 443, "https"],
    ["{ address: a, scheme: http }", 80, "http"],
    ["{ address: a, scheme: http, port: 443 }", 443, "http"],
    ["{ address: a, scheme: https, port: 8443 }", 8443, "https"],
  ];
  for (const [written, port, scheme] of cases) {
    test(`${written} means ${scheme} on ${port}`, () => {
      const { port: p, scheme: s } = endpoint(written);
      assert.deepEqual([p, s], [port, scheme]);
    });
  }
  test("an id is made of service, address and port", () => assert.equal(endpoint("{ address: a }").id, "web-a-80"));
  test("a written id stays", () => assert.equal(endpoint("{ id: mine, address: a }").id, "mine"));
  for (const [health, healthy] of [
    ["", true],
    [", health: healthy", true],
    [", health: Healthy", true],
    [", health: true", true],
    [", health: unhealthy", false],
    [", health: false", false],
    [", health: {}", true],
  ] as const) {
    test(`an instance with "${health}" is ${healthy ? "in" : "out of"} service`, () => {
      assert.equal(endpoint(`{ address: a${health} }`).healthy, healthy);
    });
  }
  for (const [health, cure] of [
    ["up", 'did you mean "healthy"?'],
    ["down", 'did you mean "unhealthy"?'],
    ["10s", "write { interval: 10s } to probe it"],
    ["/ready", "write { path: /ready } to probe it"],
    ["tcp", "write { type: tcp } to probe it"],
  ] as const) {
    test(`health: ${health} is refused: ${cure}`, () => {
      const error = only(withInstances(`{ address: a, health: ${health} }`));
      assert.ok(error.includes(`expected healthy, unhealthy or a block, found "${health}"; ${cure}`), error);
    });
  }
  test("weight 0 is kept", () => assert.equal(endpoint("{ address: a, weight: 0 }").weight, 0));
  test("the same address twice is a duplicate", () => {
    assert.match(
      only(withInstances("{ address: a }", "{ address: a, port: 80 }")),
      /duplicate instance "web-a-80"; the first is at t\.yaml:3/,
    );
  });
  test("the same address with ids is fine", () => {
    assert.equal(
      loadFine(withInstances("{ id: a, address: a }", "{ id: b, address: a }")).services[0]!.endpoints.length,
      2,
    );
  });
});

describe("services", () => {
  const services = (list: string) =>
    `gateway: { registry: { static: { services: [ ${list} ] } }, router: { rules: [ { path: /, serviceName: _internal } ] } }`;
  test("a name twice is an error", () => {
    const one = "{ name: a, instances: [ { address: x } ] }";
    assert.match(only(services(`${one}, ${one}`)), /duplicate service "a"/);
  });
  test("no instances is an error", () => assert.match(only(services("{ name: a }")), /service "a" has no instances/));
  test("_internal is not a name", () => {
    assert.match(
      only(services("{ name: _internal, instances: [ { address: x } ] }")),
      /"_internal" is reserved for the gateway's own answers/,
    );
  });
});

describe("rules", () => {
  test("ids count up per service", () => {
    const { rules } = loadFine(
      withRules(
        "{ path: /a, serviceName: web }",
        "{ path: /b, serviceName: _internal }",
        "{ path: /c, serviceName: web }",
      ),
    );
    assert.deepEqual(
      rules.map((r) => r.id),
      ["web-1", "_internal-1", "web-2"],
    );
  });
  test("a written id stays", () => {
    assert.equal(loadFine(withRules("{ id: mine, path: /a, serviceName: web }")).rules[0]!.id, "mine");
  });
  test("an id twice is an error at the second, naming the first", () => {
    const error = fault("{ id: a, path: /a, serviceName: web }", "{ id: a, path: /b, serviceName: web }");
    assert.equal(error, 't.yaml:5:9: duplicate rule id "a"; the first is at t.yaml:4; rename or remove one of them');
  });
  test("loadBalance comes from the router unless the rule has its own", () => {
    const { rules } = loadFine(`gateway:
  router:
    defaultLoadBalance: weighted_round_robin
    rules: [ { path: /a, serviceName: _internal }, { path: /b, serviceName: _internal, loadBalance: round_robin } ]
`);
    assert.deepEqual(
      rules.map((r) => r.loadBalance),
      ["weighted_round_robin", "round_robin"],
    );
  });
  test("the body limit comes from the frontend unless the rule has its own; 0 is none", () => {
    const { rules } = loadFine(`gateway:
  frontend: { http: { maxRequestSize: 1kb } }
  router:
    rules:
      - { path: /a, serviceName: _internal }
      - { path: /b, serviceName: _internal, maxRequestSize: 2kb }
      - { path: /c, serviceName: _internal, maxRequestSize: 0 }
`);
    assert.deepEqual(
      rules.map((r) => r.maxBodyBytes),
      [1024, 2048, 0],
    );
  });
  test("hosts and header names are compared in lower case, methods in upper case", () => {
    const { rules } = loadFine(
      withRules(
        "{ path: /, serviceName: web, hosts: EXAMPLE.org, methods: get, match: { headers: { Accept: A }, query: { Q: B } } }",
      ),
    );
    const { hosts, methods, headers, query } = rules[0]!.conditions;
    assert.deepEqual([hosts, methods], [["example.org"], ["GET"]]);
    assert.deepEqual([headers, query], [[["accept", { exact: "A" }]], [["Q", { exact: "B" }]]]);
  });
  test("an unknown service is an error at its name, with a suggestion", () => {
    assert.equal(
      fault("{ path: /a, serviceName: wbe }"),
      't.yaml:4:34: rule "wbe-1": unknown service "wbe"; did you mean "web"?',
    );
  });
  test("an unknown service without a near one lists those there are", () => {
    assert.match(
      fault("{ path: /a, serviceName: payments }"),
      /unknown service "payments"; registry\.static\.services has: web$/,
    );
  });
  test("path is required", () => assert.match(fault("{ serviceName: web }"), /missing key "path"/));
  test("serviceName is required", () => assert.match(fault("{ path: /a }"), /missing key "serviceName"/));
  test("an unknown method is an error with a suggestion", () => {
    assert.match(
      fault("{ path: /a, serviceName: web, methods: [ GET, PSOT ] }"),
      /unknown method "PSOT"; did you mean "POST"\?/,
    );
  });
  test("CONNECT is not a method of a rule", () => {
    assert.match(fault("{ path: /a, serviceName: web, methods: CONNECT }"), /unknown method "CONNECT"/);
  });
  test("a bad pattern is an error at the path", () => {
    assert.equal(
      fault("{ path: a, serviceName: web }"),
      't.yaml:4:17: rule "web-1": "a": a path pattern begins with "/"; write "/a"',
    );
  });
});

describe("duplicate matches", () => {
  const clashes: readonly (readonly [string, string, string])[] = [
    ["the same path", "path: /a", "path: /a"],
    ["parameter names do not matter", "path: '/a/{x}'", "path: '/a/:y'"],
    ["one-segment forms are equal", "path: '/a/*/b'", "path: '/a/{x}/b'"],
    ["rest forms are equal", "path: '/a/*'", "path: '/a/{rest...}'"],
    ["rest forms are equal, also with a slash", "path: '/a/*'", "path: /a/"],
    ["one shared method", "path: /a, methods: [ GET, PUT ]", "path: /a, methods: [ POST, PUT ]"],
    ["one shared host", "path: /a, hosts: [ a.org, b.org ]", "path: /a, hosts: B.org"],
    ["equal conditions", "path: /a, match: { headers: { k: v } }", "path: /a, match: { headers: { K: v } }"],
    [
      "equal conditions in another order",
      "path: /a, match: { headers: { a: x, b: y } }",
      "path: /a, match: { headers: { b: y, a: x } }",
    ],
  ];
  for (const [name, a, b] of clashes) {
    test(`${name}: refused`, () => {
      assert.match(
        fault(`{ ${a}, serviceName: web }`, `{ ${b}, serviceName: web }`),
        /^t\.yaml:5:9: duplicate match .*the first is at t\.yaml:4; distinguish them by /,
      );
    });
  }
  const distinct: readonly (readonly [string, string, string])[] = [
    ["exact and below", "path: /a", "path: '/a/*'"],
    ["exact slash and below", "path: '/a/{$}'", "path: /a/"],
    ["other methods", "path: /a, methods: GET", "path: /a, methods: POST"],
    ["a method and all", "path: /a, methods: GET", "path: /a"],
    ["other hosts", "path: /a, hosts: a.org", "path: /a, hosts: b.org"],
    ["a host and all", "path: /a, hosts: a.org", "path: /a"],
    ["other conditions", "path: /a, match: { headers: { k: v } }", "path: /a, match: { headers: { k: w } }"],
    ["a condition and none", "path: /a, match: { query: { k: v } }", "path: /a"],
    ["other case of the path", "path: /a", "path: /A"],
  ];
  for (const [name, a, b] of distinct) {
    test(`${name}: both stand`, () => {
      assert.equal(loadFine(withRules(`{ ${a}, serviceName: web }`, `{ ${b}, serviceName: web }`)).rules.length, 2);
    });
  }
  test("a method or host named twice in one rule is no clash with itself", () => {
    assert.deepEqual(
      load(withRules("{ path: /a, serviceName: web, methods: [ GET, get ], hosts: [ a.org, A.org ] }")).errors,
      [],
    );
  });
});

describe("hosts", () => {
  for (const host of ["*", "a.*.org", "*.*.org", "a.org:8080", "http://a.org", "a b", '""', "*org", "a/b"]) {
    test(`${host} can never match and is refused`, () => {
      assert.match(
        fault(`{ path: /, serviceName: web, hosts: [ ${JSON.stringify(host.replaceAll('"', ""))} ] }`),
        /host/,
      );
    });
  }
  for (const host of ["a.org", "*.a.org", "localhost", "127.0.0.1", "xn--bcher-kva.example", "a_b.org"]) {
    test(`${host} is fine`, () => {
      assert.deepEqual(
        loadFine(withRules(`{ path: /, serviceName: web, hosts: ["${host}"] }`)).rules[0]!.conditions.hosts,
        [host],
      );
    });
  }
});

describe("rewrites", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["preserveHost: true, rewriteHost: a.org", /preserveHost and rewriteHost are mutually exclusive/],
    ["rewriteHost: 'a b'", /rewriteHost is not a host name/],
    ["rewriteHost: 'http://a'", /rewriteHost is not a host name/],
    ["stripPrefix: true, rewritePrefix: /b", /rewritePrefix already replaces the prefix/],
    ["rewritePrefix: b", /rewritePrefix must begin with "\/"/],
    ["rewritePrefix: '/b?c'", /rewritePrefix must begin with "\/"/],
  ];
  for (const [written, expected] of refused) {
    test(`${written} is refused`, () => assert.match(fault(`{ path: /a/*, serviceName: web, ${written} }`), expected));
  }
  for (const written of [
    "stripPrefix: true",
    "rewritePrefix: /b",
    "rewriteHost: 'a.org:81'",
    "preserveHost: true",
    "rewritePrefix: /",
  ]) {
    test(`${written} is fine`, () => {
      const { errors, warnings } = load(withRules(`{ path: /a/*, serviceName: web, ${written} }`));
      assert.deepEqual([errors, warnings], [[], []]);
    });
  }
  test("stripPrefix without a literal prefix is warned about", () => {
    const { errors, warnings } = load(withRules("{ path: /*, serviceName: web, stripPrefix: true }"));
    assert.deepEqual(errors, []);
    assert.match(warnings.join(), /stripPrefix has nothing to remove from "\/\*"/);
  });
});

describe("conditions", () => {
  const match = (text: string) => withRules(`{ path: /, serviceName: web, match: { headers: { k: ${text} } } }`);
  const good: readonly (readonly [string, unknown])[] = [
    ["v", { exact: "v" }],
    ["5", { exact: "5" }],
    ["{ exact: v }", { exact: "v" }],
    ["{ prefix: v }", { prefix: "v" }],
    ["{ suffix: v }", { suffix: "v" }],
    ["{ contains: v }", { contains: "v" }],
    ["{ present: true }", { present: true }],
    ["{ present: false }", { present: false }],
  ];
  for (const [written, expected] of good) {
    test(`${written} reads as ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(loadFine(match(written)).rules[0]!.conditions.headers, [["k", expected]]);
    });
  }
  for (const written of ["{}", "{ exact: a, prefix: b }"]) {
    test(`${written} is not exactly one test`, () => {
      assert.match(only(match(written)), /exactly one of exact, prefix, suffix, contains, present/);
    });
  }
  test("an unknown test is an error with a suggestion", () => {
    assert.match(load(match("{ prefx: v }")).errors[0]!, /unknown key "prefx".*did you mean "prefix"\?/);
  });
  test("a condition of nothing is refused, not dropped", () => assert.ok(load(match("null")).errors.length > 0));
});

describe("across sections", () => {
  for (const range of ["10.0.0.0/33", "::1/129", "example.org", "10.0.0", "10.0.0.0/", "10.0.0.0/x"]) {
    test(`trustedProxies: ${range} is refused by name`, () => {
      const error = only(withMore(`  frontend: { http: { trustedProxies: [ "${range}" ] } }`));
      assert.ok(
        error.startsWith(`t.yaml:4:41: frontend.http.trustedProxies: "${range}" is not an IP address or CIDR range; `),
        error,
      );
    });
  }
  test("every bad range is reported", () => {
    assert.equal(load(withMore("  frontend: { http: { trustedProxies: [ a, 10.0.0.0/8, b ] } }")).errors.length, 2);
  });
  for (const keys of ["", "certFile: c.pem", "keyFile: k.pem"]) {
    test(`an enabled TLS listener with ${keys || "no files"} is refused`, () => {
      const { errors } = load(withMore(`  frontend: { http: { tls: { enabled: true${keys && `, ${keys}`} } } }`));
      assert.match(errors.join("\n"), /needs certFile and keyFile/);
    });
  }
  test("a disabled TLS block is not looked at", () => {
    assert.deepEqual(
      load(withMore("  frontend: { http: { tls: { enabled: false, certFile: /nope, clientAuth: verify } } }")).errors,
      [],
    );
  });
  test("clientAuth verify needs a CA", () => {
    const { errors } = load(withMore("  frontend: { http: { tls: { enabled: true, clientAuth: verify } } }"));
    assert.match(errors.join("\n"), /clientAuth verify needs clientCAFile/);
  });
  test("a TLS version range that is empty is refused", () => {
    for (const [section, key] of [
      ["frontend", "certFile"],
      ["backend", "serverName"],
    ] as const) {
      const more = `  ${section}: { http: { tls: { enabled: true, ${key}: a, minVersion: "1.3", maxVersion: "1.2" } } }`;
      assert.match(load(withMore(more)).errors.join("\n"), /minVersion/, section);
    }
  });
  test("insecureSkipVerify is warned about, but only when the block is enabled", () => {
    const tls = (enabled: boolean) =>
      withMore(`  backend: { http: { tls: { enabled: ${enabled}, insecureSkipVerify: true } } }`);
    assert.match(load(tls(true)).warnings.join(), /certificates of backends \(web\) are not verified/);
    assert.deepEqual(load(tls(false)).warnings, []);
  });
  for (const text of [
    "",
    "gateway:\n",
    "gateway: {}\n",
    "gateway: { registry: { static: { services: [ { name: a, instances: [ { address: b } ] } ] } } }",
  ]) {
    test(`a configuration without any rule is refused: ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.match(load(text).errors.join("\n"), /rule|missing key "gateway"/);
    });
  }
  test("a configuration is frozen to the bottom", () => {
    const config = loadFine(withMore(""));
    assert.ok(Object.isFrozen(config.frontend.http.tls) && Object.isFrozen(config.rules[0]!.conditions.hosts));
  });
  test("equal meaning has an equal hash; comments, order and x- keys do not count", () => {
    const a = withMore("  frontend: { http: { port: 1, host: a } }");
    const b = withMore("  # c\n  x-a: 1\n  frontend: { http: { host: a, port: 1 } }");
    assert.equal(loadFine(a).hash, loadFine(b).hash);
    assert.notEqual(loadFine(a).hash, loadFine(withMore("  frontend: { http: { host: a, port: 2 } }")).hash);
    assert.match(loadFine(a).hash, /^[0-9a-f]{12}$/);
  });
});
