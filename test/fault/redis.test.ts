// Redis killed, hung, restarted with and without its data: limits hold, and nobody waits.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, afterEach, before, describe, type TestContext, test } from "node:test";
import type { Decision, Limit } from "../../src/limits/limit.ts";
import type { RedisStore, RedisStoreOptions } from "../../src/limits/redis/store.ts";
import type { RedisOptions } from "../../src/wire/redis.ts";
import { rawBackend } from "../support/raw.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { newStore, type OpenStore, openStore } from "../support/redis-store.ts";
import { eventually } from "../support/setup.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** So slow that within a test nothing comes back. */
function limitOf(burst: number, id = "l"): Limit {
  return { id, algorithm: "token_bucket", rate: burst, periodMs: 3_600_000, burst, keepMs: 0 };
}

async function passed(store: RedisStore, limit: Limit, asks: number, key = "k"): Promise<number> {
  let count = 0;
  for (let i = 0; i < asks; i++) {
    const decision = await store.take(limit, key, 1);
    if (decision !== "unavailable" && decision.allowed) count++;
  }
  return count;
}

/** Answers limits with a word, and everything else as Redis would. @returns its port */
async function babbling(t: TestContext, redisPort: number): Promise<number> {
  const gate = await rawBackend((socket) => {
    const server = connect(redisPort, "127.0.0.1");
    server.on("error", () => socket.destroy());
    socket.on("close", () => server.destroy());
    server.pipe(socket);
    socket.on("data", (chunk) => {
      if (chunk.includes("ratelimit:l:k")) socket.write("+hello\r\n");
      else server.write(chunk);
    });
  });
  t.after(() => gate.close());
  return gate.port;
}

