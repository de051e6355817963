// What a store in Redis lets through while only some keys are decided there, as when one node of a cluster is gone.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Limit } from "../../../src/limits/limit.ts";
import type { Commands, ConnectionEvents } from "../../../src/limits/redis/connection.ts";
import { RedisStore } from "../../../src/limits/redis/store.ts";
import { eventually } from "../../support/setup.ts";

const LIMIT: Limit = { id: "l", algorithm: "token_bucket", rate: 5, periodMs: 3_600_000, burst: 5, keepMs: 0 };
const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Where `gone` is true, the node of the keys that begin with "lost" is; it would let everything through. */
function halfRedis() {
  const state = { gone: false, refuses: false, owed: [] as string[] };
  let events: ConnectionEvents;
  const commands: Commands = {
    ready: true,
    run(script, [key = ""], [operation, cost]) {
      if (state.refuses) return Promise.reject(new Error("OOM"));
      if (script === "beat") return Promise.resolve(["1000000", 1, 1, "0:mark"]);
      if (state.gone && key.includes("lost")) return Promise.reject(new Error("CLUSTERDOWN"));
      if (operation === "owe") state.owed.push(`${key} ${cost}`);
      return Promise.resolve([1, 4, 0, 0, 0]);
    },
    watch: () => undefined,
    close: () => undefined,
  };
  const store = new RedisStore(
    { name: "redis", budgetMs: 2000, onFailure: "local", onLoss: "spent", instance: "one" },
    {
      connect: (told) => {
        events = told;
        return commands;
      },
      now: () => performance.now(),
      log: QUIET,
    },
  );
  queueMicrotask(() => events.ready());
  return { state, store, lose: () => events.lost() };
}

async function isPassed(store: RedisStore, key: string): Promise<boolean> {
  const decision = await store.take(LIMIT, key, 1);
  return decision !== "unavailable" && decision.allowed;
}

async function opened() {
  const half = halfRedis();
  await eventually("Redis decides", () => !half.store.degraded);
  half.state.gone = true;
  return half;
}

test("a key whose node is gone has one request left, however many others are answered between", async () => {
  const { state, store } = await opened();
  let lost = 0;
  for (let i = 0; i < 20; i++) {
    if (await isPassed(store, "lost")) lost++;
    assert.equal(await isPassed(store, "found"), true);
  }
  assert.deepEqual([lost, store.degraded], [1, false]);
  state.gone = false;
  assert.equal(await isPassed(store, "lost"), true);
  assert.deepEqual(state.owed, ["ratelimit:l:lost 1"], "its node hears of it when it is back, once");
  store.close();
});

test("a key whose node is gone has one request left, however often the store comes back without that node", async () => {
  const { store, lose } = await opened();
  let lost = 0;
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 3; i++) if (await isPassed(store, "lost")) lost++;
    lose();
    assert.equal(store.degraded, true);
    await eventually("Redis decides again", () => !store.degraded);
  }
  assert.equal(lost, 1);
  store.close();
});

test("keys of a node that is gone do not take the others away", async () => {
  const { store } = await opened();
  for (let i = 0; i < 20; i++) await isPassed(store, "lost");
  assert.equal(store.degraded, false);
  store.close();
});

test("a Redis that refuses everything is not asked any more", async () => {
  const { state, store } = await opened();
  state.refuses = true;
  for (let i = 0; i < 3; i++) await isPassed(store, "found");
  await eventually("the store knows", () => store.degraded);
  store.close();
});
