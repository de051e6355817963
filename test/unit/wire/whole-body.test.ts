// A body read to its end before a decision, and sent all the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BodyReceiver } from "../../../src/core/edges.ts";
import { NullDownstream } from "../../../src/core/null-upstream.ts";
import { readWhole, WholeBody } from "../../../src/wire/whole-body.ts";
import { contextOf } from "../../support/context.ts";
import { FakeBody } from "../../support/scripted-request.ts";

/** A request with a body, and the interim responses its client was sent. */
function given(length: number, expectsContinue = false) {
  const body = new FakeBody(length);
  const interim: number[] = [];
  class Client extends NullDownstream {
    override readonly body = body as never;
    override interim(status: number): void {
      interim.push(status);
    }
  }
  return { ctx: contextOf({ downstream: new Client(), method: "POST", expectsContinue }), body, interim };
}

/** What a receiver is given. */
function received(body: { start(to: BodyReceiver): void }): { text: string; trailers: readonly string[] } {
  const got = { text: "", trailers: [] as readonly string[] };
  body.start({
    data(chunk) {
      got.text += chunk;
      return true;
    },
    end(trailers) {
      got.trailers = trailers;
    },
  });
  return got;
}

test("gives the bytes, and leaves a body that can be sent any number of times", async () => {
  const { ctx, body } = given(-1);
  const bytes = readWhole(ctx, 100);
  body.push("one ");
  body.push("two");
  body.finish();
  assert.equal(String(await bytes), "one two");
  assert.deepEqual([ctx.body.length, ctx.body.complete, ctx.body.replayable], [7, true, true]);
  assert.equal(received(ctx.body).text, "one two");
  assert.equal(received(ctx.body).text, "one two");
  assert.equal(String(await readWhole(ctx, 100)), "one two");
});

test("lets a waiting client send, once", async () => {
  const { ctx, body, interim } = given(3, true);
  const bytes = readWhole(ctx, 100);
  body.push("abc");
  body.finish();
  await bytes;
  await readWhole(ctx, 100);
  assert.deepEqual(interim, [100]);
});

test("refuses what is announced as too large without reading any of it", async () => {
  const { ctx, body, interim } = given(101, true);
  assert.deepEqual(await readWhole(ctx, 100), { code: "body_too_large" });
  assert.deepEqual([body.flows, interim], [false, []]);
});

test("refuses what turns out too large as soon as it does, and keeps no more of it", async () => {
  const { ctx, body } = given(-1);
  const bytes = readWhole(ctx, 5);
  body.push("12345");
  body.push("6");
  assert.deepEqual(await bytes, { code: "body_too_large" });
  body.push("7".repeat(1000));
  body.finish();
  assert.equal(ctx.body.replayable, undefined);
});

test("ends for a client that disconnects, and waits for nothing", async () => {
  const { ctx, body } = given(-1);
  const bytes = readWhole(ctx, 5);
  body.push("12");
  ctx.finished = true;
  ctx.runCleanups();
  assert.ok("code" in (await bytes));
});

test("no body is an empty one", async () => {
  const { ctx } = given(0, true);
  assert.equal(String(await readWhole(ctx, 5)), "");
  assert.equal(ctx.body.length, 0);
});

test("pieces are one body, also the second time, until they are released", () => {
  const body = new WholeBody(["ab", "", "c"].map((text) => Buffer.from(text)));
  assert.deepEqual([body.length, body.bytes], [3, 3]);
  for (let i = 0; i < 2; i++) assert.deepEqual(received(body), { text: "abc", trailers: [] });
  body.release();
  assert.equal(received(body).text, "");
});

test("trailers stay behind the body they came with", () => {
  const body = new WholeBody(Buffer.alloc(0), ["X-Sum", "1"]);
  assert.equal(body.length, -1);
  assert.deepEqual(received(body), { text: "", trailers: ["X-Sum", "1"] });
});
