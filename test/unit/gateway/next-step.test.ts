// What follows an attempt that did not serve the client: the whole decision as a table, so that a change to it is a decision.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Progress } from "../../../src/core/edges.ts";
import type { Target } from "../../../src/core/strategy.ts";
import { afterAnswer, afterBlock, afterFailure, type Situation, type Step } from "../../../src/gateway/next-step.ts";
import { ruleOf } from "../../support/scripted-service.ts";

/** A GET that failed for the first time, on a route without retries, with time left and no other target. */
const PLAIN: Situation = {
  rule: null,
  attempts: 1,
  maxAttempts: 3,
  repeatable: true,
  replayable: true,
  fresh: false,
  inTime: true,
  leftMs: 1000,
  begun: false,
  resumable: false,
  next: null,
  random: () => 0.5,
};

const RULE = ruleOf({ maxAttempts: 3, initialDelayMs: 100, maxDelayMs: 300, multiplier: 2, jitter: 0 });
const RETRIED: Partial<Situation> = { rule: RULE };
const ONCE: Partial<Situation> = { repeatable: false };
const SPARE: Partial<Situation> = { next: {} as Target };

/** The steps in a line: `fresh other wait:100 target giveUp`. */
function textOf(steps: readonly Step[]): string {
  const texts = steps.map((step) => {
    if (step.kind === "wait") return `wait:${step.ms}`;
    return step.kind === "other" && step.same ? "other-or-same" : step.kind;
  });
  return texts.join(" ");
}

type Row = readonly [given: Partial<Situation>, progress: Progress, steps: string];

const FAILURES: Readonly<Record<string, readonly Row[]>> = {
  "what no backend has looked at": [
    [{}, "unsent", "other giveUp"],
    [ONCE, "unsent", "other giveUp"],
    [{}, "refused", "other-or-same giveUp"],
    [ONCE, "refused", "other-or-same giveUp"],
    [RETRIED, "unsent", "other wait:100 giveUp"],
    [{ attempts: 3 }, "unsent", "giveUp"],
    [{ inTime: false }, "unsent", "giveUp"],
    [{ inTime: false, ...RETRIED }, "unsent", "wait:100 giveUp"],
    [{ replayable: false }, "unsent", "giveUp"],
  ],
  "what a backend has declined": [
    [{}, "declined", "giveUp"],
    [{ ...RETRIED }, "declined", "giveUp"],
    [SPARE, "declined", "target giveUp"],
    [{ ...SPARE, ...ONCE }, "declined", "target giveUp"],
    [{ ...SPARE, replayable: false }, "declined", "giveUp"],
    [{ ...SPARE, begun: true }, "declined", "giveUp"],
  ],
  "what the gateway itself had no means for": [
    [{}, "unable", "giveUp"],
    [{ ...RETRIED, ...SPARE }, "unable", "giveUp"],
  ],
  "a kept connection that was closed": [
    [{}, "reset_on_reuse", "fresh other giveUp"],
    [ONCE, "reset_on_reuse", "giveUp"],
    [{ fresh: true }, "reset_on_reuse", "other giveUp"],
    [RETRIED, "reset_on_reuse", "fresh other wait:100 giveUp"],
    [{ attempts: 3 }, "reset_on_reuse", "fresh giveUp"],
  ],
  "what a backend may have acted on": [
    [{}, "sent", "giveUp"],
    [RETRIED, "sent", "wait:100 giveUp"],
    [{ ...RETRIED, attempts: 2 }, "sent", "wait:200 giveUp"],
    [{ ...RETRIED, attempts: 3 }, "sent", "giveUp"],
    [{ ...RETRIED, ...ONCE }, "sent", "giveUp"],
    [{ ...RETRIED, leftMs: 100 }, "sent", "giveUp"],
    [{ ...RETRIED, replayable: false }, "sent", "giveUp"],
  ],
  "a response under way": [
    [{}, "responding", "giveUp"],
    [{ ...RETRIED, begun: true }, "responding", "giveUp"],
    [{ begun: true, resumable: true }, "responding", "reconnect giveUp"],
    [{ begun: true, ...SPARE }, "responding", "giveUp"],
  ],
  "where another target takes over": [
    [SPARE, "unsent", "other target giveUp"],
    [SPARE, "sent", "target giveUp"],
    [{ ...SPARE, ...ONCE }, "sent", "giveUp"],
    [{ ...SPARE, ...ONCE }, "refused", "other-or-same target giveUp"],
    [{ ...SPARE, ...RETRIED }, "sent", "wait:100 target giveUp"],
    [{ ...SPARE, leftMs: 0 }, "sent", "giveUp"],
    [{ ...SPARE, replayable: false }, "sent", "giveUp"],
  ],
};

for (const [what, rows] of Object.entries(FAILURES)) {
  test(`after a failed attempt: ${what}`, () => {
    const wrong = rows.filter(
      ([given, progress, steps]) => textOf(afterFailure({ ...PLAIN, ...given }, progress)) !== steps,
    );
    assert.deepEqual(
      wrong.map(([given, progress]) => [given, progress, textOf(afterFailure({ ...PLAIN, ...given }, progress))]),
      [],
    );
  });
}

test("the last way to go on can always be taken", () => {
  for (const rows of Object.values(FAILURES)) {
    for (const [given, progress] of rows) {
      assert.equal(afterFailure({ ...PLAIN, ...given }, progress).at(-1)!.kind, "giveUp");
      assert.equal(afterBlock({ ...PLAIN, ...given }, progress).at(-1)!.kind, "giveUp");
    }
  }
});

test("where no attempt may be made, only another target can take over, on the same terms", () => {
  assert.equal(textOf(afterBlock(PLAIN, "unsent")), "giveUp");
  assert.equal(textOf(afterBlock({ ...PLAIN, ...SPARE }, "unsent")), "target giveUp");
  assert.equal(textOf(afterBlock({ ...PLAIN, ...SPARE, ...ONCE }, "sent")), "giveUp");
  assert.equal(textOf(afterBlock({ ...PLAIN, ...SPARE, leftMs: 0 }, "unsent")), "giveUp");
});

describe("after an answer that asks for another attempt", () => {
  const after = (given: Partial<Situation>, retryable: boolean, askedMs = -1) =>
    textOf(afterAnswer({ ...PLAIN, ...given }, retryable, askedMs));

  test("it is made after the wait of the rule, or of the backend", () => {
    assert.equal(after(RETRIED, true), "wait:100");
    assert.equal(after(RETRIED, true, 250), "wait:250");
    assert.equal(after(RETRIED, true, 0), "wait:0");
  });
  test("a wait that is longer than the rule or the client allows is none", () => {
    assert.equal(after(RETRIED, true, 301), "");
    assert.equal(after({ ...RETRIED, leftMs: 250 }, true, 250), "");
    assert.equal(after({ ...RETRIED, attempts: 3 }, true), "");
  });
  test("another target takes over where its plan says so and the request may be repeated", () => {
    assert.equal(after(SPARE, false), "target");
    assert.equal(after({ ...SPARE, ...RETRIED }, true), "wait:100 target");
    assert.equal(after({ ...SPARE, ...ONCE }, false), "");
    assert.equal(after({ ...SPARE, leftMs: 0 }, false), "");
  });
  test("the client gets it once its reply has begun, or when the body cannot be sent again", () => {
    assert.equal(after({ ...RETRIED, begun: true }, true), "");
    assert.equal(after({ ...RETRIED, ...SPARE, replayable: false }, true), "");
  });
});
