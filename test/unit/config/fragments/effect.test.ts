// Fragments that take effect: what they add, under which names, from which places, and what the hash says of them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { fragment, loadMixed, ruleFragment, serviceValues } from "../../../support/fragments.ts";
import { load, loadFine, withMore } from "../../../support/load.ts";
import { addRegistry, ToldRegistry } from "../../../support/registry.ts";

test("rules and services come behind those of the file, in order of source", () => {
  const { config, dropped } = loadMixed([ruleFragment("b", "/b/*"), ruleFragment("a", "/a/*", { timeout: "5s" })]);
  assert.deepEqual(dropped, {});
  assert.deepEqual(
    config.rules.map(({ path, serviceName, timeoutMs }) => [path, serviceName, timeoutMs]),
    [
      ["/*", "web", 30_000],
      ["/a/*", "service of a", 5_000],
      ["/b/*", "service of b", 30_000],
    ],
  );
  assert.deepEqual(
    config.services.map((service) => service.name),
    ["web", "service of a", "service of b"],
  );
});

test("a rule may send to a service of the file", () => {
  const { config, dropped } = loadMixed([
    fragment("a", { "router.rules[0].path": "/a", "router.rules[0].serviceName": "web" }),
  ]);
  assert.deepEqual(dropped, {});
  assert.equal(config.rules[1]!.serviceName, "web");
});

addRegistry("told", { mayGrow: true, make: () => new ToldRegistry() });

test("where the registry may bring services, a rule may name one that nobody lists, but none of another fragment", () => {
  const rule = (path: string, name: string) => ({ "router.rules[0].path": path, "router.rules[0].serviceName": name });
  const text = `gateway:
  router: { rules: [ { path: /*, serviceName: later } ] }
  registry: { type: told }
`;
  const { config, dropped } = loadMixed(
    [fragment("a", rule("/a", "later still")), ruleFragment("b", "/b/*"), fragment("c", rule("/c", "service of b"))],
    text,
  );
  assert.deepEqual(Object.keys(dropped), ["c"]);
  assert.match(dropped.c!.join(), /unknown service "service of b"/);
  assert.deepEqual(
    config.rules.map(({ serviceName }) => serviceName),
    ["later", "later still", "service of b"],
  );
});

test("text is read by the types of the schema, as labels have nothing else", () => {
  const { config, dropped } = loadMixed([
    ruleFragment("a", "/a/*", { stripPrefix: "true", maxRequestSize: "1mb", "retry.maxAttempts": "2" }),
  ]);
  assert.deepEqual(dropped, {});
  const { stripPrefix, maxBodyBytes, retry } = config.rules[1]!;
  assert.deepEqual([stripPrefix, maxBodyBytes, retry?.maxAttempts], [true, 1024 * 1024, 2]);
});

test("old spellings are understood, with a warning that names the place, once for all fragments", () => {
  const old = { "rateLimit.rps": 5 };
  const { config, warnings, dropped } = loadMixed([ruleFragment("a", "/a", old), ruleFragment("b", "/b", old)]);
  assert.deepEqual(dropped, {});
  assert.deepEqual(warnings, [
    'a label router.rules[0].rateLimit.rps: "router.rules[].rateLimit.rps" is an old spelling of "router.rules[].rateLimit.requestsPerSecond"',
  ]);
  assert.deepEqual(
    config.rules.map((rule) => rule.rateLimits.length),
    [0, 1, 1],
  );
});

test("what a dropped fragment warns of is not told, and does not hide that another does", () => {
  const { warnings } = loadMixed([
    ruleFragment("a", "wrong", { "rateLimit.rps": 5 }),
    ruleFragment("b", "/b", { "rateLimit.rps": 5 }),
  ]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^b label /);
});

test("a rule without an id is named after its fragment, whatever else there is", () => {
  const two = fragment("docker:web-1", {
    "router.rules[0].path": "/a",
    "router.rules[0].serviceName": "web",
    "router.rules[1].path": "/b",
    "router.rules[1].serviceName": "web",
  });
  const other = fragment("docker:api-1", { "router.rules[0].path": "/c", "router.rules[0].serviceName": "web" });
  const ids = (...fragments: Parameters<typeof loadMixed>[0]) =>
    loadMixed(fragments).config.rules.map((rule) => rule.id);
  assert.deepEqual(ids(two), ["web-1", "docker:web-1-1", "docker:web-1-2"]);
  assert.deepEqual(ids(two, other), ["web-1", "docker:api-1-1", "docker:web-1-1", "docker:web-1-2"]);
});

