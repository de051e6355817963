// What every circuit breaker promises to the path of a request, and the one there is against a naive model of the rules.
import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import type { Breaker } from "../../src/core/breaker.ts";
import { type BreakerOptions, CountingBreaker } from "../../src/resilience/breaker.ts";
import { Random } from "../support/hostile.ts";

const OPTIONS: BreakerOptions = {
  maxFailures: 3,
  failureRatio: 0,
  minRequests: 10,
  windowMs: 10_000,
  openMs: 5_000,
  maxTrials: 2,
  successesToClose: 2,
};

interface Bench {
  readonly breaker: Breaker;
  /** Lets time pass, for clocks and timers alike. */
  pass(ms: number): void;
}

/** Runs `body` with a breaker on clocks that stand still. */
function withBreaker(options: Partial<BreakerOptions>, body: (bench: Bench) => void): void {
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 1_000_000;
  const clock = { now: () => now, date: () => now + 1_700_000_000_000 };
  const breaker = new CountingBreaker("b", { ...OPTIONS, ...options }, clock);
  const pass = (ms: number) => {
    for (let i = 0; i < ms; i++) {
      now++;
      mock.timers.tick(1);
    }
  };
  try {
    body({ breaker, pass });
  } finally {
    breaker.close();
    mock.timers.reset();
  }
}

function fail(breaker: Breaker, times: number): void {
  for (let i = 0; i < times; i++) breaker.failed(breaker.admit());
}

function succeed(breaker: Breaker, times: number): void {
  for (let i = 0; i < times; i++) breaker.succeeded(breaker.admit());
}

describe("a circuit breaker", () => {
  test("lets everything pass until its failures are too many, then nothing", () =>
    withBreaker({}, ({ breaker }) => {
      fail(breaker, 2);
      assert.equal(breaker.state, "closed");
      fail(breaker, 1);
      assert.equal(breaker.state, "open");
      assert.equal(breaker.admit(), 0);
    }));

  test("says how long it stays open", () =>
    withBreaker({}, ({ breaker, pass }) => {
      assert.equal(breaker.retryAfterMs, 0);
      fail(breaker, 3);
      assert.equal(breaker.retryAfterMs, 5_000);
      pass(1_500);
      assert.equal(breaker.retryAfterMs, 3_500);
      pass(3_500);
      assert.equal(breaker.retryAfterMs, 0);
      assert.equal(breaker.state, "half_open");
    }));

  test("makes so many trials at once and no more", () =>
    withBreaker({}, ({ breaker, pass }) => {
      fail(breaker, 3);
      pass(5_000);
      const first = breaker.admit();
      assert.ok(first > 0 && breaker.admit() > 0);
      assert.equal(breaker.admit(), 0);
      assert.ok(breaker.retryAfterMs > 0);
      breaker.dropped(first);
      assert.equal(breaker.retryAfterMs, 0);
      assert.ok(breaker.admit() > 0);
    }));

  test("trials that last keep others from being made for five seconds only, and count when they end", () =>
    withBreaker({}, ({ breaker, pass }) => {
      fail(breaker, 3);
      pass(5_000);
      const lasting = [breaker.admit(), breaker.admit()];
      pass(4_999);
      assert.equal(breaker.admit(), 0);
      pass(1);
      assert.ok(breaker.admit() > 0 && breaker.admit() > 0);
      assert.equal(breaker.admit(), 0, "again so many and no more");
      for (const ticket of lasting) breaker.dropped(ticket);
      assert.ok(breaker.admit() > 0 && breaker.admit() > 0);
      assert.equal(breaker.admit(), 0);
      breaker.failed(lasting[0]!);
      assert.equal(breaker.state, "open");
    }));

  test("closes after as many good trials as asked for", () =>
    withBreaker({ successesToClose: 3, maxTrials: 1 }, ({ breaker, pass }) => {
      fail(breaker, 3);
      pass(5_000);
      succeed(breaker, 2);
      assert.equal(breaker.state, "half_open");
      succeed(breaker, 1);
      assert.equal(breaker.state, "closed");
      assert.equal(breaker.facts.failures, 0);
    }));

  test("opens again at the first bad trial, for the whole time", () =>
    withBreaker({}, ({ breaker, pass }) => {
      fail(breaker, 3);
      pass(5_000);
      succeed(breaker, 1);
      fail(breaker, 1);
      assert.equal(breaker.state, "open");
      assert.equal(breaker.retryAfterMs, 5_000);
      pass(4_999);
      assert.equal(breaker.state, "open");
      pass(1);
      assert.equal(breaker.state, "half_open");
    }));

  test("opens at the share of failures, once enough were seen", () =>
    withBreaker({ maxFailures: 0, failureRatio: 0.5 }, ({ breaker }) => {
      fail(breaker, 9);
      assert.equal(breaker.state, "closed");
      succeed(breaker, 10);
      fail(breaker, 1);
      assert.equal(breaker.state, "open");
    }));

  test("forgets what is older than its window", () =>
    withBreaker({}, ({ breaker, pass }) => {
      fail(breaker, 2);
      pass(10_000);
      assert.equal(breaker.facts.failures, 0);
      fail(breaker, 2);
      assert.equal(breaker.state, "closed");
    }));

  test("forgets nothing without a window", () =>
    withBreaker({ windowMs: 0 }, ({ breaker, pass }) => {
      fail(breaker, 2);
      pass(60_000);
      fail(breaker, 1);
      assert.equal(breaker.state, "open");
    }));

  test("takes no notice of what was sent in an earlier period", () =>
    withBreaker({}, ({ breaker, pass }) => {
      const early = breaker.admit();
      fail(breaker, 3);
      pass(5_000);
      breaker.succeeded(early);
      breaker.dropped(early);
      assert.ok(breaker.admit() > 0 && breaker.admit() > 0);
      assert.equal(breaker.admit(), 0, "an old result frees no trial");
      breaker.failed(early);
      assert.equal(breaker.state, "half_open");
    }));

  test("counts nothing for what says nothing", () =>
    withBreaker({}, ({ breaker }) => {
      for (let i = 0; i < 10; i++) breaker.dropped(breaker.admit());
      assert.deepEqual([breaker.facts.failures, breaker.facts.successes], [0, 0]);
    }));

  test("tells whoever watches of each change, until they stop", () =>
    withBreaker({}, ({ breaker, pass }) => {
      const seen: string[] = [];
      const stop = breaker.watch(() => seen.push(breaker.state));
      fail(breaker, 3);
      pass(5_000);
      succeed(breaker, 2);
      assert.deepEqual(seen, ["open", "half_open", "closed"]);
      stop();
      fail(breaker, 3);
      assert.equal(seen.length, 3);
    }));

  test("is closed and empty after a reset, and its timer is gone", () =>
    withBreaker({}, ({ breaker, pass }) => {
      fail(breaker, 2);
      breaker.reset();
      fail(breaker, 2);
      assert.equal(breaker.state, "closed", "what was counted before the reset counts no more");
      fail(breaker, 1);
      breaker.reset();
      assert.equal(breaker.state, "closed");
      pass(5_000);
      assert.equal(breaker.state, "closed");
      fail(breaker, 2);
      assert.equal(breaker.state, "closed");
    }));

  test("tells an operator when it failed and changed, and how often", () =>
    withBreaker({}, ({ breaker, pass }) => {
      assert.equal(breaker.facts.lastFailureAt, 0);
      succeed(breaker, 4);
      fail(breaker, 3);
      const { facts } = breaker;
      assert.deepEqual([facts.successes, facts.failures], [4, 3]);
      assert.equal(facts.lastFailureAt, 1_700_001_000_000);
      pass(5_000);
      assert.equal(breaker.facts.lastChangeAt, 1_700_001_005_000);
      assert.deepEqual(breaker.facts.transitions, { closed: 0, open: 1, half_open: 1 });
    }));
});

