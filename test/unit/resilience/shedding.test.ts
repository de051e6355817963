// Who is refused when the event loop falls behind, how many of them, and how long a refusal is held.
import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { TIERS, type Tier } from "../../../src/core/limiter.ts";
import { HeldRefusals } from "../../../src/resilience/held-refusals.ts";
import { Shedder, sheddingFilter } from "../../../src/resilience/shedding.ts";
import { outcome, requestOf } from "../../support/limited.ts";

const MAX_DELAY_MS = 10;

/** A shedder whose loop is as late as it is told to be. */
class Loop {
  readonly shedder = new Shedder(MAX_DELAY_MS);
  #now = 0;
  #busyMs = 0;

  /**
   * @param lateMs how late each look at the clock comes
   * @param busy share of the time the loop is busy
   * @param come tiers of the requests between two looks
   */
  run(ms: number, lateMs: number, busy = lateMs > 0 ? 1 : 0.5, come: readonly Tier[] = []): void {
    for (const end = this.#now + ms; this.#now < end; ) {
      for (const tier of come) this.shedder.refuses(tier);
      this.#now += 20 + lateMs;
      this.#busyMs += (20 + lateMs) * busy;
      this.shedder.look(this.#now, this.#busyMs);
    }
  }

  /** Of a hundred requests of each tier, how many are refused. */
  refused(): number[] {
    return TIERS.map(
      (tier: Tier) => Array.from({ length: 100 }, () => this.shedder.refuses(tier)).filter(Boolean).length,
    );
  }
}

describe("shedding", () => {
  test("refuses nobody while the loop is on time, nor for a single pause", () => {
    const loop = new Loop();
    loop.run(1_000, 0);
    for (const pauseMs of [MAX_DELAY_MS * 2, 100, 1_000]) {
      loop.run(20, pauseMs);
      loop.run(1_000, 0);
      assert.deepEqual(loop.refused(), [0, 0, 0], `a pause of ${pauseMs} ms`);
    }
  });

  test("refuses the lowest tier first, then the next, never the highest", () => {
    const loop = new Loop();
    loop.run(200, MAX_DELAY_MS * 1.5);
    const [high, normal, low] = loop.refused();
    assert.ok(low! > 0 && normal === 0 && high === 0, String([high, normal, low]));
    loop.run(2_000, MAX_DELAY_MS * 30);
    assert.deepEqual(loop.refused(), [0, 100, 100]);
  });

  test("refuses some of the highest tier when it is extreme, and at least half of it passes", () => {
    const loop = new Loop();
    loop.run(5_000, 600);
    const [high, normal, low] = loop.refused();
    assert.deepEqual([normal, low], [100, 100]);
    assert.ok(high! > 0 && high! <= 50, String(high));
  });

  test("lets them in again by and by when there is room", () => {
    const loop = new Loop();
    loop.run(2_000, MAX_DELAY_MS * 2);
    loop.run(1_000, 0);
    const [, normal, low] = loop.refused();
    assert.ok(normal! > 0 && normal! < 100 && low === 100, String([normal, low]));
    loop.run(10_000, 0);
    assert.deepEqual(loop.refused(), [0, 0, 0]);
  });

  test("once begun, goes on while the loop has no moment to spare for the important ones", () => {
    const loop = new Loop();
    loop.run(200, MAX_DELAY_MS * 1.5);
    loop.run(5_000, MAX_DELAY_MS / 2, 1, TIERS);
    assert.deepEqual(loop.refused(), [0, 100, 100]);
    loop.run(5_000, MAX_DELAY_MS / 2, 0.93, TIERS);
    assert.deepEqual(loop.refused(), [0, 100, 100]);
    loop.run(5_000, 0, 0.5, TIERS);
    assert.deepEqual(loop.refused(), [0, 0, 0]);
  });

  test("takes a busy loop for no reason to refuse anybody by itself", () => {
    const loop = new Loop();
    loop.run(5_000, MAX_DELAY_MS / 5, 1, TIERS);
    loop.run(5_000, MAX_DELAY_MS / 2, 1, ["normal"]);
    assert.deepEqual(loop.refused(), [0, 0, 0]);
  });

  test("begins early where the loop is full and some are more important, with those that are less so only", () => {
    const loop = new Loop();
    loop.run(3_000, MAX_DELAY_MS / 2, 1, ["normal", "low"]);
    const [high, normal, low] = loop.refused();
    assert.ok(low === 100 && normal! < 10 && high === 0, String([high, normal, low]));
    loop.run(3_000, MAX_DELAY_MS / 2, 1, TIERS);
    assert.deepEqual(loop.refused(), [0, 100, 100]);
  });

  test("ends while the loop is busy when nobody more important gains from it", () => {
    const loop = new Loop();
    loop.run(200, MAX_DELAY_MS * 1.5);
    loop.run(5_000, MAX_DELAY_MS / 2, 1, ["low", "low"]);
    assert.deepEqual(loop.refused(), [0, 0, 0]);
  });

  test("is over soon after a long pause of a loop that has little to do, whoever asks", () => {
    for (const come of [TIERS, ["normal"], ["low"]] as const) {
      const loop = new Loop();
      loop.run(1_000, 0, 0.2, come);
      loop.run(20, 300, 1, come);
      loop.run(3_000, 0, 0.2, come);
      assert.deepEqual(loop.refused(), [0, 0, 0], come.join());
    }
  });

  test("goes by the tier of the request, which may differ from that of its route", async () => {
    const loop = new Loop();
    loop.run(2_000, MAX_DELAY_MS * 30);
    const held = new HeldRefusals(
      0,
      0,
      () => 0,
      () => 0.5,
    );
    const refused = async (tier: Tier) => {
      const ctx = requestOf("10.0.0.1");
      ctx.tier = tier;
      return outcome(ctx, [sheddingFilter(loop.shedder, held)]);
    };
    assert.deepEqual(await Promise.all(TIERS.map(refused)), ["", "overloaded", "overloaded"]);
  });

  test("counts what it refused, by tier", () => {
    const loop = new Loop();
    loop.run(2_000, MAX_DELAY_MS * 2);
    loop.refused();
    assert.deepEqual(loop.shedder.shed, { high: 0, normal: 100, low: 100 });
  });
});

describe("held refusals", () => {
  function withHeld(body: (held: HeldRefusals, pass: (ms: number) => Promise<void>) => Promise<void>): Promise<void> {
    mock.timers.enable({ apis: ["setTimeout"] });
    let now = 0;
    const held = new HeldRefusals(
      2,
      500,
      () => now,
      () => 0.5,
    );
    const pass = async (ms: number) => {
      now += ms;
      mock.timers.tick(ms);
      await Promise.resolve();
    };
    return body(held, pass).finally(() => {
      held.close();
      mock.timers.reset();
    });
  }

  test("go out when they have been held, each in its turn", () =>
    withHeld(async (held, pass) => {
      const out: string[] = [];
      void Promise.resolve(held.refuse()).then(() => out.push("first"));
      await pass(300);
      void Promise.resolve(held.refuse()).then(() => out.push("second"));
      await pass(199);
      assert.deepEqual(out, []);
      await pass(1);
      assert.deepEqual(out, ["first"]);
      await pass(300);
      assert.deepEqual(out, ["first", "second"]);
      assert.equal(held.size, 0);
    }));

  test("are not held where too many are already", () =>
    withHeld(async (held) => {
      assert.ok(held.refuse() instanceof Promise && held.refuse() instanceof Promise);
      assert.deepEqual(held.refuse(), { code: "overloaded", fields: ["Retry-After", "3"] });
      assert.equal(held.size, 2);
    }));

  test("ask each client to wait another while, from one second to five", () => {
    const waits = [0, 0.3, 0.999].map((random) => {
      const refusal = new HeldRefusals(
        0,
        500,
        () => 0,
        () => random,
      ).refuse();
      return refusal instanceof Promise ? null : refusal.fields![1];
    });
    assert.deepEqual(waits, ["1", "2", "5"]);
  });

  test("all go out at the end", () =>
    withHeld(async (held) => {
      const refusal = held.refuse();
      held.close();
      assert.equal((await refusal).code, "overloaded");
    }));
});
