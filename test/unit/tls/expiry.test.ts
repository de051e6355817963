// Warnings about certificates that expire soon, while the gateway runs.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type Ending, ExpiryWatch } from "../../../src/tls/expiry.ts";
import { validityProblem } from "../../../src/tls/validity.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const HOUR = 3600e3;
const DAY = 24 * HOUR;
let clock: FakeClock;
let said: string[];
let endings: Ending[];
beforeEach(() => {
  clock = new FakeClock();
  said = [];
  endings = [];
});

const certificate = (name: string, from: number, to: number): Ending => ({
  name,
  ends: to,
  problem: (now) => validityProblem({ from, to }, now),
});
const watch = () =>
  new ExpiryWatch(
    endings,
    (name, problem) => said.push(`${name}: ${problem}`),
    clock,
    () => clock.now(),
  );

test("a certificate is reported once a day from two weeks before it expires, and within an hour of expiring", () => {
  endings = [certificate("a", 0, 365 * DAY), certificate("b", 0, 3650 * DAY)];
  const watching = watch();
  clock.advance(351 * DAY);
  assert.deepEqual(said, []);
  clock.advance(2 * HOUR);
  assert.deepEqual(said, ["a: the certificate expires in 13 days, on 1971-01-01"]);
  clock.advance(10 * DAY);
  assert.equal(said.length, 11);
  said.length = 0;
  clock.advance(4 * DAY);
  assert.equal(said.at(-1), "a: the certificate expired on 1971-01-01: clients refuse it");
  assert.ok(said.length <= 5);
  watching.close();
});

test("a warning that applies from the beginning is first repeated after a day", () => {
  endings = [certificate("a", 0, 1)];
  clock.advance(DAY);
  const watching = watch();
  clock.advance(DAY - HOUR);
  assert.deepEqual(said, []);
  clock.advance(HOUR);
  assert.equal(said.length, 1);
  watching.close();
});

test("a certificate that several listeners show is reported once", () => {
  endings = [certificate("a", 0, 30 * DAY), certificate("a", 0, 30 * DAY), certificate("b", 0, 30 * DAY)];
  const watching = watch();
  clock.advance(20 * DAY + HOUR);
  assert.deepEqual(said.map((line) => line.slice(0, 1)).sort(), ["a", "b"]);
  watching.close();
});

test("a watch that is closed leaves no timer", () => {
  const watching = watch();
  assert.equal(clock.pending, 1);
  watching.close();
  assert.equal(clock.pending, 0);
});
