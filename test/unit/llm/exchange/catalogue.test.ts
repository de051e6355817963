// Lists of providers: asked for once, kept for a while, and kept longer while a provider fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalogue } from "../../../../src/llm/exchange/own/catalogue.ts";
import type { ListedModel } from "../../../../src/llm/exchange/own/read-model-list.ts";
import { PROVIDERS } from "../../../support/llm-credentials.ts";

const { openai, anthropic } = PROVIDERS;

/** A provider that is asked, and answers when told. */
function source() {
  const calls: { answer(name: string): void; fail(): void }[] = [];
  const ask = () =>
    new Promise<readonly ListedModel[]>((resolve, reject) => {
      const model = (upstreamName: string) => ({
        upstreamName,
        displayName: "",
        createdAt: 0,
        contextIn: 0,
        contextOut: 0,
      });
      calls.push({ answer: (name) => resolve([model(name)]), fail: () => reject(new Error("broken")) });
    });
  return { calls, ask };
}

/** Lets promises that are settled be seen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
const names = (models: readonly ListedModel[] | null) => models?.map(({ upstreamName }) => upstreamName) ?? null;

test("all who wait for a list are one request, and what was had is kept", async () => {
  let now = 0;
  const catalogue = new Catalogue(() => now);
  const { calls, ask } = source();
  const both = Promise.all([catalogue.list(openai, "", ask), catalogue.list(openai, "", ask)]);
  assert.equal(calls.length, 1);
  assert.equal(catalogue.known(openai, ""), null);
  calls[0]!.answer("a");
  assert.deepEqual(
    (await both).map(({ models }) => names(models)),
    [["a"], ["a"]],
  );
  now = 299_999;
  assert.deepEqual(names((await catalogue.list(openai, "", ask)).models), ["a"]);
  assert.equal(calls.length, 1);
});

test("an old list is returned at once, while it is asked for anew", async () => {
  let now = 0;
  const catalogue = new Catalogue(() => now);
  const { calls, ask } = source();
  const first = catalogue.list(openai, "", ask);
  calls[0]!.answer("a");
  await first;
  now = 300_000;
  assert.deepEqual(names((await catalogue.list(openai, "", ask)).models), ["a"]);
  assert.equal(calls.length, 2);
  calls[1]!.answer("b");
  await settled();
  assert.deepEqual(names(catalogue.known(openai, "")), ["b"]);
});

test("while a provider fails its list stays, and it is not asked all the time", async () => {
  let now = 0;
  const catalogue = new Catalogue(() => now);
  const { calls, ask } = source();
  const failing = catalogue.list(openai, "", ask);
  calls[0]!.fail();
  const { models, fault } = await failing;
  assert.deepEqual([models, fault], [null, "broken"]);
  await catalogue.list(openai, "", ask);
  assert.equal(calls.length, 1);
  now = 30_000;
  const again = catalogue.list(openai, "", ask);
  calls[1]!.answer("a");
  assert.equal((await again).fault, "");
  now = 330_000;
  await catalogue.list(openai, "", ask);
  calls[2]!.fail();
  await settled();
  const kept = await catalogue.list(openai, "", ask);
  assert.deepEqual([names(kept.models), kept.fault, calls.length], [["a"], "broken", 3]);
});

test("a provider that does not answer is waited for no longer than agents wait", async () => {
  const catalogue = new Catalogue(() => 0, 5);
  const { calls, ask } = source();
  assert.equal((await catalogue.list(openai, "", ask)).models, null);
  calls[0]!.answer("late");
  await settled();
  assert.deepEqual(names((await catalogue.list(openai, "", ask)).models), ["late"]);
  assert.equal(calls.length, 1);
});

test("lists of providers, of accounts and of places are apart, and the oldest of too many is dropped", async () => {
  const catalogue = new Catalogue(() => 0);
  const list = (provider: typeof openai, account: string, name: string) => {
    const { calls, ask } = source();
    const asked = catalogue.list(provider, account, ask);
    calls[0]?.answer(name);
    return asked;
  };
  const moved = { ...openai, origin: "https://other.test" };
  await list(openai, "", "a");
  await list(openai, "client", "b");
  await list(anthropic, "", "c");
  await list(moved, "", "d");
  const shown = [
    catalogue.known(openai, ""),
    catalogue.known(openai, "client"),
    catalogue.known(anthropic, ""),
    catalogue.known(moved, ""),
  ];
  assert.deepEqual(shown.map(names), [["a"], ["b"], ["c"], ["d"]]);
  for (let i = 0; i < 200; i++) await list(openai, `other ${i}`, "x");
  assert.equal(catalogue.known(openai, "client"), null);
});
