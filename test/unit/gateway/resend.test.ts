// Which failed requests may be sent again: the whole table, so that a change to it is a decision.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Progress } from "../../../src/core/edges.ts";
import { maySendAgain } from "../../../src/gateway/resend.ts";

const table: readonly (readonly [Progress, string, boolean, boolean])[] = [
  ["unsent", "GET", true, true],
  ["unsent", "POST", true, true],
  ["unsent", "POST", false, false],
  ["refused", "POST", true, true],
  ["refused", "POST", false, false],
  ["reset_on_reuse", "GET", true, true],
  ["reset_on_reuse", "HEAD", true, true],
  ["reset_on_reuse", "PUT", true, true],
  ["reset_on_reuse", "DELETE", true, true],
  ["reset_on_reuse", "PUT", false, false],
  ["reset_on_reuse", "POST", true, false],
  ["reset_on_reuse", "PATCH", true, false],
  ["sent", "GET", true, false],
  ["sent", "POST", true, false],
  ["responding", "GET", true, false],
];

for (const [progress, method, replayable, expected] of table) {
  const body = replayable ? "body at hand" : "body gone";
  test(`${method}, ${progress}, ${body}: ${expected ? "again" : "never again"}`, () => {
    assert.equal(maySendAgain(progress, method, replayable), expected);
  });
}
