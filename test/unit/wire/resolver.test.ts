// What is remembered of names: for how long, and what serves when it cannot be told anew.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { isName, Resolver } from "../../../src/wire/resolver.ts";
import { FakeTime } from "../../support/fake-time.ts";

let time: FakeTime;
beforeEach(() => {
  time = new FakeTime();
});
afterEach(() => time.restore());

/** A resolver whose look-ups end when the test says so. */
function resolver() {
  const asked: { readonly name: string; answer(...addresses: string[]): void; fail(code: string): void }[] = [];
  const lookUp = (name: string) =>
    new Promise<readonly string[]>((resolve, reject) =>
      asked.push({
        name,
        answer: (...addresses) => resolve(addresses),
        fail: (code) => reject(Object.assign(new Error(code), { code })),
      }),
    );
  const made = new Resolver(lookUp, () => performance.now());
  return { asked, resolve: (name = "a") => made.resolve(name), forget: () => made.forget("a") };
}

/** One that has an answer already. */
async function answered() {
  const made = resolver();
  const first = made.resolve();
  made.asked[0]!.answer("10.0.0.1");
  await first;
  return made;
}

test("an answer serves for ten seconds", async () => {
  const { asked, resolve } = await answered();
  time.pass(9_999);
  assert.deepEqual(await resolve(), ["10.0.0.1"]);
  assert.equal(asked.length, 1);
  time.pass(1);
  const next = resolve();
  asked[1]!.answer("10.0.0.2");
  assert.deepEqual(await next, ["10.0.0.2"]);
  assert.equal(time.pending, 0);
});

test("questions asked together share one look-up, those for other names do not wait for it", async () => {
  const { asked, resolve } = resolver();
  const [a, again, b] = [resolve("a"), resolve("a"), resolve("b")];
  assert.deepEqual(
    asked.map(({ name }) => name),
    ["a", "b"],
  );
  asked[1]!.answer("10.0.0.2");
  assert.deepEqual(await b, ["10.0.0.2"]);
  asked[0]!.answer("10.0.0.1");
  assert.deepEqual([await a, await again], [["10.0.0.1"], ["10.0.0.1"]]);
});

test("while a look-up hangs, the last good answer serves after a moment, and at once from then on", async () => {
  const { asked, resolve } = await answered();
  time.pass(10_000);
  const next = resolve();
  time.pass(200);
  assert.deepEqual(await next, ["10.0.0.1"]);
  assert.deepEqual(await resolve(), ["10.0.0.1"]);
  assert.equal(asked.length, 2);
  asked[1]!.answer("10.0.0.2");
  await new Promise(setImmediate);
  assert.deepEqual(await resolve(), ["10.0.0.2"]);
});

test("a look-up that fails takes nothing away, and is repeated two seconds later", async () => {
  const { asked, resolve } = await answered();
  time.pass(10_000);
  const next = resolve();
  asked[1]!.fail("ESERVFAIL");
  assert.deepEqual(await next, ["10.0.0.1"]);
  time.pass(1_999);
  assert.deepEqual(await resolve(), ["10.0.0.1"]);
  assert.equal(asked.length, 2);
  time.pass(1);
  void resolve();
  assert.equal(asked.length, 3);
});

test("a name that exists no more has no address, for two seconds at least", async () => {
  const { asked, resolve } = await answered();
  time.pass(10_000);
  const next = resolve();
  asked[1]!.fail("ENOTFOUND");
  await assert.rejects(next, { code: "ENOTFOUND" });
  time.pass(1_999);
  await assert.rejects(resolve(), { code: "ENOTFOUND" });
  assert.equal(asked.length, 2);
  time.pass(1);
  const again = resolve();
  asked[2]!.answer("10.0.0.3");
  assert.deepEqual(await again, ["10.0.0.3"]);
});

test("a shortage of descriptors is not remembered", async () => {
  const { asked, resolve } = resolver();
  const first = resolve();
  asked[0]!.fail("EMFILE");
  await assert.rejects(first, { code: "EMFILE" });
  const next = resolve();
  asked[1]!.answer("10.0.0.1");
  assert.deepEqual(await next, ["10.0.0.1"]);
});

test("a name in doubt is asked for again, once a second at most", async () => {
  const { asked, resolve, forget } = await answered();
  forget();
  assert.deepEqual(await resolve(), ["10.0.0.1"]);
  time.pass(1000);
  const next = resolve();
  asked[1]!.answer("10.0.0.2");
  assert.deepEqual(await next, ["10.0.0.2"]);
});

test("an address is no name", () => {
  assert.ok(isName("example.org"));
  assert.ok(!isName("127.0.0.1"));
  assert.ok(!isName("::1"));
});
