// What a gateway says to whoever asks about challenges: only what is pending, and cheaply.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { alpnAnswerName, ChallengeAnswers, httpAnswerName } from "../../../src/acme/answers.ts";
import { ALPN_ANSWERS, HTTP_ANSWERS } from "../../../src/acme/records.ts";
import type { AcmeStore } from "../../../src/acme/store.ts";
import { StoreFolder } from "../../support/acme.ts";

const TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";

/** A store that nobody may ask. */
const UNTOUCHED = new Proxy({}, { get: () => assert.fail("the store was asked") }) as AcmeStore;
const unexpected = (error: Error) => assert.fail(error);

describe("a challenge", () => {
  const folder = new StoreFolder();
  const store = folder.open();
  const answers = new ChallengeAnswers(async () => store, ["one.test"], unexpected);
  before(async () => {
    await HTTP_ANSWERS.write(store, httpAnswerName(TOKEN), { keyAuthorization: `${TOKEN}.thumb` });
    for (const name of ["one.test", "stranger.test"]) {
      await ALPN_ANSWERS.write(store, alpnAnswerName(name), { name, cert: "C", key: "K" });
    }
  });
  after(() => folder.close());

  test("that is pending is answered, by its token", async () => {
    assert.equal(await answers.httpAnswer(TOKEN), `${TOKEN}.thumb`);
    assert.equal(await answers.httpAnswer(TOKEN.slice(1)), null);
  });
  test("that is pending is answered, by its name in any case of letters", async () => {
    assert.deepEqual({ ...(await answers.alpnCertificate("ONE.test")) }, { name: "one.test", cert: "C", key: "K" });
  });
  test("for a name that is not configured is not, even if the store has an answer", async () => {
    assert.equal(await answers.alpnCertificate("stranger.test"), null);
  });
  test("is looked for a hundred times at once, and no more", async () => {
    const all = await Promise.all(Array.from({ length: 150 }, () => answers.httpAnswer(TOKEN)));
    assert.equal(all.filter((answer) => answer !== null).length, 100);
    assert.equal(await answers.httpAnswer(TOKEN), `${TOKEN}.thumb`);
  });
});

test("ten thousand tokens of nobody cost a few looks at the store, and nothing is read", async () => {
  const asked: PropertyKey[] = [];
  const folder = new StoreFolder();
  const store = new Proxy(folder.open() as AcmeStore, {
    get(target, method: keyof AcmeStore | "then") {
      if (method === "then") return undefined;
      asked.push(method);
      return method === "answers" ? () => target.answers() : assert.fail(`${method} was asked for`);
    },
  });
  const answers = new ChallengeAnswers(async () => store, [], unexpected);
  const all = await Promise.all(Array.from({ length: 10_000 }, (_, i) => answers.httpAnswer(`${TOKEN}${i}`)));
  assert.ok(all.every((answer) => answer === null));
  assert.ok(asked.length < 5, `${asked.length} looks`);
  folder.close();
});

test("an answer that is written while others are looked for is found by whoever asks then", async () => {
  const folder = new StoreFolder();
  const store = folder.open();
  const answers = new ChallengeAnswers(async () => store, [], unexpected);
  for (let i = 0; i < 5; i++) {
    const others = [answers.httpAnswer(`${TOKEN}x`), answers.httpAnswer(`${TOKEN}y`)];
    await HTTP_ANSWERS.write(store, httpAnswerName(`${TOKEN}${i}`), { keyAuthorization: String(i) });
    assert.equal(await answers.httpAnswer(`${TOKEN}${i}`), String(i));
    assert.deepEqual(await Promise.all(others), [null, null]);
  }
  folder.close();
});

test("what cannot be a token, or no name of ours, does not reach the store", async () => {
  const answers = new ChallengeAnswers(async () => UNTOUCHED, ["one.test"], unexpected);
  for (const token of [
    "",
    "short",
    "../../accounts/x.json12345",
    `${TOKEN}/`,
    `${TOKEN}%2e`,
    "x".repeat(129),
    "ä".repeat(43),
  ])
    assert.equal(await answers.httpAnswer(token), null, token);
  for (const name of ["", "two.test", "one.test.", "sub.one.test", "*.one.test"])
    assert.equal(await answers.alpnCertificate(name), null, name);
});

test("a store that cannot be asked is reported, and nothing is answered", async () => {
  const folder = new StoreFolder();
  mkdirSync(join(folder.path, "answers", `${httpAnswerName(TOKEN)}.json`), { recursive: true });
  const failures: string[] = [];
  const answers = new ChallengeAnswers(
    async () => folder.open(),
    ["one.test"],
    (error) => failures.push(error.message),
  );
  assert.equal(await answers.httpAnswer(TOKEN), null);
  writeFileSync(join(folder.path, "answers", `${alpnAnswerName("one.test")}.json`), "{}");
  assert.equal(await answers.alpnCertificate("one.test"), null);
  assert.equal(failures.length, 2);
  assert.match(failures[1]!, /alpn-\w+\.json: "name" is missing or wrong$/);
  folder.close();
});
