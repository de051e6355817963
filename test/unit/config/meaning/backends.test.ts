// `backend.services`: what a service inherits, what it may say differently, and what is refused there.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { backendOf } from "../../../../src/config/meaning/backends.ts";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { ClientSettings } from "../../../../src/snapshot/services/client-options.ts";
import { type Certificate, makeAuthority } from "../../../support/certificates.ts";
import { load, loadFine, withMore } from "../../../support/load.ts";
import { addRegistry, ToldRegistry } from "../../../support/registry.ts";

addRegistry("told", { mayGrow: true, make: () => new ToldRegistry() });

let folder: string;
let authority: Certificate;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "backends-"));
  authority = makeAuthority(folder, "authority");
});
after(() => rmSync(folder, { recursive: true, force: true }));

const PIN = `${"A".repeat(43)}=`;
/** A configuration whose service `web` has these settings, beside those of all. */
const text = (own: string, all = "{}") => withMore(`  backend: { http: ${all}, services: { web: ${own} } }`);
const web = (own: string, all?: string) => backendOf(loadFine(text(own, all)), "web");
const errors = (own: string, all?: string) => load(text(own, all)).errors;

describe("a service", () => {
  test("inherits key by key what it does not say", () => {
    const { http, sse, websocket } = web(
      "{ http: { dialTimeout: 1s }, sse: { readTimeout: 3s } }",
      "{ maxConnsPerHost: 7 }",
    );
    assert.deepEqual([http.dialTimeout, http.maxConnsPerHost, http.tlsHandshakeTimeout], [1000, 7, 10_000]);
    assert.deepEqual([sse.readTimeout, sse.connectTimeout, websocket.pingInterval], [3000, 10_000, 30_000]);
  });
  test("inherits inside blocks, too: the name of TLS alone may differ", () => {
    const all = `{ tls: { enabled: true, rootCAFile: ${authority.cert}, serverName: a, minVersion: "1.3" } }`;
    const { tls } = web("{ http: { tls: { serverName: b } } }", all).http;
    assert.deepEqual([tls.enabled, tls.rootCAFile, tls.serverName, tls.minVersion], [true, authority.cert, "b", "1.3"]);
  });
  test("may set what others have back to nothing", () => {
    const { http } = web(
      "{ http: { maxConnsPerHost: 0, disableCompression: false } }",
      "{ maxConnsPerHost: 7, disableCompression: true }",
    );
    assert.deepEqual([http.maxConnsPerHost, http.disableCompression], [0, false]);
  });
  test("has always the same settings, and those of all when it is not named", () => {
    const config = loadFine(text("{ http: { dialTimeout: 1s } }"));
    assert.equal(backendOf(config, "web"), backendOf(config, "web"));
    assert.equal(backendOf(config, "other"), config.backend);
    assert.equal(backendOf(config, "constructor"), config.backend);
  });
  test("of the same settings as another has equal clients, which share connections", () => {
    const config = loadFine(text("{ http: { dialTimeout: 10s } }"));
    const clients = new ClientSettings(config);
    assert.equal(clients.of("web").http1.key, clients.of("other").http1.key);
    const differs = new ClientSettings(loadFine(text(`{ http: { tls: { pins: sha256/${PIN} } } }`)));
    assert.notEqual(differs.of("web").http1.key, differs.of("other").http1.key);
  });
  test("uses its TLS settings unless it says enabled: false", () => {
    assert.equal(web("{ http: { tls: { serverName: b } } }").http.tls.enabled, true);
    assert.equal(web("{ http: { tls: { enabled: false, serverName: b } } }").http.tls.enabled, false);
    assert.equal(web("{ http: { tls: false } }", "{ tls: { enabled: true } }").http.tls.enabled, false);
    assert.equal(web("{ grpc: { tls: true } }").grpc.tls.enabled, true);
    assert.equal(web("{ http: { dialTimeout: 1s } }").http.tls.enabled, false);
  });
  test("whose rule names no size of messages has them read where it names one itself", () => {
    const rule = (own: string) => loadFine(text(own)).rules[0]!.websocket;
    assert.equal(rule("{ websocket: { pingInterval: 1s } }").mode, "tunnel");
    const { mode, maxClientMessageBytes, maxBackendMessageBytes } = rule("{ websocket: { maxMessageSize: 5 } }");
    assert.deepEqual([mode, maxClientMessageBytes, maxBackendMessageBytes], ["messages", 1024 * 1024, 5]);
  });
});

test("what is printed of services can be loaded again", () => {
  const config = loadFine(text(`{ http: { version: 2, tls: { pins: sha256/${PIN} } }, sse: { readTimeout: 3s } }`));
  const again = loadFine(printConfiguration(config));
  assert.deepEqual(again.backend, config.backend);
});

