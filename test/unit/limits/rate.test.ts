// Limits of a route: all must pass, charged to all or to none, held no longer than the request, told in its reply.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { addCharges } from "../../../src/core/charge.ts";
import type { Refusal } from "../../../src/core/reply.ts";
import { runFilters } from "../../../src/gateway/run-filters.ts";
import { AdjustableLimit } from "../../../src/limits/adjustable.ts";
import { keyBy, needsIdentity } from "../../../src/limits/keys.ts";
import type { Decision, Limit, LimitStore } from "../../../src/limits/limit.ts";
import { MemoryStore } from "../../../src/limits/memory-store.ts";
import { type RateRule, rateLimits } from "../../../src/limits/rate.ts";
import { finish, limitOf, outcome, requestOf, sources } from "../../support/limited.ts";

/** 2026-01-01, ms. */
const WALL = 1_767_225_600_000;

describe("rate limits", () => {
  let nowUs: number;
  let memory: MemoryStore;
  beforeEach(() => {
    nowUs = 0;
    memory = new MemoryStore(() => nowUs);
  });
  const rule = (limit: Limit, key = "ip", more: Partial<RateRule> = {}): RateRule => ({
    limit: new AdjustableLimit(limit),
    store: memory,
    keyOf: keyBy(sources(key)),
    needsIdentity: needsIdentity(sources(key)),
    costField: "",
    meter: null,
    ...more,
  });
  const filtersOf = (...rules: RateRule[]) => rateLimits(rules, () => WALL);

  test("let pass what is within them and refuse the rest with Retry-After", async () => {
    const filters = filtersOf(rule(limitOf("a")));
    assert.equal(await outcome(requestOf("10.0.0.1"), filters), "");
    assert.equal(await outcome(requestOf("10.0.0.1"), filters), "");
    const refusal = runFilters(requestOf("10.0.0.1"), filters) as Refusal;
    assert.equal(refusal.code, "rate_limited");
    assert.deepEqual(refusal.fields?.slice(0, 2), ["Retry-After", "30"]);
    assert.equal(await outcome(requestOf("10.0.0.2"), filters), "");
  });

  test("say nothing shorter than a second", () => {
    const filters = filtersOf(rule(limitOf("a", { rate: 1000, periodMs: 1000, burst: 1 })));
    runFilters(requestOf("10.0.0.1"), filters);
    const refusal = runFilters(requestOf("10.0.0.1"), filters) as Refusal;
    assert.equal(refusal.fields?.[1], "1");
  });

  test("answer at once while the store does", () => {
    assert.equal(runFilters(requestOf("10.0.0.1"), filtersOf(rule(limitOf("a")))), undefined);
  });

  test("charge all or none", async () => {
    const wide = limitOf("wide", { burst: 10 });
    const filters = filtersOf(rule(wide), rule(limitOf("narrow", { burst: 1 })));
    assert.equal(await outcome(requestOf("10.0.0.1"), filters), "");
    for (let i = 0; i < 20; i++) assert.equal(await outcome(requestOf("10.0.0.1"), filters), "rate_limited");
    assert.equal(memory.take(wide, "10.0.0.1", 1).remaining, 8);
  });

  test("give back what was charged before authentication when a limit behind it refuses", async () => {
    const early = limitOf("early", { burst: 10 });
    const filters = filtersOf(rule(limitOf("late", { burst: 1 }), "subject"), rule(early));
    assert.deepEqual(
      filters.map((f) => f.phase),
      ["edge", "limit"],
    );
    assert.equal(await outcome(requestOf("10.0.0.1"), filters), "");
    assert.equal(await outcome(requestOf("10.0.0.1"), filters), "rate_limited");
    assert.equal(memory.take(early, "10.0.0.1", 1).remaining, 8);
  });

  test("are told in the reply: all of them, and the tightest in the older fields", async () => {
    const filters = filtersOf(
      rule(limitOf("api", { rate: 100, periodMs: 1000, burst: 200 })),
      rule(limitOf('per "é"', { algorithm: "sliding_window", rate: 5, periodMs: 60_000 })),
    );
    const ctx = requestOf("10.0.0.1");
    assert.equal(await outcome(ctx, filters), "");
    const fields = ["Server", "x", "RateLimit", "old", "X-RateLimit-Remaining", "99"];
    addCharges(ctx.charges, fields);
    assert.deepEqual(fields, [
      ...["Server", "x"],
      ...["RateLimit-Policy", '"api";q=200;w=2, "per \\"?\\"";q=5;w=60'],
      ...["RateLimit", '"api";r=199;t=1, "per \\"?\\"";r=4;t=60'],
      ...["X-RateLimit-Limit", "5", "X-RateLimit-Remaining", "4", "X-RateLimit-Reset", String(WALL / 1000 + 60)],
    ]);
  });

  test("of both phases are told together, once", async () => {
    const filters = filtersOf(rule(limitOf("early")), rule(limitOf("late"), "subject"));
    const ctx = requestOf("10.0.0.1");
    assert.equal(await outcome(ctx, filters), "");
    const fields: string[] = [];
    addCharges(ctx.charges, fields);
    assert.equal(fields[3], '"early";r=1;t=30, "late";r=1;t=30');
    assert.equal(fields.filter((f) => f === "RateLimit").length, 1);
  });

  test("of a refusal tell what is left of each as if the request had not come", () => {
    const filters = filtersOf(rule(limitOf("wide", { burst: 10 })), rule(limitOf("narrow", { burst: 1 })));
    runFilters(requestOf("10.0.0.1"), filters);
    const ctx = requestOf("10.0.0.1");
    runFilters(ctx, filters);
    const fields: string[] = [];
    addCharges(ctx.charges, fields);
    assert.match(fields[3]!, /^"wide";r=9;t=\d+, "narrow";r=0;t=\d+$/);
    assert.deepEqual(fields.slice(4, 8), ["X-RateLimit-Limit", "1", "X-RateLimit-Remaining", "0"]);
  });

  test("charge what a trusted proxy says a request costs, and 1 to anybody else", async () => {
    const limit = limitOf("a", { rate: 100, burst: 100 });
    const filters = filtersOf(rule(limit, "ip", { costField: "x-cost" }));
    const left = async (cost: string, trusted: boolean) => {
      const ctx = requestOf("10.0.0.1", ["X-Cost", cost]);
      ctx.peerTrusted = trusted;
      const before = memory.take(limit, "10.0.0.1", 1).remaining;
      assert.equal(await outcome(ctx, filters), "");
      memory.giveBack(limit, "10.0.0.1", 1);
      return before - memory.take(limit, "10.0.0.1", 1).remaining;
    };
    assert.equal(await left("7", true), 7);
    assert.equal(await left("7", false), 1);
    for (const bad of ["", "0", "-3", "1.5", "ten", "Infinity", "0x10", "1e1"])
      assert.equal(await left(bad, true), 1, bad);
    for (const [i, all] of ["1000000", "9".repeat(400)].entries()) {
      memory.forget("a");
      const ctx = requestOf(`10.0.1.${i}`, ["X-Cost", all]);
      ctx.peerTrusted = true;
      assert.equal(await outcome(ctx, filters), "", "a cost above all there is takes all there is");
      assert.equal(memory.take(limit, `10.0.1.${i}`, 1).allowed, false);
    }
  });

  test("are charged the difference when the true cost is known later, and those that count requests are not", async () => {
    const tokens = limitOf("tokens", { rate: 100, burst: 100 });
    const requests = limitOf("requests", { rate: 100, burst: 100 });
    const filters = filtersOf(rule(tokens, "ip", { costField: "x-cost" }), rule(requests));
    const left = async (client: string, actual: number) => {
      const ctx = requestOf(client, ["X-Cost", "10"]);
      ctx.peerTrusted = true;
      assert.equal(await outcome(ctx, filters), "");
      for (const charge of ctx.charges!) charge.settle(actual);
      return [tokens, requests].map((limit) => memory.take(limit, client, 1).remaining);
    };
    assert.deepEqual(await left("10.0.0.1", 10), [89, 98]);
    assert.deepEqual(await left("10.0.0.2", 4), [95, 98]);
    assert.deepEqual(await left("10.0.0.3", 70), [29, 98]);
    assert.deepEqual(await left("10.0.0.4", 1000), [0, 98]);
  });

  test("hold a request of a leaky bucket longer than any timer lasts", (t) => {
    const waits: number[] = [];
    t.mock.method(globalThis, "setTimeout", (_: unknown, ms: number) => waits.push(ms));
    const limit = limitOf("a", { algorithm: "leaky_bucket", rate: 1, periodMs: 86_400_000, burst: 100 });
    const filters = filtersOf(rule(limit));
    for (let i = 0; i < 40; i++) void outcome(requestOf("10.0.0.1"), filters);
    assert.deepEqual([waits.length, Math.max(...waits)], [39, 2 ** 31 - 1]);
  });

  test("hold a request of a leaky bucket until its turn, and forget it when its client leaves", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const limit = limitOf("a", { algorithm: "leaky_bucket", rate: 10, periodMs: 1000, burst: 2 });
    const filters = filtersOf(rule(limit));
    const passed: string[] = [];
    const begin = (name: string) => {
      const ctx = requestOf("10.0.0.1");
      const done = outcome(ctx, filters).then((code) => passed.push(`${name}${code}`));
      return { ctx, done };
    };
    const first = begin("first");
    const second = begin("second");
    const third = begin("third");
    await Promise.all([first.done, begin("fourth:").done]);
    assert.deepEqual(passed, ["first", "fourth:rate_limited"]);
    finish(second.ctx);
    t.mock.timers.tick(100);
    await Promise.resolve();
    assert.deepEqual(passed.slice(2), []);
    t.mock.timers.tick(100);
    await third.done;
    assert.deepEqual(passed.slice(2), ["third"]);
  });

  test("refuse when a store cannot decide, and give the others back", async () => {
    const wide = limitOf("wide");
    const mute: LimitStore = {
      take: () => Promise.resolve("unavailable"),
      giveBack: () => assert.fail("nothing was charged"),
      charge: () => assert.fail("no cost is known later"),
      degraded: true,
      usage: () => null,
    };
    const filters = filtersOf(rule(wide), rule(limitOf("far"), "ip", { store: mute }));
    for (let i = 0; i < 3; i++) {
      const ctx = requestOf("10.0.0.1");
      assert.equal(await outcome(ctx, filters), "limits_unavailable");
      const fields: string[] = [];
      addCharges(ctx.charges, fields);
      assert.deepEqual(fields, [], "there is nothing to tell");
    }
    assert.equal(memory.take(wide, "10.0.0.1", 1).remaining, 1);
  });

  test("ask a far store for all its limits before it has answered the first", async () => {
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const yes: Decision = { allowed: true, remaining: 1, resetMs: 1, retryMs: 0, waitMs: 0, degraded: "local" };
    const far: LimitStore = {
      take: (limit) => {
        asked.push(limit.id);
        return new Promise((resolve) => answers.push(() => resolve(yes)));
      },
      giveBack: () => assert.fail("nothing was refused"),
      charge: () => assert.fail("no cost is known later"),
      degraded: true,
      usage: () => null,
    };
    const filters = filtersOf(rule(limitOf("a"), "ip", { store: far }), rule(limitOf("b"), "route", { store: far }));
    const ctx = requestOf("10.0.0.1");
    const done = outcome(ctx, filters);
    assert.deepEqual(asked, ["a", "b"]);
    for (const answer of answers) answer();
    assert.equal(await done, "");
    const fields: string[] = [];
    addCharges(ctx.charges, fields);
    assert.deepEqual(fields.slice(-2), ["X-RateLimit-Degraded", "local"]);
  });

  for (const algorithm of ["token_bucket", "sliding_window"] as const) {
    test(`that are changed hold from the next request on, and are told so: ${algorithm}`, () => {
      const limit = new AdjustableLimit(limitOf("a", { algorithm, rate: 4, burst: 4 }));
      const filters = rateLimits([{ ...rule(limit), limit }], () => WALL);
      const told = (code?: string) => {
        const ctx = requestOf("10.0.0.1");
        const verdict = runFilters(ctx, filters) as Refusal | undefined;
        assert.equal(verdict?.code, code);
        const fields: string[] = [];
        addCharges(ctx.charges, fields);
        return fields;
      };
      for (let i = 0; i < 3; i++) told();
      limit.set(2, 2);
      const refused = told("rate_limited");
      assert.match(refused[1]!, /^"a";q=2;w=60$/);
      assert.match(refused[3]!, /^"a";r=0;t=\d+$/);
      assert.deepEqual(refused.slice(4, 8), ["X-RateLimit-Limit", "2", "X-RateLimit-Remaining", "0"]);
      limit.set(9, 9);
      assert.match(told()[3]!, /^"a";r=5;/);
    });
  }

  test("are counted", async () => {
    const meter = { hits: 0, rejected: 0, degraded: false };
    const filters = filtersOf(rule(limitOf("a", { burst: 1 }), "ip", { meter }));
    for (let i = 0; i < 3; i++) await outcome(requestOf("10.0.0.1"), filters);
    assert.deepEqual(meter, { hits: 3, rejected: 2, degraded: false });
  });

  test("that are none make no filter", () => assert.deepEqual(filtersOf(), []));
});
