// The scripts in Redis and the arithmetic in this process are twins: random schedules, the same decision every time.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Redis } from "ioredis";
import { ARITHMETIC, capacityOf } from "../../src/limits/arithmetic.ts";
import type { Limit, LimitAlgorithm } from "../../src/limits/limit.ts";
import { limitScripts } from "../../src/limits/redis/scripts.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";

const ALGORITHMS = ["token_bucket", "leaky_bucket", "sliding_window"] as const;
const SCRIPTS = limitScripts("tonumber(ARGV[8])");
/** A time as Redis tells it, µs. */
const START = 1_790_000_000_123_456;

type Command = (key: string, ...args: (string | number)[]) => Promise<number[]>;

/** Pseudo-random numbers in [0, 1) from a seed, so that a failure can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function pick<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

describe("scripts in Redis", () => {
  let server: RedisServer;
  let redis: Redis;
  before(async () => {
    server = await startRedis();
    redis = new Redis(server.port, "127.0.0.1", { enableAutoPipelining: true });
    for (const name of ALGORITHMS) redis.defineCommand(name, { lua: SCRIPTS[name], numberOfKeys: 1 });
  });
  after(async () => {
    redis.disconnect();
    await server.close();
  });

  const call = (algorithm: LimitAlgorithm): Command =>
    (redis as unknown as Record<LimitAlgorithm, Command>)[algorithm].bind(redis);

  /** Arguments of an operation. */
  function args(operation: string, limit: Limit, cost: number, nowUs: number, lostUs = 0): (string | number)[] {
    const { rate, periodMs, keepMs } = limit;
    return [operation, cost, rate, periodMs * 1000, capacityOf(limit), keepMs, lostUs, nowUs];
  }

  for (const algorithm of ALGORITHMS) {
    test(`${algorithm}: decide as the process does, whatever comes`, async () => {
      for (let seed = 1; seed <= 60; seed++) {
        const random = randomFrom(seed);
        const limit: Limit = {
          id: "l",
          algorithm,
          rate: pick(random, [1, 2, 3, 7, 10, 1000, 0.5, 33.3]),
          periodMs: pick(random, [100, 1000, 60_000, 3_600_000]),
          burst: pick(random, [1, 2, 5, 40]),
          keepMs: 3_600_000, // the schedule's clock is not the one Redis expires by
        };
        const arithmetic = ARITHMETIC[algorithm];
        const step = (limit.periodMs * 1000) / limit.rate;
        let now = START;
        let state: unknown;
        let charged = 0;
        const expected: unknown[] = [];
        const replies: Promise<number[]>[] = [];
        for (let i = 0; i < 60; i++) {
          now += Math.round(step * pick(random, [0, 0, 0.001, 0.3, 0.99, 1, 1.01, 5, -0.5]));
          state ??= arithmetic.fresh(now);
          const cost = Math.min(pick(random, [1, 1, 1, 2, 3]), capacityOf(limit));
          if (charged > 0 && random() < 0.15) {
            arithmetic.giveBack(limit, state, charged);
            replies.push(call(algorithm)(`${algorithm}${seed}`, ...args("give", limit, charged, now)));
            expected.push([]);
            charged = 0;
            continue;
          }
          if (random() < 0.1) {
            const owed = pick(random, [1, 3, 100]);
            arithmetic.charge(limit, state, now, owed);
            const reply = call(algorithm)(`${algorithm}${seed}`, ...args("owe", limit, owed, now));
            replies.push(reply.then(() => [])); // what it did is seen in the decisions that follow
            expected.push([]);
            continue;
          }
          const d = arithmetic.take(limit, state, now, cost);
          if (d.allowed) charged = cost;
          replies.push(call(algorithm)(`${algorithm}${seed}`, ...args("take", limit, cost, now)));
          expected.push([Number(d.allowed), d.remaining, d.resetMs, d.retryMs, d.waitMs]);
        }
        const got = (await Promise.all(replies)).map((reply) =>
          reply.map((value, i) => (i < 2 ? value : value / 1000)),
        );
        assert.deepEqual(got, expected, `seed ${seed}`);
      }
    });

    test(`${algorithm}: what is owed is charged though it does not fit, and no further than to the end`, async () => {
      const limit: Limit = { id: "l", algorithm, rate: 10, periodMs: 10_000, burst: 10, keepMs: 0 };
      const run = call(algorithm);
      assert.equal((await run(`${algorithm}-owed`, ...args("owe", limit, 4, START)))[1], capacityOf(limit) - 4);
      assert.equal((await run(`${algorithm}-owed`, ...args("owe", limit, 400, START)))[1], 0);
      assert.equal((await run(`${algorithm}-owed`, ...args("take", limit, 1, START)))[0], 0);
      const later = START + (algorithm === "sliding_window" ? 10_000_000 : 1_000_000);
      assert.equal((await run(`${algorithm}-owed`, ...args("take", limit, 1, later)))[0], 1);
    });

    test(`${algorithm}: a key that Redis lost was used up when that happened`, async () => {
      const limit: Limit = { id: "l", algorithm, rate: 10, periodMs: 10_000, burst: 10, keepMs: 0 };
      const run = call(algorithm);
      assert.equal((await run(`${algorithm}-lost`, ...args("take", limit, 1, START + 999_999, START)))[0], 0);
      const later = START + (algorithm === "sliding_window" ? 10_000_000 : 1_000_000);
      assert.equal((await run(`${algorithm}-lost`, ...args("take", limit, 1, later, START)))[0], 1);
    });

    test(`${algorithm}: a key goes when it says no more than a new one`, async () => {
      const limit: Limit = { id: "l", algorithm, rate: 10, periodMs: 100_000, burst: 10, keepMs: 0 };
      const run = call(algorithm);
      const [, , resetUs] = await run(`${algorithm}-expiry`, ...args("take", limit, 3, START));
      const ttl = Number(await server.cli("PTTL", `${algorithm}-expiry`));
      assert.ok(ttl > 0 && ttl <= Math.ceil(resetUs! / 1000), `${ttl} ms`);
      await run(`${algorithm}-kept`, ...args("take", { ...limit, keepMs: 50_000 }, 3, START));
      assert.ok(Number(await server.cli("PTTL", `${algorithm}-kept`)) > 40_000);
    });

    test(`${algorithm}: a limit with another period begins anew`, async () => {
      const limit: Limit = { id: "l", algorithm, rate: 1, periodMs: 60_000, burst: 1, keepMs: 0 };
      const run = call(algorithm);
      for (let i = 0; i < 3; i++) await run(`${algorithm}-changed`, ...args("take", limit, 1, START));
      assert.equal((await run(`${algorithm}-changed`, ...args("take", limit, 1, START)))[0], 0);
      assert.equal(
        (await run(`${algorithm}-changed`, ...args("take", { ...limit, periodMs: 30_000 }, 1, START)))[0],
        1,
      );
    });
  }
});
