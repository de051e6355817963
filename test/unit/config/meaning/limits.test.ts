// What the keys about limits come to: the limit of each rule, and those of all rules together.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load, loadFine, withRules } from "../../../support/load.ts";

/** Ids and numbers of the limits of a rule with these keys. @param ratelimit keys of `middleware.ratelimit` */
function limitsOf(keys: string, ratelimit = "") {
  const text = `${withRules(`{ id: r, path: /, serviceName: web${keys === "" ? "" : `, ${keys}`} }`)}`;
  const { rules } = loadFine(`${text}  middleware: { ratelimit: { ${ratelimit} } }\n`);
  return rules[0]!.rateLimits.map(({ limit: { id, rate, periodMs, burst, keepMs } }) => ({
    id,
    rate,
    periodMs,
    burst,
    keepMs,
  }));
}

const OWN = { id: "r", rate: 5, periodMs: 1000, burst: 5, keepMs: 0 };

describe("a rule with a rateLimit", () => {
  test("has a burst of as much as a period lets through", () => assert.deepEqual(limitsOf("rateLimit: 5"), [OWN]));
  test("may say requestsPerSecond instead", () =>
    assert.deepEqual(limitsOf("rateLimit: { requestsPerSecond: 5 }"), [OWN]));
  test("takes its burst from rateLimitBurst", () =>
    assert.deepEqual(limitsOf("rateLimit: 5, rateLimitBurst: 9"), [{ ...OWN, burst: 9 }]));
  test("refuses a rateLimitBurst beside another burst", () => {
    const { errors } = load(
      withRules("{ id: r, path: /, serviceName: web, rateLimit: { rate: 5, burst: 6 }, rateLimitBurst: 9 }"),
    );
    assert.match(errors.join(), /rule "r": burst and rateLimitBurst differ$/);
  });
  test("keeps idle keys for rateLimitExpiration", () =>
    assert.deepEqual(limitsOf("rateLimit: 5, rateLimitExpiration: 90s"), [{ ...OWN, keepMs: 90_000 }]));
  test("is not touched by perRoute", () =>
    assert.deepEqual(limitsOf("rateLimit: 5", "enabled: true, perRoute: { enabled: true, defaultRate: 2 }"), [OWN]));
});

describe("a rule without one", () => {
  const perRoute = "perRoute: { enabled: true, defaultRate: 2, defaultBurst: 7, defaultPeriod: 1m }";
  const limit = { id: "r", rate: 2, periodMs: 60_000, burst: 7, keepMs: 0 };
  test("has none", () => assert.deepEqual(limitsOf(""), []));
  test("has that of perRoute: defaultRate, defaultBurst and defaultPeriod", () =>
    assert.deepEqual(limitsOf("", `enabled: true, ${perRoute}`), [limit]));
  test("has its own burst where it names one", () =>
    assert.deepEqual(limitsOf("rateLimitBurst: 3", `enabled: true, ${perRoute}`), [{ ...limit, burst: 3 }]));
  test("has none while ratelimit is off", () => assert.deepEqual(limitsOf("", perRoute), []));
});

test("global and perIP hold for every rule, before its own limit", () => {
  const all = "enabled: true, global: { rate: 100, burst: 200, period: 1h }, perIP: { rate: 10 }";
  assert.deepEqual(limitsOf("rateLimit: 5", all), [
    { id: "global", rate: 100, periodMs: 3_600_000, burst: 200, keepMs: 0 },
    { id: "perIP", rate: 10, periodMs: 1000, burst: 10, keepMs: 0 },
    OWN,
  ]);
});
