// The management section: what is refused because it would leave the API open, and what of it is a secret.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { usableCredentials } from "../../../../src/config/meaning/management.ts";
import { effectiveConfiguration } from "../../../../src/config/show/effective.ts";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { load, loadFine, withMore } from "../../../support/load.ts";

function section(text: string, more = "") {
  return load(withMore(`  management: { enabled: true, ${text} }\n${more}`));
}

function credentials(text: string, env: Readonly<Record<string, string>> = {}) {
  const { config } = load(withMore(`  management: { enabled: true, auth: { ${text} } }\n`), env);
  return usableCredentials(config!.management);
}

describe("access", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", '"::1"']) {
    test(`without credentials it may be bound to ${host}`, () => {
      assert.deepEqual(section(`host: ${host}, auth: { enabled: false }`).errors, []);
    });
  }
  for (const host of ["0.0.0.0", '"::"', "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org"]) {
    test(`without credentials it is not bound to ${host}`, () => {
      const { errors } = section(`host: ${host}, auth: { enabled: false }`);
      assert.match(errors.join(), /^t\.yaml:4:\d+: management\.auth\.enabled: false would open the API to the network/);
    });
  }
  test("a section that is off is not looked at", () => {
    const text = withMore("  management: { host: 0.0.0.0, basePath: x, auth: { enabled: false } }\n");
    assert.deepEqual(load(text).errors, []);
  });
  test("a range that is none is named with its place", () => {
    assert.deepEqual(section("allowedIPs: [ 10.0.0.0/8, 10.0.0.0/99 ]").errors, [
      't.yaml:4:58: management.allowedIPs: "10.0.0.0/99" is not an IP address or CIDR range; a range ends in /0 to /32, and has four numbers before it',
    ]);
  });
  test("a user's name has no colon", () => {
    assert.match(section('auth: { users: { "a:b": x } }').errors.join(), /a name must not be empty or contain a colon/);
  });
  for (const path of ["management", "/a/../b", "/a//b", "/a?b", "/a b", "//a"]) {
    test(`"${path}" is no base path`, () => {
      assert.match(section(`basePath: "${path}"`).errors.join(), /is not a path such as/);
    });
  }
  for (const path of ["/", "/management", "/management/", "/ops/v1.2/gw_1"]) {
    test(`"${path}" is a base path`, () => assert.deepEqual(section(`basePath: "${path}"`).errors, []));
  }
  test("TLS needs its files", () => {
    assert.match(
      section("tls: { enabled: true }").errors.join(),
      /management\.tls: enabled needs certFile and keyFile/,
    );
  });
});

describe("credentials", () => {
  test("a token and users count together unless the type says otherwise", () => {
    assert.deepEqual(credentials("token: t, users: { ada: pw }"), { token: "t", users: ["ada:pw"] });
    assert.deepEqual(credentials("type: token, token: t, users: { ada: pw }"), { token: "t", users: [] });
    assert.deepEqual(credentials("type: basic, token: t, users: { ada: pw }"), { token: null, users: ["ada:pw"] });
  });
  test("what the type leaves out is warned about", () => {
    const { warnings } = section("auth: { type: token, token: t, users: { ada: pw } }");
    assert.match(warnings.join(), /management\.auth\.users is not used with type token/);
  });
  test("an empty one and one with an unset variable never match", () => {
    const text = 'token: "$' + '{NOT_SET}", users: { ada: "", bob: "x$' + '{NOT_SET}" }';
    assert.deepEqual(credentials(text), { token: null, users: [] });
    assert.deepEqual(credentials(text, { NOT_SET: "now" }), { token: "now", users: ["bob:xnow"] });
  });
  test("the old word bearer means token", () => {
    const { config, warnings } = section("auth: { type: bearer, token: t }");
    assert.equal(config!.management.auth.type, "token");
    assert.equal(warnings.length, 1);
  });
  test("username and password mean one user, and warn once", () => {
    const { config, warnings, errors } = section("auth: { type: basic, username: ada, password: pw }");
    assert.deepEqual(errors, []);
    assert.deepEqual(config!.management.auth.users, { ada: "pw" });
    assert.match(warnings.join(), /"management\.auth\.username" and "password" are an old spelling/);
  });
  test("one without the other is an error, and so is another password for the same user", () => {
    assert.match(section("auth: { username: ada }").errors.join(), /be set together/);
    assert.match(section("auth: { password: pw }").errors.join(), /be set together/);
    const { errors } = section("auth: { username: ada, password: pw, users: { ada: other } }");
    assert.match(errors.join(), /have different values/);
  });
});

describe("ports", () => {
  test("the default port of gRPC and that of management exclude each other, and both are named", () => {
    const { errors } = section("host: 127.0.0.1", "  frontend: { grpc: { enabled: true } }\n");
    assert.deepEqual(errors.length, 1);
    assert.match(errors[0]!, /management\.port: 9090 is also the port of frontend\.grpc; change one of them/);
  });
  test("two addresses of one machine may share a port, any address and another may not", () => {
    const http = (host: string) => `  frontend: { http: { host: ${host}, port: 9090 } }\n`;
    assert.deepEqual(section("host: 127.0.0.1", http("10.0.0.1")).errors, []);
    assert.equal(section("host: localhost", http("127.0.0.1")).errors.length, 1);
    assert.equal(section("host: 127.0.0.1", http("0.0.0.0")).errors.length, 1);
  });
  test("a listener that is off takes no port, and port 0 is never taken", () => {
    assert.deepEqual(load(withMore("  frontend: { http: { port: 9090 } }\n")).errors, []);
    assert.deepEqual(section("port: 0", "  frontend: { http: { port: 0 } }\n").errors, []);
  });
});

describe("secrets of the effective configuration", () => {
  const text = withMore(`  management: { enabled: true, auth: { token: tok-1, users: { ada: pw-1, b.c: pw-2 } } }
  tests: [ { request: GET /, headers: { Authorization: Bearer pw-3, X: y }, expect: { route: web-1 } } ]
`).replace(
    "serviceName: web }",
    "serviceName: web, match: { headers: { authorization: pw-4 } }, metadata: { db: { password: { old: pw-5 } }, pin: 1, apiKey: 77712 } }",
  );
  const config = loadFine(text);
  const shown = JSON.stringify(effectiveConfiguration(config));

  test("are masked, whatever stands round them", () => {
    for (const secret of ["tok-1", "pw-1", "pw-2", "pw-3", "pw-4", "pw-5", "77712"]) {
      assert.ok(!shown.includes(secret), secret);
      assert.ok(!printConfiguration(config).includes(secret), secret);
    }
  });
  test("leave the rest as it is", () => {
    const { management, tests } = effectiveConfiguration(config) as {
      management: { auth: unknown; port: number };
      tests: { headers: unknown }[];
    };
    assert.deepEqual(management.auth, {
      enabled: true,
      type: null,
      token: "***",
      users: { ada: "***", "b.c": "***" },
    });
    assert.equal(management.port, 9090);
    assert.deepEqual(tests[0]!.headers, { Authorization: "***", X: "y" });
  });
  test("numbers of tokens are no secrets", () => {
    const counted = loadFine(withMore("  retry: { enabled: true, default: { minRetryTokens: 7 } }\n"));
    const { retry } = effectiveConfiguration(counted) as { retry: { default: { minRetryTokens: number } } };
    assert.equal(retry.default.minRetryTokens, 7);
  });
  test("print-config and the API show the same", () => {
    const printed = parse(printConfiguration(config)) as { gateway: unknown };
    assert.deepEqual(JSON.parse(JSON.stringify(printed.gateway)), JSON.parse(shown));
  });
});
