// What a rule says of balancing: what is inferred, what contradicts itself, and where the message points.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FILE, load, loadFine, withMore, withRules } from "../../../support/load.ts";

/** Balancing of the only rule. */
function ruled(keys: string, router = "") {
  const text = withRules(`{ path: /a, serviceName: web, ${keys} }`).replace("router:\n", `router:\n${router}`);
  return loadFine(text).rules[0]!;
}

function errorsOf(keys: string): readonly string[] {
  return load(withRules(`{ path: /a, serviceName: web, ${keys} }`)).errors;
}

describe("loadBalance", () => {
  test("follows from the block that only makes sense with it", () => {
    assert.equal(ruled("sessionAffinity: { ttl: 60 }").loadBalance, "sticky_session");
    assert.equal(ruled("consistentHash: { key: path }").loadBalance, "consistent_hash");
    assert.equal(ruled("sessionAffinity: { enabled: false }").loadBalance, "round_robin");
    assert.equal(ruled("id: a", "    defaultLoadBalance: random\n").loadBalance, "random");
  });
  for (const [keys, message] of [
    ["loadBalance: random, sessionAffinity: {}", "sessionAffinity needs loadBalance: sticky_session"],
    ["loadBalance: random, consistentHash: {}", "consistentHash needs loadBalance: consistent_hash"],
    ["sessionAffinity: {}, consistentHash: {}", "consistentHash needs loadBalance: consistent_hash"],
    [
      "consistentHash: { key: query:x }",
      'consistentHash.key "query:x" is none of ip, path, header:<name>, cookie:<name>',
    ],
    ["consistentHash: { maxLoad: 0.9 }", "consistentHash.maxLoad must be above 1, or 0"],
    ["sessionAffinity: { ttl: 0 }", "sessionAffinity.ttl must be above 0"],
    ["sessionAffinity: { secret: short }", "sessionAffinity.secret needs at least 16 characters"],
    ["sessionAffinity: { cookieName: a b }", 'sessionAffinity.cookieName: "a b" is not a valid name of a cookie'],
    ["sessionAffinity: { headerName: 'a:b' }", 'sessionAffinity.headerName: "a:b" is not a valid name of a header'],
  ] as const) {
    test(`${keys} is an error with its place`, () => {
      const errors = errorsOf(keys);
      assert.equal(errors.length, 1, errors.join("\n"));
      assert.match(errors[0]!, new RegExp(`^${FILE}:4:\\d+: `));
      assert.ok(errors[0]!.endsWith(`rule "web-1": ${message}`), errors[0]);
    });
  }
  for (const [old, canonical] of [
    ["sticky", "sticky_session"],
    ["least_connection", "least_connections"],
    ["resource_based", "least_connections"],
    ["health_weighted", "least_connections"],
  ] as const) {
    test(`"${old}" is an old spelling of "${canonical}"`, () => {
      const { config, warnings } = load(withRules(`{ path: /a, serviceName: web, loadBalance: ${old} }`));
      assert.equal(config!.rules[0]!.loadBalance, canonical);
      assert.equal(warnings.length, 1);
    });
  }
});

describe("sessions", () => {
  const rule = (keys: string, router = "") => ruled(`sessionAffinity: { ${keys} }`, router).sessions!.rule;

  test("have a source by whichever name is given", () => {
    assert.equal(rule("ttl: 1").cookie, "GATEWAY_SESSION");
    assert.equal(rule("headerName: X-User").header, "x-user");
    assert.equal(rule("queryParam: sid").query, "sid");
    assert.equal(rule("source: header").header, "x-session-id");
    assert.equal(rule("source: query").query, "session_id");
  });
  test("have a cookie of the gateway only under its own name, unless asked for", () => {
    assert.equal(rule("source: cookie").issues, true);
    assert.equal(rule("cookieName: JSESSIONID").issues, false);
    assert.equal(rule("cookieName: JSESSIONID, issueCookie: true").issues, true);
    assert.equal(rule("issueCookie: false").issues, false);
  });
  test("without a block: cookie, header, address; switched off: none", () => {
    const { cookie, header, byAddress } = ruled("loadBalance: sticky_session").sessions!.rule;
    assert.deepEqual([cookie, header, byAddress], ["GATEWAY_SESSION", "x-session-id", true]);
    assert.equal(ruled("loadBalance: sticky_session, sessionAffinity: { enabled: false }").sessions, null);
  });
  test("take the router's block where the rule has none, and its secret in any case", () => {
    const router = "    sessionAffinity: { headerName: X-All, secret: sixteen characters }\n";
    assert.equal(ruled("loadBalance: sticky_session", router).sessions!.rule.header, "x-all");
    const own = ruled("sessionAffinity: { cookieName: MINE }", router).sessions!;
    assert.deepEqual([own.rule.cookie, own.rule.header, own.secret], ["MINE", "", "sixteen characters"]);
  });
  test("warn about a name that is not looked at", () => {
    const keys = "sessionAffinity: { source: header, cookieName: A, issueCookie: true }";
    const { warnings } = load(withRules(`{ path: /a, serviceName: web, ${keys} }`));
    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /sessionAffinity\.cookieName has no effect with source header$/);
  });
});

describe("loadBalancing", () => {
  test("names services that exist", () => {
    const { errors } = load(withMore("  loadBalancing: { services: { wep: { slowStart: 1 } } }"));
    assert.match(
      errors.join(),
      /^t\.yaml:4:\d+: loadBalancing\.services: unknown service "wep"; did you mean "web"\?$/,
    );
  });
  test("is checked for ranges", () => {
    assert.equal(load(withMore("  loadBalancing: { default: { panicThreshold: 1.5 } }")).errors.length, 1);
  });
});
