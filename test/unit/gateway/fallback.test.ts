// When another service may answer in place of one that could not.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Progress } from "../../../src/core/edges.ts";
import { FakeTime } from "../../support/fake-time.ts";
import { done, type FakeRequest, requestOf, send } from "../../support/scripted-request.ts";
import { FakeService } from "../../support/scripted-service.ts";

let time: FakeTime;
beforeEach(() => {
  time = new FakeTime();
});
afterEach(() => time.restore());

const KEY = ["Idempotency-Key", "k"];
const CASES: readonly (readonly [string, FakeRequest, Progress, boolean])[] = [
  ["a GET the first service may have answered", {}, "sent", true],
  ["a POST the first service never saw", { method: "POST" }, "unsent", true],
  ["a POST the first service has refused to look at", { method: "POST" }, "refused", true],
  ["a POST the first service may have carried out", { method: "POST" }, "sent", false],
  ["a POST on a connection that was closed", { method: "POST" }, "reset_on_reuse", false],
  ["a POST with an Idempotency-Key", { method: "POST", fields: KEY }, "sent", true],
];
for (const [name, some, progress, goes] of CASES) {
  test(`${name} ${goes ? "goes" : "does not go"} to the fallback service`, () => {
    const [up, other] = [new FakeService("up", 1, null), new FakeService("other", 1, null)];
    const request = requestOf({ ...some, fallback: { service: other, reply: null } });
    const { ctx, client } = request;
    send(request, up);
    // Refused, it may be tried on a further connection first.
    for (let i = 0; i < up.exchanges.length; i++) up.exchanges[i]!.fail(progress);
    assert.equal(other.exchanges.length, goes ? 1 : 0);
    other.exchanges[0]?.answer(200, "instead");
    done(ctx);
    assert.deepEqual(client.heads, [goes ? 200 : 502]);
    up.assertFree();
    other.assertFree();
  });
}

test("a static fallback stands in whatever was done", () => {
  const up = new FakeService("up", 1, null);
  const reply = { status: 203, fields: [], body: "static", close: false };
  const request = requestOf({ method: "POST", fallback: { service: null, reply } });
  const { client } = request;
  send(request, up);
  up.exchanges[0]!.fail("sent");
  assert.deepEqual([client.heads, client.text], [[203], "static"]);
});
