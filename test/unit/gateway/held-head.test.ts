// Streams whose head a translator holds back until the first message: the total timeout ends with the backend's own head.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Translation } from "../../../src/core/translation.ts";
import { FakeTime } from "../../support/fake-time.ts";
import { done, FakeBody, type FakeRequest, requestOf, send } from "../../support/scripted-request.ts";
import { FakeService, ruleOf } from "../../support/scripted-service.ts";

let time: FakeTime;
beforeEach(() => {
  time = new FakeTime();
});
afterEach(() => time.restore());

function translation(streams: boolean): Translation {
  return { method: "POST", target: "/s/m", fields: [], streams, attempt: (body, receiver) => ({ body, receiver }) };
}

function sent(service: FakeService, some: FakeRequest = {}, streams = true) {
  const request = requestOf({
    grpc: true,
    timeoutMs: 100,
    timeoutWritten: false,
    translation: translation(streams),
    ...some,
  });
  send(request, service);
  return { ...request, exchange: service.exchanges[0]! };
}

describe("a stream whose head is held back", () => {
  test("outlives the timeout of its route once the backend has begun it", () => {
    const up = new FakeService("up", 1, null);
    const { client, exchange } = sent(up);
    time.pass(99);
    exchange.receiver.begun!(null);
    time.pass(100_000);
    assert.deepEqual([client.heads, exchange.live], [[], true]);
    exchange.head(200);
    exchange.receiver.data(Buffer.from("first"), null, true);
    assert.deepEqual([client.heads, client.text, client.state], [[200], "first", "ended"]);
    assert.equal(time.pending, 0);
  });
  test("ends at that timeout as long as the backend has not begun it", () => {
    const { client } = sent(new FakeService("up", 1, null));
    time.pass(100);
    assert.deepEqual(client.heads, [504]);
  });
  test("ends at the deadline its client asked for", () => {
    const { client, exchange } = sent(new FakeService("up", 1, null), { fields: ["grpc-timeout", "300m"] });
    exchange.receiver.begun!(null);
    time.pass(299);
    assert.deepEqual(client.heads, []);
    time.pass(1);
    assert.deepEqual(client.heads, [504]);
  });
  test("ends after a silence as long as the file allows", () => {
    const up = new FakeService("up", 1, null);
    const { client, exchange } = sent(up, { timeoutWritten: true });
    time.pass(60);
    exchange.receiver.begun!(null);
    time.pass(99);
    assert.deepEqual(client.heads, []);
    time.pass(1);
    assert.deepEqual([client.heads, exchange.aborted, time.pending], [[504], true, 0]);
    up.assertFree();
  });
  test("is not begun again elsewhere after that", () => {
    const spare = new FakeService("spare", 1, null);
    const body = new FakeBody(4);
    const some = { method: "POST", body, timeoutWritten: true, fallback: { service: spare, reply: null } };
    const { client, exchange } = sent(new FakeService("up", 1, null), some);
    body.push("body");
    body.finish();
    exchange.receiver.begun!(null);
    time.pass(100);
    assert.deepEqual([client.heads, spare.exchanges.length], [[504], 0]);
  });
  test("has the latency of its beginning, and gives back what was taken for it", () => {
    const up = new FakeService("up", 1, null);
    const { ctx, exchange } = sent(up);
    time.pass(40);
    exchange.receiver.begun!(null);
    assert.deepEqual([up.breaker.ends.succeeded, up.limiter.told], [1, [[true, false]]]);
    time.pass(100_000);
    exchange.head(200);
    assert.deepEqual([ctx.upstreamMs, up.endpoints[0]!.state.latencyMs], [40, 40]);
    exchange.over = true;
    exchange.receiver.end([]);
    up.assertFree();
  });
  test("is not tried again when it fails before its first message", () => {
    for (const begins of [true, false]) {
      const up = new FakeService("up", 2, ruleOf({ maxAttempts: 2 }));
      const { client, exchange } = sent(up);
      if (begins) exchange.receiver.begun!(null);
      exchange.head(503);
      time.pass(1000);
      assert.deepEqual([client.heads[0], up.exchanges.length], begins ? [503, 1] : [504, 2]);
    }
  });
  test("is the only one of two tries that goes on", () => {
    const up = new FakeService("up", 2, ruleOf({ maxAttempts: 2, hedgeAfterMs: 10 }));
    sent(up);
    time.pass(10);
    const [first, second] = up.exchanges;
    second!.receiver.begun!(null);
    assert.deepEqual([first!.aborted, second!.live], [true, true]);
  });
  test("of a unary call is not known: its timeout is for the whole", () => {
    const { client, exchange } = sent(new FakeService("up", 1, null), {}, false);
    exchange.receiver.begun!(null);
    time.pass(100);
    assert.deepEqual(client.heads, [504]);
  });
});

describe("a stream of events whose head is held back", () => {
  const events = { heartbeatMs: 50, silenceMs: 200 };

  test("begins when its first heartbeat is due", () => {
    const { client, exchange } = sent(new FakeService("up", 1, null), { events });
    exchange.receiver.begun!(() => exchange.head(200, -1, ["Content-Type", "text/event-stream"]));
    time.pass(49);
    assert.deepEqual(client.heads, []);
    time.pass(1);
    assert.deepEqual(client.heads, [200]);
  });
  test("begins with its first message where that comes before", () => {
    const { exchange } = sent(new FakeService("up", 1, null), { events });
    let released = 0;
    exchange.receiver.begun!(() => released++);
    time.pass(49);
    exchange.head(200, -1, ["Content-Type", "text/event-stream"]);
    time.pass(100);
    assert.equal(released, 0);
  });
  test("does not begin for a client that has left", () => {
    const { ctx, exchange } = sent(new FakeService("up", 1, null), { events });
    exchange.receiver.begun!(() => assert.fail("nobody is there"));
    done(ctx);
    time.pass(100);
    assert.equal(time.pending, 0);
  });
  test("ends after the silence that event streams are allowed, where there are no heartbeats", () => {
    const { client, exchange } = sent(new FakeService("up", 1, null), { events: { silenceMs: 200 } });
    exchange.receiver.begun!(() => assert.fail("no heartbeat is due"));
    time.pass(199);
    assert.deepEqual(client.heads, []);
    time.pass(1);
    assert.deepEqual(client.heads, [504]);
  });
});
