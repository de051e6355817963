// What is said while the gateway runs of what will soon end.
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
    () => endings,
    (name, problem) => said.push(`${name}: ${problem}`),
    clock,
    () => clock.now(),
  );

test("a certificate is named from two weeks before its end on, once a day, and at its end at once", () => {
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

test("what was wrong at the beginning was said by others, and is repeated a day later", () => {
  endings = [certificate("a", 0, 1)];
  clock.advance(DAY);
  const watching = watch();
  clock.advance(DAY - HOUR);
  assert.deepEqual(said, []);
  clock.advance(HOUR);
  assert.equal(said.length, 1);
  watching.close();
});

test("a renewed certificate is no longer named, and one that takes its place is looked at anew", () => {
  endings = [certificate("a", 0, 30 * DAY)];
  const watching = watch();
  clock.advance(21 * DAY);
  assert.equal(said.length, 1);
  endings = [certificate("a", 20 * DAY, 50 * DAY)];
  clock.advance(10 * DAY);
  assert.equal(said.length, 1);
  clock.advance(10 * DAY);
  assert.ok(said.length > 1);
  watching.close();
});

test("nothing is looked at after the end of the watch", () => {
  const watching = watch();
  assert.equal(clock.pending, 1);
  watching.close();
  assert.equal(clock.pending, 0);
});