test("the file's rules keep the names that are made for them", () => {
  const { config } = loadMixed([
    fragment("a", {
      "router.rules[0].path": "/a",
      "router.rules[0].serviceName": "web",
      "router.rules[0].id": "web-2",
    }),
  ]);
  assert.deepEqual(
    config.rules.map((rule) => rule.id),
    ["web-1", "web-2"],
  );
});

test("values name the place in their source where a file would name its line", () => {
  const { config } = loadMixed([ruleFragment("docker:web-1", "/a/*", { timeout: 7 })]);
  assert.equal(config.rules[1]!.at.file, "docker:web-1");
  const printed = printConfiguration(config);
  assert.match(printed, /path: \/a\/\* # docker:web-1 label router\.rules\[0\]\.path$/m);
  assert.match(printed, /timeout: 7s # docker:web-1 label router\.rules\[0\]\.timeout$/m);
});

test("secrets in fragments are masked where the configuration is shown", () => {
  const { config } = loadMixed([
    ruleFragment("a", "/a", {
      loadBalance: "sticky_session",
      "sessionAffinity.source": "cookie",
      "sessionAffinity.secret": "0123456789abcdef",
    }),
  ]);
  const printed = printConfiguration(config);
  assert.doesNotMatch(printed, /0123456789abcdef/);
  assert.match(printed, /secret: "\*\*\*"/);
});

test("sections of the file apply to services and rules of fragments", () => {
  const { config } = loadMixed(
    [ruleFragment("a", "/a")],
    withMore("  middleware: { ratelimit: { enabled: true, global: { enabled: true, rate: 7 } } }"),
  );
  assert.deepEqual(
    config.rules.map((rule) => rule.rateLimits.map((rate) => rate.limit.rate)),
    [[7], [7]],
  );
});

describe("the hash", () => {
  const hashOf = (...fragments: Parameters<typeof loadMixed>[0]) => loadMixed(fragments).config.hash;
  const a = ruleFragment("a", "/a");
  const b = ruleFragment("b", "/b");
  test("is that of the file without fragments, or with dropped ones only", () => {
    const alone = loadFine(withMore("")).hash;
    assert.equal(hashOf(), alone);
    assert.equal(hashOf(ruleFragment("a", "wrong")), alone);
  });
  test("covers what is in effect", () => {
    assert.notEqual(hashOf(a), hashOf());
    assert.notEqual(hashOf(a), hashOf(b));
    assert.notEqual(hashOf(a), hashOf(ruleFragment("a", "/a", { timeout: "5s" })));
    assert.equal(hashOf(a, ruleFragment("z", "wrong")), hashOf(a));
  });
  test("does not depend on the order of fragments or of their values", () => {
    assert.equal(hashOf(a, b), hashOf(b, a));
    const labels = { "metadata.x": "1", "metadata.y": "2" };
    const turned = { "metadata.y": "2", "metadata.x": "1" };
    assert.equal(hashOf(ruleFragment("a", "/a", labels)), hashOf(ruleFragment("a", "/a", turned)));
  });
});

test("a file without services or rules below its keys takes what fragments bring", () => {
  const text = `gateway:
  router: { rules: [ { path: /health, serviceName: _internal } ] }
  registry:
`;
  assert.deepEqual(load(text).errors, []);
  const { config, dropped } = loadMixed([ruleFragment("a", "/a")], text);
  assert.deepEqual(dropped, {});
  assert.deepEqual(
    config.services.map((service) => service.name),
    ["service of a"],
  );
});

test("two fragments may each bring a service of one instance in several values", () => {
  const one = fragment("a", { ...serviceValues("a"), "registry.static.services[0].instances[1].address": "10.0.0.2" });
  const { config, dropped } = loadMixed([one]);
  assert.deepEqual(dropped, {});
  assert.deepEqual(
    config.services[1]!.endpoints.map(({ address }) => address),
    ["10.0.0.1", "10.0.0.2"],
  );
});
