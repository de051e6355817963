// Streams end with their credential: when its time is over by the wall clock, or when it is found to be revoked.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { BoundStream, Standing } from "../../../src/core/bound-stream.ts";
import type { RequestContext } from "../../../src/core/context.ts";
import type { WatchParts } from "../../../src/core/credential-watch.ts";
import { type Admission, identityOf } from "../../../src/core/identity.ts";
import { contextOf } from "../../support/context.ts";
import { watchOf } from "../../support/credentials.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { Random } from "../../support/hostile.ts";
import { NO_LOG } from "../../support/network.ts";

/** 2026-01-01. */
const START = Date.UTC(2026, 0, 1);

const ADMISSION: Admission = { method: "jwt", variant: "", scopes: [] };

/** A watch whose clocks the test moves, together or the wall clock alone. */
class World {
  readonly clock = new FakeClock();
  /** What the wall clock shows beyond the time that has passed, ms. */
  jumped = 0;
  standing: WatchParts["standing"] = () => null;
  readonly asked: RequestContext[] = [];
  readonly ended: string[] = [];
  readonly errors: unknown[] = [];
  readonly watch = watchOf({
    clock: this.clock,
    wallClock: () => START + this.clock.now() + this.jumped,
    standing: (ctx) => {
      this.asked.push(ctx);
      return this.standing(ctx);
    },
    ended: (kind, reason) => this.ended.push(`${kind} ${reason}`),
    log: { ...NO_LOG, error: (_, facts) => void this.errors.push(facts) },
  });

  /** Lets time pass second by second, with a turn of the event loop each. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1000);
      await turn();
    }
  }

  /** A stream whose credential ends after `lifeMs`; 0 never. */
  open(lifeMs: number, recheckMs = 0, more: Partial<BoundStream> = {}, admission = ADMISSION): Stream {
    const identity = identityOf({
      subject: "ann",
      method: "jwt",
      expiresAt: lifeMs === 0 ? 0 : START + this.clock.now() + lifeMs,
    });
    const stream = new Stream(contextOf({ identity, admission }), more);
    this.watch.watch(stream.ctx, "sse", recheckMs, stream);
    return stream;
  }
}

class Stream implements BoundStream {
  readonly ctx: RequestContext;
  /** Why it was told to end, as often as it was. */
  readonly told: string[] = [];
  readonly #more: Partial<BoundStream>;

  constructor(ctx: RequestContext, more: Partial<BoundStream>) {
    this.ctx = ctx;
    this.#more = more;
  }

