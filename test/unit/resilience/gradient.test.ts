// The adaptive limit against simulated services: it finds what they take at once, and follows when that changes.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Tier } from "../../../src/core/limiter.ts";
import { GradientLimiter, type GradientOptions } from "../../../src/resilience/gradient.ts";
import { Random } from "../../support/hostile.ts";

const OPTIONS: GradientOptions = { minLimit: 4, maxLimit: 1_000, initialLimit: 50, tolerance: 1.5 };

const idle = () => 0;

interface Job {
  readonly arrived: number;
  readonly client: number;
}

/** A service of so many workers, and a closed loop of clients that come again when answered, or a little later when refused. */
class Simulation {
  now = 0;
  workers = 10;
  serviceMs = 20;
  clients = 100;
  failing = false;
  /** Share of the time this process is busy. */
  busy = 0.5;
  readonly limiter: GradientLimiter;
  readonly #random = new Random(7);
  readonly #queue: Job[] = [];
  readonly #busy: { readonly until: number; readonly job: Job }[] = [];
  readonly #idle: { readonly at: number; readonly client: number }[] = [];
  answered = 0;
  refused = 0;
  totalMs = 0;

  constructor(options: Partial<GradientOptions> = {}) {
    this.limiter = new GradientLimiter(
      { ...OPTIONS, ...options },
      () => this.now,
      () => this.now * this.busy,
    );
  }