describe("a Redis that fails", () => {
  let redis: RedisServer;
  let open: OpenStore[] = [];
  before(async () => {
    redis = await startRedis({ options: ["--appendonly", "yes", "--appendfsync", "always"] });
  });
  afterEach(async () => {
    for (const { store } of open) store.close();
    open = [];
    redis.signal("SIGCONT");
    await redis.start().catch(() => undefined);
    await redis.cli("FLUSHALL");
  });
  after(() => redis.close());

  const at = (): Partial<RedisOptions> => ({ nodes: [{ host: "127.0.0.1", port: redis.port }] });
  async function opened(options: Partial<RedisStoreOptions> = {}, more: Partial<RedisOptions> = {}) {
    const one = await openStore({ ...at(), ...more }, options);
    open.push(one);
    return one;
  }

  test("killed: answers come at once, and every key has one request left", async () => {
    const { store } = await opened();
    assert.equal(await passed(store, limitOf(10), 4), 4);
    await redis.kill();
    await eventually("the store knows", () => store.degraded);
    const first = store.take(limitOf(10), "k", 1);
    assert.ok(!(first instanceof Promise), "nobody waits");
    assert.deepEqual([(first as Decision).allowed, (first as Decision).degraded], [true, "local"]);
    assert.equal(await passed(store, limitOf(10), 10), 0);
    assert.equal(await passed(store, limitOf(10), 10, "never seen"), 1);
  });

  test("killed, with onLoss fresh: every gateway lets its share through, and Redis hears of it", async () => {
    const { store } = await opened({ onLoss: "fresh" });
    const other = await opened({ onLoss: "fresh", instance: "two" });
    await eventually("two gateways are known", async () => (await redis.cli("ZCARD", "{ratelimit}:gateways")) === "2");
    await pause(1100); // one beat more, by which the first hears of the second
    assert.equal(await passed(store, limitOf(10), 2), 2);
    await redis.kill();
    await eventually("both know", () => store.degraded && other.store.degraded);
    assert.equal(await passed(store, limitOf(10), 10), 5);
    assert.equal(await passed(other.store, limitOf(10), 1), 1);
    await redis.start();
    await eventually("Redis decides again", () => !store.degraded && !other.store.degraded);
    assert.equal(await passed(store, limitOf(10), 10), 2, "10 less 2 before, 5 and 1 meanwhile");
  });

  test("killed, with deny and allow: refuses, and lets through, at once", async () => {
    const denying = await opened({ onFailure: "deny" });
    const allowing = await opened({ onFailure: "allow", instance: "two" });
    await redis.kill();
    await eventually("both know", () => denying.store.degraded && allowing.store.degraded);
    assert.equal(denying.store.take(limitOf(2), "k", 1), "unavailable");
    assert.equal(await passed(allowing.store, limitOf(2), 5), 5);
    const through = (await allowing.store.take(limitOf(2), "k", 1)) as Decision;
    assert.equal(through.degraded, "allow");
    await redis.start();
    await eventually("Redis decides again", () => !denying.store.degraded && !allowing.store.degraded);
    assert.equal(await passed(denying.store, limitOf(2), 5), 2);
  });

  for (const onFailure of ["local", "deny", "allow"] as const) {
    test(`killed, with ${onFailure}: hears of costs that became known meanwhile`, async () => {
      const { store } = await opened({ onFailure });
      assert.equal(await passed(store, limitOf(10), 4), 4);
      await redis.kill();
      await eventually("the store knows", () => store.degraded);
      store.charge(limitOf(10), "k", 3);
      await redis.start();
      await eventually("Redis decides again", () => !store.degraded);
      assert.equal(await passed(store, limitOf(10), 10), 3);
    });
  }

  test("hung: three wait for the budget, then nobody, until it goes on", async () => {
    const { store, said } = await opened({ budgetMs: 250 });
    assert.equal(await passed(store, limitOf(5), 5), 5);
    redis.signal("SIGSTOP");
    const decisions = await Promise.all([1, 2, 3, 4].map((key) => store.take(limitOf(5), String(key), 1)));
    assert.ok(decisions.every((d) => d !== "unavailable" && d.degraded && d.allowed));
    assert.ok(store.degraded);
    assert.ok(!(store.take(limitOf(5), "k", 1) instanceof Promise));
    assert.ok(said.some((line) => line.includes("no answer within 250 ms")));
    redis.signal("SIGCONT");
    await eventually("Redis decides again", () => !store.degraded);
    // The charge that came late and the decision meanwhile are one and the same.
    assert.equal(await passed(store, limitOf(5), 9, "1"), 4);
  });

  test("hung for long: the connection is opened anew", async () => {
    const { store, said } = await opened({ budgetMs: 250 }, { silenceMs: 200 });
    redis.signal("SIGSTOP");
    await passed(store, limitOf(5), 3);
    await eventually("it is given up", () => said.some((line) => line.includes("cannot be reached")));
    redis.signal("SIGCONT");
    await eventually("Redis decides again", () => !store.degraded);
  });

  test("taken for a connection by what never answers its greeting: the connection is opened anew", async (t) => {
    let asked = 0;
    const gate = await rawBackend((socket) => {
      if (++asked === 1) return void socket.resume();
      const server = connect(redis.port, "127.0.0.1");
      server.on("error", () => socket.destroy());
      socket.on("close", () => server.destroy());
      socket.pipe(server).pipe(socket);
    });
    t.after(() => gate.close());
    await opened({}, { nodes: [{ host: "127.0.0.1", port: gate.port }], connectTimeoutMs: 200 });
    assert.equal(asked, 2);
  });

  test("what is no answer of a limit counts as none", async (t) => {
    const { store } = await opened({}, { nodes: [{ host: "127.0.0.1", port: await babbling(t, redis.port) }] });
    const decision = await store.take(limitOf(10), "k", 1);
    assert.ok(decision !== "unavailable" && decision.allowed && decision.degraded);
  });

  test("its scripts forgotten: they are sent again", async () => {
    const { store } = await opened();
    assert.equal(await passed(store, limitOf(5), 2), 2);
    await redis.cli("SCRIPT", "FLUSH");
    assert.equal(await passed(store, limitOf(5), 5), 3);
    assert.equal(store.degraded, false);
  });

  test("one connection of several cut: the others go on", async () => {
    const { store } = await opened({}, { connections: 3 });
    await redis.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes", "MAXAGE", "0").catch(() => undefined);
    await redis.cli("CLIENT", "KILL", "TYPE", "normal");
    await eventually("Redis decides", () => !store.degraded);
    assert.equal(await passed(store, limitOf(5), 9), 5);
  });

  test("not there at the start: the store opens, says so once, and finds it later", async () => {
    await redis.kill();
    const one = newStore(at());
    open.push(one);
    await one.store.reached;
    assert.equal(one.store.degraded, true);
    assert.equal(await passed(one.store, limitOf(3), 5), 3, "nothing was used as far as anybody knows");
    await redis.start();
    await eventually("Redis decides", () => !one.store.degraded);
    assert.equal(one.said.filter((line) => line.startsWith("Redis cannot be reached")).length, 1, one.said.join("\n"));
    assert.equal(await passed(one.store, limitOf(3), 5), 0, "what was let through is charged");
  });

  test("every pair of gateways counts as one, whatever their clocks say", async () => {
    const [one, two] = [await opened(), await opened({ instance: "two" })];
    const asks = [one, two, one, two].map(({ store }) => passed(store, limitOf(10), 10));
    assert.equal(
      (await Promise.all(asks)).reduce((sum, n) => sum + n),
      10,
    );
  });

  test("charges given back are", async () => {
    const { store } = await opened();
    assert.equal(await passed(store, limitOf(2), 2), 2);
    store.giveBack(limitOf(2), "k", 1);
    assert.equal(await passed(store, limitOf(2), 2), 1);
  });
});

