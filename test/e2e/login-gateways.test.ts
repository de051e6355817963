// Sessions of several gateways: with nothing but a secret in common, and with a Redis between them.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { burst, codeOf, type LoginWorld, startLogin, subjectOf } from "../support/login.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { eventually } from "../support/setup.ts";

const LIMIT = { timeout: 120_000 };
let world: LoginWorld;

const at = (path: string) => world.at(path);
const beside = (path: string) => world.beside(path);

describe("two gateways with one secret", LIMIT, () => {
  before(async () => {
    world = await startLogin({ accessTokenS: 15 });
  });
  after(() => world.close());

  test("share sessions without a common store; one that loses a race for tokens continues with those it has", async (t) => {
    await world.start(t);
    await world.start(t, {}, world.ports[1]);
    const browser = await world.loggedIn();
    assert.equal(subjectOf(await browser.ask(beside("/"))), "ann");
    const other = browser.copy();
    await pause(12_050); // due, and valid for three seconds
    assert.equal(subjectOf(await browser.ask(at("/"))), "ann");
    assert.equal(world.refreshes(), 1);
    const reply = await other.ask(beside("/"));
    assert.equal(subjectOf(reply), "ann");
    assert.equal(world.refreshes(), 2, "the second one was refused");
    assert.equal(reply.headers["set-cookie"], undefined, "the cookie of the winner stays");
    assert.equal(subjectOf(await browser.ask(beside("/"))), "ann", "and counts here, too");
  });
});

describe("two gateways with a shared store", LIMIT, () => {
  /** Lifetime of access tokens, ms. */
  const TOKENS_MS = 3_000;
  let redis: RedisServer;
  before(async () => {
    [world, redis] = await Promise.all([startLogin({ accessTokenS: TOKENS_MS / 1000 }), startRedis()]);
  });
  after(() => Promise.all([world.close(), redis.close()]));
  beforeEach(() => redis.cli("FLUSHALL"));
  const shared = () => ({ session: { store: "redis" }, more: { redis: { host: "127.0.0.1", port: redis.port } } });

  test("refresh a session with one request between them", async (t) => {
    await world.start(t, shared());
    await world.start(t, shared(), world.ports[1]);
    const browser = await world.loggedIn();
    assert.ok(browser.value("auth_token").length < 200, "the cookie is a name alone");
    assert.equal(subjectOf(await browser.ask(beside("/"))), "ann");
    await pause(TOKENS_MS);
    const replies = await burst(
      browser,
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? at("/") : beside("/"))),
    );
    for (const reply of replies) assert.equal(subjectOf(reply), "ann");
    assert.equal(world.refreshes(), 1);
  });
  test("wait for the one that refreshes a session, and refresh it themselves if it has not", async (t) => {
    await world.start(t, shared());
    const browser = await world.loggedIn();
    const [key = ""] = (await redis.cli("KEYS", "gateway:session:*")).split("\n");
    await redis.cli("SET", `${key}:refresh`, "another gateway");
    await pause(TOKENS_MS);
    const waiting = browser.ask(at("/"));
    await pause(500);
    assert.equal(world.refreshes(), 0);
    await redis.cli("DEL", `${key}:refresh`);
    assert.equal(subjectOf(await waiting), "ann");
    assert.equal(world.refreshes(), 1);
    await eventually("nothing is left locked", async () => (await redis.cli("DBSIZE")) === "1");
  });
  test("end a session at both", async (t) => {
    await world.start(t, shared());
    await world.start(t, shared(), world.ports[1]);
    const browser = await world.loggedIn();
    const copy = browser.copy();
    assert.equal((await copy.ask(beside("/"))).status, 200);
    await browser.ask(at("/auth/logout"), { headers: ["Sec-Fetch-Site", "same-origin"] });
    assert.equal((await copy.copy().ask(at("/"))).status, 401);
    await eventually("the other one knows", async () => (await copy.copy().ask(beside("/"))).status === 401);
    assert.equal(await redis.cli("DBSIZE"), "0");
  });
  test("store sessions encrypted, and no longer than they last", async (t) => {
    await world.start(t, { ...shared(), session: { store: "redis", lifetime: "1h" } });
    await world.loggedIn();
    const [key = ""] = (await redis.cli("KEYS", "gateway:session:*")).split("\n");
    assert.match(await redis.cli("GET", key), /^[\w-]+$/);
    const left = Number(await redis.cli("PTTL", key));
    assert.ok(left > 3_500_000 && left <= 3_600_000, String(left));
    await redis.cli("DEL", key);
  });
  test("answer 503 while it is down, and do not log users out", async (t) => {
    const own = await startRedis();
    t.after(() => own.close());
    const store = {
      session: { store: "mine" },
      more: { rateLimitStorage: { stores: { mine: { redis: { host: "127.0.0.1", port: own.port } } } } },
    };
    await world.start(t, store);
    const browser = await world.loggedIn();
    own.signal("SIGSTOP");
    await eventually("nothing is remembered", async () => (await browser.ask(at("/"))).status === 503);
    assert.equal(codeOf((await browser.go(at("/page"))).reply), "503 auth_unavailable");
    assert.deepEqual(browser.names("auth_token"), ["auth_token"]);
    own.signal("SIGCONT");
    await eventually("the session is there", async () => (await browser.ask(at("/"))).status === 200);
  });
});
