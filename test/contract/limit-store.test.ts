// What every store of limits promises, run on each with each algorithm. Time may be real: nothing here depends on its pace.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { capacityOf } from "../../src/limits/arithmetic.ts";
import type { Decision, Limit, LimitAlgorithm, LimitStore } from "../../src/limits/limit.ts";
import { MemoryStore } from "../../src/limits/memory-store.ts";
import { startRedis } from "../support/redis.ts";
import { openStore } from "../support/redis-store.ts";

interface Subject {
  readonly store: LimitStore;
  /** Lets at least so many ms pass, as the store sees time. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** A store is one line here. */
const STORES: Readonly<Record<string, () => Promise<Subject>>> = {
  memory: async () => {
    let nowUs = 0;
    return {
      store: new MemoryStore(() => nowUs),
      pass: async (ms) => {
        nowUs += Math.ceil(ms * 1000);
      },
      close: async () => undefined,
    };
  },
  redis: async () => {
    const redis = await startRedis();
    const shared = await openStore({ nodes: [{ host: "127.0.0.1", port: redis.port }] });
    return {
      store: shared.store,
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      close: async () => {
        shared.store.close();
        await redis.close();
      },
    };
  },
};

const ALGORITHMS: readonly LimitAlgorithm[] = ["token_bucket", "leaky_bucket", "sliding_window"];

for (const [name, open] of Object.entries(STORES)) {
  for (const algorithm of ALGORITHMS) {
    describe(`${name}, ${algorithm}`, () => {
      let subject: Subject;
      let made = 0;
      before(async () => {
        subject = await open();
      });
      after(() => subject.close());

      /** A limit nobody used before; within a minute nothing comes back. */
      const fresh = (rate = 4, periodMs = 60_000): Limit => {
        made++;
        return { id: `${algorithm}-${made}`, algorithm, rate, periodMs, burst: 3, keepMs: 0 };
      };
      const take = async (limit: Limit, key: string, cost = 1): Promise<Decision> => {
        const decision = await subject.store.take(limit, key, cost);
        if (decision === "unavailable") assert.fail("the store is not available");
        return decision;
      };

      test("passes what the limit holds, then refuses and says for how long", async () => {
        const limit = fresh();
        const capacity = capacityOf(limit);
        for (let left = capacity - 1; left >= 0; left--) {
          const decision = await take(limit, "a");
          assert.equal(decision.allowed, true);
          assert.equal(decision.remaining, left);
          assert.equal(decision.retryMs, 0);
          assert.equal(decision.degraded, null);
          assert.ok(decision.resetMs > 0 && decision.resetMs <= 60_000);
        }
        const refused = await take(limit, "a");
        assert.equal(refused.allowed, false);
        assert.equal(refused.remaining, 0);
        assert.equal(refused.waitMs, 0);
        assert.ok(refused.retryMs > 0 && refused.retryMs <= refused.resetMs);
      });

      test("passes whoever comes when it was told to", async () => {
        const limit = fresh(2, 100);
        let decision = await take(limit, "a");
        for (let i = 0; decision.allowed && i < 50; i++) decision = await take(limit, "a");
        assert.equal(decision.allowed, false);
        await subject.pass(decision.retryMs + 1);
        assert.equal((await take(limit, "a")).allowed, true);
      });

      test("counts keys and limits apart", async () => {
        const [one, other] = [fresh(), fresh()];
        while ((await take(one, "a")).allowed);
        assert.equal((await take(one, "b")).allowed, true);
        assert.equal((await take(other, "a")).allowed, true);
        assert.equal((await take(one, "a")).allowed, false);
      });

      test("charges the cost, or nothing", async () => {
        const limit = fresh();
        const capacity = capacityOf(limit);
        assert.equal((await take(limit, "a", capacity - 1)).remaining, 1);
        assert.equal((await take(limit, "a", 2)).allowed, false);
        assert.equal((await take(limit, "a", 1)).allowed, true);
      });

      test("takes a charge back", async () => {
        const limit = fresh();
        await take(limit, "a", capacityOf(limit));
        subject.store.giveBack(limit, "a", 2);
        assert.equal((await take(limit, "a", 2)).allowed, true);
        assert.equal((await take(limit, "a")).allowed, false);
      });

      test("charges what is known later, though it does not fit, and no further than to the end", async () => {
        const limit = fresh();
        const capacity = capacityOf(limit);
        subject.store.charge(limit, "a", 1);
        assert.equal((await take(limit, "a", capacity - 2)).remaining, 1);
        subject.store.charge(limit, "a", 1000);
        const refused = await take(limit, "a");
        assert.deepEqual([refused.allowed, refused.remaining], [false, 0]);
        assert.ok(refused.resetMs > 0 && refused.resetMs <= (capacity * limit.periodMs) / limit.rate);
        subject.store.giveBack(limit, "a", capacity);
        assert.equal((await take(limit, "a")).remaining, capacity - 1);
      });

      test("never passes more than it holds, however many ask at once", async () => {
        const limit = fresh();
        const decisions = await Promise.all(Array.from({ length: 50 }, () => take(limit, "a")));
        assert.equal(decisions.filter((d) => d.allowed).length, capacityOf(limit));
      });

      test("takes keys of any content", async () => {
        const limit = fresh();
        const keys = ["", " ", "a b", "ä😀", "{a}", "a\r\nDEL x", "\u0000", "x".repeat(10_000), "__proto__", "*"];
        for (const key of keys) assert.equal((await take(limit, key, 2)).allowed, true, JSON.stringify(key));
        for (const key of keys) assert.equal((await take(limit, key, 3)).allowed, false, JSON.stringify(key));
      });

      test("refuses without end nothing but what is too much: after the reset the key is new", async () => {
        const limit = fresh(2, 100);
        const { resetMs } = await take(limit, "a", 2);
        await subject.pass(resetMs + 1);
        assert.equal((await take(limit, "a")).remaining, capacityOf(limit) - 1);
      });
    });
  }
}