/** One decision of one gateway: when it was asked and when answered, ms. */
interface Pass {
  readonly askedAt: number;
  readonly at: number;
}

/** Asks without pause until it is told to stop. */
function load(store: RedisStore, limit: Limit): { stop(): Promise<readonly Pass[]> } {
  const passes: Pass[] = [];
  let going = true;
  const run = (async () => {
    while (going) {
      const askedAt = performance.now();
      const decision = await store.take(limit, "k", 1);
      if (decision !== "unavailable" && decision.allowed) passes.push({ askedAt, at: performance.now() });
      await pause(1);
    }
  })();
  return {
    async stop() {
      going = false;
      await run;
      return passes;
    },
  };
}

describe("three gateways under load while Redis is killed and comes back", () => {
  const GATEWAYS = 3;
  for (const [what, options] of [
    ["without its data", []],
    ["with its data", ["--appendonly", "yes", "--appendfsync", "always"]],
  ] as const) {
    test(`${what}: together never more than the limit and one request each`, async () => {
      const redis = await startRedis({ options });
      const nodes = [{ host: "127.0.0.1", port: redis.port }];
      const names = Array.from({ length: GATEWAYS }, (_, i) => `gateway-${i}`);
      const stores = await Promise.all(names.map((instance) => openStore({ nodes }, { instance })));
      try {
        await pause(1200); // everybody has heard of everybody
        const limit: Limit = { id: "l", algorithm: "token_bucket", rate: 20, periodMs: 1000, burst: 20, keepMs: 0 };
        const loads = stores.map(({ store }) => load(store, limit));
        await pause(300);
        await redis.kill();
        await pause(600);
        await redis.start();
        await eventually("Redis decides again for all", () => stores.every(({ store }) => !store.degraded));
        await pause(500);
        const passes = (await Promise.all(loads.map((one) => one.stop()))).flat().sort((a, b) => a.askedAt - b.askedAt);
        assert.ok(passes.length > limit.burst + 10, `${passes.length} passed`);
        let most = 0;
        for (const [i, first] of passes.entries()) {
          let count = 0;
          for (const { at } of passes.slice(i)) {
            count++;
            const may = limit.burst + ((at - first.askedAt) / 1000) * limit.rate;
            most = Math.max(most, count - may);
          }
        }
        assert.ok(most <= GATEWAYS, `${most} more than the limit`);
      } finally {
        for (const { store } of stores) store.close();
        await redis.close();
      }
    });
  }
});
