// Orders that are under way at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../../src/acme/slots.ts";

test("no more run at once than there are slots, in the order in which they came, and failures give theirs back", async () => {
  const slots = new Slots(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = [0, 1, 2, 3].map((n) =>
    slots.run(async () => {
      begun.push(n);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (n === 0) throw new Error("failed");
    }),
  );
  const settled = Promise.allSettled(all);
  assert.deepEqual(begun, [0, 1]);
  ends[0]!();
  await assert.rejects(all[0]!, /failed/);
  assert.deepEqual(begun, [0, 1, 2]);
  for (const n of [1, 2]) {
    ends[n]!();
    await all[n];
  }
  assert.deepEqual(begun, [0, 1, 2, 3]);
  ends[3]!();
  await settled;
});
