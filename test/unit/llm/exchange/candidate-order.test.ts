// In which order candidates are asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CandidateOrder } from "../../../../src/llm/exchange/candidates/candidate-order.ts";
import type { Candidate } from "../../../../src/llm/exchange/candidates/provider.ts";

const candidate = (id: string, some: Partial<Candidate> = {}) =>
  ({ id, upstreamName: id, weight: 1, price: null, provider: { settings: { id: "p" } }, ...some }) as Candidate;
const NO_SPEEDS = { usualMs: () => 0 };
const ids = (list: readonly Candidate[]) => list.map(({ id }) => id).join("");

test("priority is the order of the file, cheapest that of the prices, with the unknown ones last", () => {
  const all = [
    candidate("a", { price: { input: 3, output: 9 } }),
    candidate("b"),
    candidate("c", { price: { input: 1, output: 2 } }),
  ];
  assert.equal(ids(new CandidateOrder("priority", all, NO_SPEEDS).for({ conversation: null })), "abc");
  assert.equal(ids(new CandidateOrder("cheapest", all, NO_SPEEDS).for({ conversation: null })), "cab");
});

test("fastest asks who answers soonest, and those that are not known yet before them", () => {
  const times: Record<string, number> = { a: 300, b: 100, c: 0 };
  const order = new CandidateOrder(
    "fastest",
    ["a", "b", "c"].map((id) => candidate(id)),
    {
      usualMs: ({ id }) => times[id]!,
    },
  );
  assert.equal(ids(order.for({ conversation: null })), "cba");
});

test("weighted gives each its share of the conversations, and a conversation its model", () => {
  const order = new CandidateOrder("weighted", [candidate("a", { weight: 3 }), candidate("b")], NO_SPEEDS);
  let first = 0;
  const count = 4000;
  for (let i = 0; i < count; i++) {
    const conversation = `c-${i}`;
    const [chosen] = order.for({ conversation });
    assert.equal(order.for({ conversation })[0], chosen);
    if (chosen!.id === "a") first++;
  }
  assert.ok(Math.abs(first / count - 0.75) < 0.05, `${first} of ${count}`);
});

test("a weight of 0 is asked only when all others have failed", () => {
  const order = new CandidateOrder("weighted", [candidate("a", { weight: 0 }), candidate("b")], NO_SPEEDS);
  for (let i = 0; i < 100; i++) assert.equal(ids(order.for({ conversation: `${i}` })), "ba");
});
