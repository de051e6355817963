// Requests under way: counted when they begin, given back however they end, refused when there are too many.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { concurrencyLimit, type UnderWay } from "../../../src/limits/concurrency.ts";
import { isShared, keyBy, needsIdentity } from "../../../src/limits/keys.ts";
import { finish, outcome, requestOf, sources } from "../../support/limited.ts";

function limit(key: string, max: number, underWay: UnderWay = new Map()) {
  const by = sources(key);
  const meter = { hits: 0, rejected: 0, degraded: false };
  const filter = concurrencyLimit({
    max,
    keyOf: keyBy(by),
    shared: isShared(by),
    needsIdentity: needsIdentity(by),
    underWay,
    meter,
  });
  return { filters: [filter], underWay, meter };
}

describe("concurrency", () => {
  test("of a route is a matter of the gateway: 503", async () => {
    const { filters, meter } = limit("route", 2);
    const [a, b] = [requestOf("10.0.0.1"), requestOf("10.0.0.2")];
    assert.deepEqual([await outcome(a, filters), await outcome(b, filters)], ["", ""]);
    assert.equal(await outcome(requestOf("10.0.0.3"), filters), "overloaded");
    finish(a);
    assert.equal(await outcome(requestOf("10.0.0.3"), filters), "");
    assert.deepEqual(meter, { hits: 4, rejected: 1, degraded: false });
  });

  test("of a client is a matter of the client: 429", async () => {
    const { filters } = limit("ip", 1);
    assert.equal(await outcome(requestOf("10.0.0.1"), filters), "");
    assert.equal(await outcome(requestOf("10.0.0.1"), filters), "rate_limited");
    assert.equal(await outcome(requestOf("10.0.0.2"), filters), "");
  });

  test("keeps nothing of clients without a request under way", async () => {
    const { filters, underWay } = limit("ip", 2);
    const all = Array.from({ length: 100 }, (_, i) => requestOf(`10.0.0.${i}`));
    for (const ctx of all) await outcome(ctx, filters);
    assert.equal(underWay.size, 100);
    for (const ctx of all) finish(ctx);
    assert.equal(underWay.size, 0);
  });

  test("counts nothing for a client that left while another filter waited", async () => {
    const { filters, underWay } = limit("route", 1);
    const ctx = requestOf("10.0.0.1");
    const slow = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
    const done = outcome(ctx, [{ name: "slow", phase: "edge", onRequest: () => slow }, ...filters]);
    finish(ctx);
    await done;
    assert.equal(underWay.size, 0);
  });

  test("gives back at once what a request holds that is over", () => {
    const ctx = requestOf("10.0.0.1");
    finish(ctx);
    let released = 0;
    ctx.onDone(() => released++);
    assert.equal(released, 1);
  });
});
