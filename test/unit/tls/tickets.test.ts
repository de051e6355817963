// Keys of session tickets: the same where tickets shall be resumed, and of use nowhere else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ticketKeys, ticketPeriod } from "../../../src/tls/tickets.ts";

const HOUR = 3_600_000;

test("keys are what Node takes, and equal for equal secrets, contexts and periods", () => {
  const keys = ticketKeys("secret", "a", 1);
  assert.equal(keys.length, 48);
  assert.deepEqual(ticketKeys("secret", "a", 1), keys);
});

test("keys of another secret, context or period share nothing with them, not even their name", () => {
  const keys = ticketKeys("secret", "a", 1);
  for (const other of [ticketKeys("other", "a", 1), ticketKeys("secret", "b", 1), ticketKeys("secret", "a", 2)]) {
    for (const [from, to] of [
      [0, 16],
      [16, 32],
      [32, 48],
    ] as const) {
      assert.notDeepEqual(other.subarray(from, to), keys.subarray(from, to));
    }
  }
});

test("a period lasts twelve hours, and begins at the same time everywhere", () => {
  const begin = 12 * HOUR * 1000;
  assert.equal(ticketPeriod(begin), ticketPeriod(begin + 12 * HOUR - 1));
  assert.equal(ticketPeriod(begin + 12 * HOUR), ticketPeriod(begin) + 1);
});