/** The same rules, as one would write them on paper. */
class Model {
  state = "closed";
  results: { at: number; failed: boolean }[] = [];
  openedAt = 0;
  trials = 0;
  won = 0;
  now = 1_000_000;
  readonly o: BreakerOptions;

  constructor(o: BreakerOptions) {
    this.o = o;
  }
  enter(state: string): void {
    Object.assign(this, { state, trials: 0, won: 0, openedAt: this.now });
    if (state === "closed") this.results = [];
  }
  pass(ms: number): void {
    const reopens = this.openedAt + this.o.openMs;
    this.now += ms;
    if (this.state === "open" && this.now >= reopens) this.enter("half_open");
  }
  inWindow(): { at: number; failed: boolean }[] {
    const slot = (at: number) => Math.floor(at / (this.o.windowMs / 10));
    return this.results.filter((r) => slot(r.at) > slot(this.now) - 10);
  }
  admits(): boolean {
    const may = this.state === "closed" || (this.state === "half_open" && this.trials < this.o.maxTrials);
    if (may && this.state === "half_open") this.trials++;
    return may;
  }
  finish(how: "succeeded" | "failed" | "dropped"): void {
    if (how !== "dropped") this.results.push({ at: this.now, failed: how === "failed" });
    if (this.state === "half_open") {
      this.trials--;
      if (how === "failed") this.enter("open");
      else if (how === "succeeded" && ++this.won >= this.o.successesToClose) this.enter("closed");
    } else if (how === "failed") {
      const window = this.inWindow();
      const failures = window.filter((r) => r.failed).length;
      const count = this.o.maxFailures > 0 && failures >= this.o.maxFailures;
      const enough = this.o.failureRatio > 0 && window.length >= this.o.minRequests;
      if (count || (enough && failures / window.length >= this.o.failureRatio)) this.enter("open");
    }
  }
}

describe("over random schedules it does what a naive model does", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const options: BreakerOptions = {
      maxFailures: random.int(6),
      failureRatio: random.int(5) / 4,
      minRequests: 1 + random.int(12),
      windowMs: 10 * (1 + random.int(20)),
      openMs: 1 + random.int(50),
      maxTrials: 1 + random.int(3),
      successesToClose: 1 + random.int(3),
    };
    test(`seed ${seed}`, () =>
      withBreaker(options, ({ breaker, pass }) => {
        const model = new Model(options);
        let open: { ticket: number; period: number }[] = [];
        let period = 0;
        breaker.watch(() => period++);
        for (let step = 0; step < 2_000; step++) {
          const dice = random.int(100);
          if (dice < 45) {
            const ticket = breaker.admit();
            assert.equal(ticket > 0, model.admits(), `step ${step}`);
            if (ticket > 0) open.push({ ticket, period });
          } else if (dice < 90 && open.length > 0) {
            const at = random.int(open.length);
            const { ticket, period: given } = open[at]!;
            open = open.filter((_, i) => i !== at);
            const how = random.pick(["succeeded", "failed", "dropped"] as const);
            if (given === period) model.finish(how);
            breaker[how](ticket);
          } else {
            const ms = random.int(12);
            pass(ms);
            model.pass(ms);
          }
          const failures = model.inWindow().filter((r) => r.failed).length;
          assert.deepEqual([breaker.state, breaker.facts.failures], [model.state, failures], `step ${step}`);
        }
      }));
  }
});
