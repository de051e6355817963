// The budget of retries against a list of moments: random requests and retries at random times must be counted alike.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WindowedBudget } from "../../../src/resilience/retry-budget.ts";
import { Random } from "../../support/hostile.ts";

const WINDOW_MS = 1000;
const SLOT_MS = WINDOW_MS / 10;

/** Remembers every moment, in slots of the same width. */
class Moments {
  readonly #at: number[] = [];

  add(now: number): void {
    this.#at.push(Math.floor(now / SLOT_MS));
  }

  /** How many are in the last ten slots. */
  count(now: number): number {
    const slot = Math.floor(now / SLOT_MS);
    return this.#at.filter((at) => at > slot - 10).length;
  }
}

describe("the budget of retries", () => {
  const random = Random.fresh();
  test(`agrees with a list of moments (GATEWAY_TEST_SEED=${random.seed})`, () => {
    for (let course = 0; course < 200; course++) {
      const ratio = random.pick([0, 0.1, 0.5, 1, 3]);
      const minimum = random.pick([0, 1, 10]);
      let now = random.int(100_000) + random.int(100) / 100;
      const budget = new WindowedBudget(ratio, minimum, WINDOW_MS, () => now);
      const [requests, retries] = [new Moments(), new Moments()];
      for (let step = 0; step < 200; step++) {
        // Mostly small steps; now and then just a slot, just the window, or far beyond it.
        now += random.pick([0, 0, 3, 40, SLOT_MS, 9 * SLOT_MS, WINDOW_MS, 5 * WINDOW_MS + 7]) * random.int(2);
        if (random.once(2)) {
          budget.request();
          requests.add(now);
          continue;
        }
        const expected = retries.count(now) < Math.max(minimum, ratio * requests.count(now));
        assert.equal(budget.take(), expected, `course ${course}, step ${step}`);
        if (expected) retries.add(now);
      }
    }
  });

  test("allows the minimum where nothing is asked for, and again once the window has passed", () => {
    let now = 0;
    const budget = new WindowedBudget(0.1, 2, WINDOW_MS, () => now);
    const taken = () => [budget.take(), budget.take(), budget.take()];
    assert.deepEqual(taken(), [true, true, false]);
    now = WINDOW_MS;
    assert.deepEqual(taken(), [true, true, false]);
  });

  test("never lets retries be more than their share of the requests", () => {
    const budget = new WindowedBudget(0.2, 0, WINDOW_MS, () => 0);
    let taken = 0;
    for (let i = 1; i <= 1000; i++) {
      budget.request();
      while (budget.take()) taken++;
      assert.ok(taken <= Math.ceil(0.2 * i));
    }
    assert.equal(taken, 200);
  });
});