  expired(why: string): boolean {
    this.told.push(why);
    if (this.#more.expired !== undefined) return this.#more.expired(why);
    this.ctx.error = "expired_credentials";
    this.close();
    return true;
  }

  close(): void {
    this.ctx.finished = true;
    this.ctx.runCleanups();
  }
}

const GOOD: Standing = { expiresAt: 0 };
const OVER = ['credential of "ann" expired'];

describe("a credential with an end", () => {
  test("ends its stream then, once, and not a tick before", async () => {
    const world = new World();
    const stream = world.open(5000);
    await world.pass(4);
    assert.deepEqual(stream.told, []);
    await world.pass(10);
    assert.deepEqual([stream.told, world.ended, world.watch.size], [OVER, ["sse expired"], 0]);
    assert.equal(world.clock.pending, 0, "nothing ticks any more");
  });
  test("ends it within a second", async () => {
    const world = new World();
    const stream = world.open(4001);
    await world.pass(4);
    assert.deepEqual(stream.told, []);
    await world.pass(1);
    assert.deepEqual(stream.told, OVER);
  });
  test("counts by the wall clock, whichever way that is set", async () => {
    const world = new World();
    const [early, late] = [world.open(60_000), world.open(90_000)];
    world.jumped = -3_600_000;
    await world.pass(120);
    assert.deepEqual([early.told, late.told], [[], []], "requests with it would be let in, too");
    world.jumped = -60_000;
    await world.pass(1);
    assert.deepEqual([early.told, late.told], [OVER, []]);
    world.jumped = 3_600_000;
    await world.pass(1);
    assert.deepEqual(late.told, OVER);
  });
  test("of a stream that has gone before ends nothing", async () => {
    const world = new World();
    const stream = world.open(2000);
    stream.close();
    await world.pass(3);
    assert.deepEqual([stream.told, world.ended, world.clock.pending], [[], [], 0]);
  });
  test("asks a stream that goes on for now again, second by second", async () => {
    const world = new World();
    let ends = false;
    const stream = world.open(1000, 0, { expired: () => ends });
    await world.pass(3);
    assert.deepEqual(stream.told, [...OVER, ...OVER, ...OVER]);
    ends = true;
    await world.pass(3);
    assert.equal(stream.told.length, 4);
    assert.deepEqual(world.ended, [], "it has not ended for this reason");
  });
  test("is none of a request that was let in without: by the certificate of its connection alone", () => {
    const world = new World();
    const identity = identityOf({ subject: "ann", method: "mtls", expiresAt: START + 1000 });
    world.watch.watch(contextOf({ identity }), "sse", 60_000, new Stream(contextOf(), {}));
    assert.equal(world.watch.size, 0);
  });
  test("ends ten thousand streams in slices: the event loop gets its turns", async () => {
    const world = new World();
    const expired = () => {
      for (const end = performance.now() + 2; performance.now() < end; );
      return true;
    };
    const streams = Array.from({ length: 30 }, () => world.open(1000, 0, { expired }));
    world.clock.advance(1000);
    const first = streams.filter(({ told }) => told.length > 0).length;
    assert.ok(first > 0 && first < 30, `${first} at once`);
    while (streams.some(({ told }) => told.length === 0)) await turn();
  });
});

describe("a credential that is looked at again", () => {
  test("goes on while it is good, and ends its stream when it is not", async () => {
    const world = new World();
    world.standing = () => GOOD;
    const stream = world.open(0, 10_000);
    await world.pass(60);
    assert.ok(world.asked.length >= 5 && world.asked.length <= 7, `asked ${world.asked.length} times`);
    assert.deepEqual(stream.told, []);
    world.standing = () => ({ why: "apikey: unknown key" });
    await world.pass(11);
    assert.deepEqual([stream.told, world.ended], [["apikey: unknown key"], ["sse revoked"]]);
  });
  test("goes on while nobody can tell: no answer, no answer in time, a fault of the method", async () => {
    const world = new World();
    const stream = world.open(0, 10_000);
    const never = new Promise<Standing>(() => undefined);
    const answers: WatchParts["standing"][] = [
      () => null,
      () => never,
      () => Promise.reject(new Error("rejected")),
      () => {
        throw new Error("thrown");
      },
    ];
    for (const answer of answers) {
      const before = world.asked.length;
      world.standing = answer;
      await world.pass(21);
      assert.ok(world.asked.length > before);
    }
    assert.deepEqual(stream.told, []);
    assert.ok(world.errors.length >= 2, "both faults are logged");
    world.standing = async () => ({ why: "gone" });
    await world.pass(21);
    assert.deepEqual(stream.told, ["gone"]);
  });
  test("goes by the answer to the last question, not by one that comes too late", async () => {
    const world = new World();
    const waiting: ((standing: Standing) => void)[] = [];
    world.standing = () => new Promise((resolve) => waiting.push(resolve));
    const stream = world.open(0, 1000);
    await world.pass(14);
    const [first, second] = waiting;
    first!(GOOD);
    await turn();
    second!({ why: "gone" });
    await turn();
    assert.deepEqual(stream.told, ["gone"]);
  });
  test("may be given a later or an earlier end", async () => {
    const world = new World();
    const [longer, shorter] = [world.open(20_000, 1000), world.open(0, 1000)];
    world.standing = (ctx) => ({ expiresAt: START + (ctx === longer.ctx ? 40_000 : 10_000) });
    await world.pass(9);
    assert.deepEqual(shorter.told, []);
    await world.pass(20);
    assert.deepEqual([longer.told, shorter.told], [[], OVER]);
    await world.pass(12);
    assert.deepEqual(longer.told, OVER);
  });
  test("still ends in time while an answer is waited for", async () => {
    const world = new World();
    world.standing = () => new Promise(() => undefined);
    const stream = world.open(5000, 1000);
    await world.pass(6);
    assert.deepEqual(stream.told, OVER);
  });
  test("is asked about at random moments, so that many are not at one", async () => {
    const world = new World();
    world.standing = () => GOOD;
    for (let i = 0; i < 1000; i++) world.open(0, 60_000);
    let most = 0;
    for (let i = 0; i < 60; i++) {
      const before = world.asked.length;
      await world.pass(1);
      most = Math.max(most, world.asked.length - before);
    }
    assert.equal(new Set(world.asked).size, 1000, "every one within the interval");
    assert.ok(most < 60, `${most} in one second`);
  });
  test("is asked about though another method gives no answers", async () => {
    const world = new World();
    world.standing = ({ admission }) => (admission!.method === "jwt" ? new Promise(() => undefined) : { why: "gone" });
    for (let i = 0; i < 100; i++) world.open(0, 1000);
    const stream = world.open(0, 1000, {}, { ...ADMISSION, method: "apikey" });
    await world.pass(2);
    assert.deepEqual(stream.told, ["gone"]);
  });
  test("is forgotten with its stream, also while it waits to be asked about", async () => {
    const world = new World();
    world.standing = () => new Promise(() => undefined);
    const streams = Array.from({ length: 100 }, () => world.open(0, 1000));
    await world.pass(2);
    for (const stream of streams) stream.close();
    await world.pass(12);
    assert.equal(world.asked.length, 16);
    assert.equal(world.clock.pending, 0);
  });
  test("is asked about few at once where answers take time, however many are due", async () => {
    const world = new World();
    const waiting: ((standing: Standing) => void)[] = [];
    let most = 0;
    world.standing = () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        most = Math.max(most, waiting.length);
      });
    const streams = Array.from({ length: 100 }, () => world.open(0, 1000));
    world.clock.advance(2000);
    while (waiting.length > 0) {
      waiting.shift()!({ why: "gone" });
      await turn();
    }
    assert.equal(most, 16);
    assert.ok(streams.every(({ told }) => told.join() === "gone"));
  });
});

test("an identity without end is never ended by time, whatever the clocks do", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = new Random(seed);
    const world = new World();
    world.standing = () => (random.once(2) ? GOOD : null);
    const stream = world.open(0, random.once(2) ? 0 : 1000 * (1 + random.int(50)));
    for (let i = 0; i < 30; i++) {
      if (random.once(3)) world.jumped = random.int(2 ** 31) * (random.once(2) ? 1 : -1);
      await world.pass(random.int(20));
    }
    assert.deepEqual(stream.told, [], `seed ${seed}`);
  }
});