describe("preserveHost of a service", () => {
  const rules = (own: string) => `gateway:
  router: { rules: [ { path: /*, serviceName: web${own} } ] }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }
  backend: { services: { web: { http: { preserveHost: true } } } }
`;
  for (const [own, preserves] of [
    ["", true],
    [", preserveHost: false", false],
    [", rewriteHost: a.example", false],
  ] as const) {
    test(`is ${preserves} for a rule with "${own}"`, () => {
      assert.equal(loadFine(rules(own)).rules[0]!.preserveHost, preserves);
    });
  }
});

describe("refused is", () => {
  test("a service that does not exist, with the one that was meant", () => {
    const { errors: found } = load(withMore("  backend: { services: { wbe: { http: { dialTimeout: 1s } } } }"));
    assert.deepEqual(found, ['t.yaml:4:31: backend.services: unknown service "wbe"; did you mean "web"?']);
  });
  test("but not where the registry may bring it", () => {
    const { errors: found } = load(`gateway:
  router: { rules: [ { path: /*, serviceName: web } ] }
  registry: { type: told }
  backend: { services: { later: { http: { dialTimeout: 1s } } } }
`);
    assert.deepEqual(found, []);
  });
  for (const [own, message] of [
    [
      "{ http: { maxIdleConns: 3 } }",
      /"backend.services.\*.http.maxIdleConns" is refused: it limits .* below backend.http$/,
    ],
    [
      "{ grpc: { descriptors: { autoReload: true } } }",
      /"backend.services.\*.grpc.descriptors" is refused: .*backend.grpc$/,
    ],
    [
      "{ http: { dialTimeuot: 1s } }",
      /unknown key "dialTimeuot" in backend.services.web.http; did you mean "dialTimeout"/,
    ],
    ["{ http: { version: 3 } }", /backend.services.web.http.version: expected one of 1.1, 2/],
    [
      "{ http: { tls: { pins: abc } } }",
      /backend.services.web.http.tls.pins: not the pin of a public key; write sha256/,
    ],
    ["{ http: { tls: { pins: [ sha1/abc ] } } }", /not the pin/],
    [
      '{ http: { tls: { minVersion: "1.3", maxVersion: "1.2" } } }',
      /backend.services.web.http.tls: minVersion is above/,
    ],
    [
      "{ http: { tls: { clientCertFile: a } } }",
      /backend.services.web.http.tls: clientCertFile and clientKeyFile must be set/,
    ],
  ] as const) {
    test(own, () => assert.match(errors(own).join("\n"), message));
  }
});

describe("pins", () => {
  test("are written as curl does, or with one slash", () => {
    const { tls } = web(`{ http: { tls: { pins: [ sha256/${PIN}, sha256//${PIN} ] } } }`).http;
    assert.deepEqual(tls.pins, [PIN, PIN]);
  });
});

describe("trust anchors of a service", () => {
  const file = (content: string) => {
    const path = join(folder, "ca.pem");
    writeFileSync(path, content);
    return `{ http: { tls: { rootCAFile: ${path} } } }`;
  };
  test("must be there", () => {
    const found = errors("{ http: { tls: { rootCAFile: /nowhere/ca.pem } } }");
    assert.equal(found.length, 1);
    assert.match(found[0]!, /backend.services.web.http.tls.rootCAFile: "\/nowhere\/ca.pem": no such file/);
  });
  test("must be whole", () => {
    const good = readFileSync(authority.cert, "utf8");
    assert.deepEqual(errors(file(`${good}${good}`)), []);
    for (const broken of [
      "",
      "nothing\n",
      good.slice(0, -30),
      good + good.slice(0, -30),
      good + good.replace("-----BEGIN", "----BEGIN"),
    ]) {
      assert.equal(errors(file(broken)).length, 1, broken);
    }
  });
  test("that are inherited are read once, and what is wrong with them is said once", () => {
    const found = errors(
      "{ http: { tls: { serverName: b } } }",
      "{ tls: { enabled: true, rootCAFile: /nowhere/ca.pem } }",
    );
    assert.equal(found.length, 1);
  });
});

describe("insecureSkipVerify is warned of with the name of the service", () => {
  const warnings = (own: string, all?: string) =>
    load(text(own, all)).warnings.filter((w) => w.includes("not verified"));
  test("of its own", () => {
    const [warning] = warnings("{ http: { tls: { insecureSkipVerify: true } } }");
    assert.match(warning!, /services.web.http.tls.insecureSkipVerify: certificates of service "web" are not verified$/);
  });
  test("that inherits it beside settings of its own", () => {
    const found = warnings(
      "{ http: { tls: { serverName: b } } }",
      "{ tls: { enabled: true, insecureSkipVerify: true } }",
    );
    assert.match(found.join(), /service "web"/);
  });
  test("but not of one that verifies after all", () => {
    const all = "{ tls: { enabled: true, insecureSkipVerify: true } }";
    assert.doesNotMatch(warnings("{ http: { tls: { insecureSkipVerify: false } } }", all).join(), /web/);
  });
});
