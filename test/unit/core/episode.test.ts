// What happens often is logged when it begins and when it has passed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Episode } from "../../../src/core/episode.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { NO_LOG } from "../../support/network.ts";

test("one line when it begins, one ten seconds after the last time, and the same again", () => {
  const clock = new FakeClock();
  const lines: unknown[] = [];
  const note = (message: string, facts?: object) => lines.push({ message, ...facts });
  const episode = new Episode({ ...NO_LOG, warn: note, info: note }, clock, { begins: "worse", passed: "better" });
  episode.note({ cause: "a" });
  episode.note({ cause: "b" });
  clock.advance(8_000);
  episode.note({ cause: "c" });
  clock.advance(9_999);
  assert.deepEqual(lines.splice(0), [{ message: "worse", cause: "a" }]);
  assert.ok(episode.lasts);
  clock.advance(1);
  assert.deepEqual(lines.splice(0), [{ message: "better", times: 3, seconds: 8 }]);
  assert.deepEqual([episode.lasts, clock.pending], [false, 0]);
  episode.note({ cause: "d" });
  assert.deepEqual(lines, [{ message: "worse", cause: "d" }]);
});