  /** Lets time pass in steps of 1 ms. @returns answers a second and their mean time, ms */
  run(ms: number): { rate: number; mean: number } {
    this.answered = this.totalMs = this.refused = 0;
    const known = new Set([...this.#idle, ...this.#queue, ...this.#busy.map((b) => b.job)].map((x) => x.client));
    for (let client = 0; client < this.clients; client++)
      if (!known.has(client)) this.#idle.push({ at: this.now, client });
    for (const end = this.now + ms; this.now < end; this.now++) this.#step();
    return { rate: (this.answered * 1_000) / ms, mean: this.totalMs / this.answered };
  }

  #step(): void {
    for (const { job } of take(this.#busy, (b) => b.until <= this.now)) this.#finish(job);
    for (const { client } of take(this.#idle, (i) => i.at <= this.now)) {
      if (client >= this.clients) continue;
      if (this.limiter.admit("high")) this.#queue.push({ arrived: this.now, client });
      else {
        this.refused++;
        this.#idle.push({ at: this.now + 20 + this.#random.int(20), client });
      }
    }
    while (this.#busy.length < this.workers && this.#queue.length > 0) {
      const ms = this.serviceMs * (0.5 + this.#random.int(1_000) / 1_000);
      this.#busy.push({ until: this.now + ms, job: this.#queue.shift()! });
    }
  }

  #finish({ arrived, client }: Job): void {
    const ms = this.now - arrived;
    this.limiter.release(this.failing ? -1 : ms, this.failing);
    this.answered++;
    this.totalMs += ms;
    this.#idle.push({ at: this.now + 1, client });
  }
}

/** Removes what fits, and returns it. */
function take<T>(list: T[], fits: (item: T) => boolean): T[] {
  const taken = list.filter(fits);
  if (taken.length > 0) list.splice(0, list.length, ...list.filter((item) => !fits(item)));
  return taken;
}

describe("the adaptive limit", () => {
  test("settles where a service is busy and its queue is short", () => {
    const sim = new Simulation();
    sim.run(10_000);
    const { rate, mean } = sim.run(20_000);
    assert.ok(rate > 450, `${rate} of 500 a second`);
    assert.ok(mean < 60, `answers take ${mean} ms, unloaded 20`);
    assert.ok(sim.limiter.limit >= 10 && sim.limiter.limit <= 40, `limit ${sim.limiter.limit}`);
  });

  test("does not drift when the load lasts", () => {
    const sim = new Simulation();
    sim.run(180_000);
    const { mean } = sim.run(20_000);
    assert.ok(mean < 60, `answers take ${mean} ms after three minutes`);
  });

  test("rises for a service that takes more", () => {
    const sim = new Simulation({ initialLimit: 10 });
    sim.workers = 50;
    sim.run(10_000);
    const { rate } = sim.run(10_000);
    assert.ok(rate > 2_200, `${rate} of 2500 a second`);
  });

  test("follows a service that loses half of its workers, and one that gets them back", () => {
    const sim = new Simulation();
    sim.workers = 20;
    sim.run(30_000);
    sim.workers = 5;
    sim.run(30_000);
    const slow = sim.run(10_000);
    assert.ok(slow.mean < 80, `answers take ${slow.mean} ms`);
    sim.workers = 20;
    sim.run(20_000);
    const back = sim.run(10_000);
    assert.ok(back.rate > 850, `${back.rate} of 1000 a second`);
  });

  test("learns that a service has become slower by itself", () => {
    const sim = new Simulation();
    sim.workers = 40;
    sim.run(30_000);
    sim.serviceMs = 60;
    sim.run(30_000);
    const { rate } = sim.run(20_000);
    assert.ok(rate > 550, `${rate} of 667 a second`);
  });

  test("stays where it is while nobody needs it", () => {
    const sim = new Simulation();
    sim.clients = 3;
    sim.run(60_000);
    assert.equal(sim.limiter.limit, 50);
  });

  test("takes no wait for this process for one of the service, and follows failures all the same", () => {
    const sim = new Simulation();
    sim.clients = 60;
    sim.run(10_000);
    sim.busy = 1;
    sim.run(10_000);
    sim.run(10_000);
    assert.equal(sim.refused, 0, "nobody is refused for what the service has no part in");
    sim.clients = 1_000;
    sim.run(10_000);
    assert.ok(sim.limiter.limit <= 4 * 40, `limit ${sim.limiter.limit}, four times what was proven at most`);
    sim.clients = 100;
    sim.busy = 0.5;
    sim.run(10_000);
    assert.ok(sim.limiter.limit <= 40, `limit ${sim.limiter.limit}`);
    sim.busy = 1;
    sim.failing = true;
    sim.run(10_000);
    assert.equal(sim.limiter.limit, OPTIONS.minLimit);
  });

  test("falls to the least while everything fails, and recovers", () => {
    const sim = new Simulation();
    sim.failing = true;
    sim.run(10_000);
    assert.equal(sim.limiter.limit, OPTIONS.minLimit);
    sim.failing = false;
    sim.run(10_000);
    assert.ok(sim.run(10_000).rate > 450);
  });

  test("keeps within its bounds", () => {
    const sim = new Simulation({ maxLimit: 60 });
    sim.workers = 1_000;
    sim.run(10_000);
    assert.equal(sim.limiter.limit, 60);
  });

  test("leaves room for more important requests", () => {
    const limiter = new GradientLimiter({ ...OPTIONS, initialLimit: 10 }, () => 0, idle);
    const fill = (tier: Tier) => {
      let admitted = 0;
      while (limiter.admit(tier)) admitted++;
      return admitted;
    };
    assert.deepEqual([fill("low"), fill("normal"), fill("high"), fill("low")], [7, 2, 1, 0]);
    limiter.release(1, false);
    assert.equal(limiter.admit("normal"), false);
    assert.equal(limiter.admit("high"), true);
    assert.equal(limiter.active, 10);
  });

  test("lets every tier do something, however low it is", () => {
    const limiter = new GradientLimiter({ ...OPTIONS, minLimit: 1, initialLimit: 1 }, () => 0, idle);
    assert.ok(limiter.admit("low"));
  });

  test("does not refuse for as long as requests last that fill half of it by themselves", () => {
    let now = 0;
    const limiter = new GradientLimiter({ ...OPTIONS, initialLimit: 100, maxLimit: 100 }, () => now, idle);
    for (let i = 0; i < 60; i++) limiter.admit("high"); // their heads came long ago
    const ends: number[] = [];
    let refused = 0;
    for (; now < 60_000; now++) {
      for (; ends[0]! <= now; ends.shift()) limiter.release(10, false);
      for (let i = 0; i < 3; i++) {
        if (limiter.admit("high")) ends.push(now + 10);
        else refused++;
      }
    }
    assert.ok(refused < 0.05 * 180_000, `${refused} refused`);
  });
});
