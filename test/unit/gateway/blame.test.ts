// Who is to blame when time runs out: a backend that has all it needs and says nothing, never one whose client is slow.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Translation } from "../../../src/core/translation.ts";
import { FakeTime } from "../../support/fake-time.ts";
import { done, FakeBody, type FakeRequest, requestOf, send } from "../../support/scripted-request.ts";
import { type FakeExchange, FakeService, ruleOf } from "../../support/scripted-service.ts";

let time: FakeTime;
beforeEach(() => {
  time = new FakeTime();
});
afterEach(() => time.restore());

function begun(service: FakeService, some: FakeRequest) {
  const request = requestOf(some);
  send(request, service);
  return { ...request, exchange: service.exchanges[0]! };
}

const NOBODY = { succeeded: 0, failed: 0, dropped: 1 };
const GOOD = { succeeded: 1, failed: 0, dropped: 0 };
const BACKEND = { succeeded: 0, failed: 1, dropped: 0 };

describe("at the deadline of the route", () => {
  test("a backend that was given everything and has not answered is to blame", () => {
    const up = new FakeService("up", 1, null);
    const { client } = begun(up, { timeoutMs: 100 });
    time.pass(100);
    assert.deepEqual([client.heads, up.breaker.ends, up.endpoints[0]!.state.failures], [[504], BACKEND, 1]);
  });

  test("a backend whose connection does not stand by then could not be connected to", () => {
    for (const [connecting, outcome] of [
      [true, "connect_failed"],
      [false, "upstream_timeout"],
    ] as const) {
      const up = new FakeService("up", 1, null);
      const told: string[] = [];
      up.endpoints[0]!.state.reach = {
        failing: false,
        admit: () => true,
        succeeded: () => assert.fail("it did not"),
        failed: (code) => told.push(code),
      };
      const { client, ctx, exchange } = begun(up, { timeoutMs: 100 });
      exchange.connecting = connecting;
      time.pass(100);
      assert.deepEqual([client.heads, told, ctx.attemptEnds!.map((end) => end.outcome)], [[504], [outcome], [outcome]]);
    }
  });

  test("a backend is to blame also when something else took a little of the time before", () => {
    const up = new FakeService("up", 1, null);
    const request = requestOf({ timeoutMs: 200 });
    time.pass(5); // a limit was asked
    send(request, up);
    time.pass(200);
    assert.deepEqual(up.breaker.ends, BACKEND);
  });

  test("nobody is while the client still sends", () => {
    const up = new FakeService("up", 1, null);
    const body = new FakeBody(20);
    const { client } = begun(up, { method: "POST", body, timeoutMs: 100 });
    body.push("half of it.");
    time.pass(100);
    assert.deepEqual([client.heads, up.breaker.ends, up.endpoints[0]!.state.failures], [[504], NOBODY, 0]);
    up.assertFree();
  });

  test("nobody is while the client does not take what it is given, a silent backend is", () => {
    for (const [takes, ends] of [
      [false, NOBODY],
      [true, BACKEND],
    ] as const) {
      const up = new FakeService("up", 1, null);
      const { client, ctx, exchange } = begun(up, { timeoutMs: 100 });
      client.takes = takes;
      exchange.head(200, 100);
      exchange.receiver.data(Buffer.from("some"), null, false);
      time.pass(100);
      done(ctx);
      assert.deepEqual([client.state, up.breaker.ends], ["cut", ends]);
    }
  });

  test("nobody is for a client that asks for an answer before any could be there", () => {
    const call = { method: "POST", grpc: true, timeoutMs: 5000 };
    for (const [usualMs, asked, ends] of [
      [100, "150m", NOBODY],
      [100, "250m", BACKEND],
      [-1, "900m", NOBODY],
      [-1, "1100m", BACKEND],
    ] as const) {
      const up = new FakeService("up", 1, null);
      up.endpoints[0]!.state.latencyMs = usualMs;
      begun(up, { ...call, fields: ["content-type", "application/grpc", "grpc-timeout", asked] });
      time.pass(2000);
      assert.deepEqual(up.breaker.ends, ends, `usually ${usualMs} ms, asked for ${asked}`);
      up.assertFree();
    }
  });

  test("nor when the backend itself notices first that there is no time", () => {
    for (const [asked, ends] of [
      ["150m", NOBODY],
      ["", BACKEND],
    ] as const) {
      const up = new FakeService("up", 1, null);
      up.endpoints[0]!.state.latencyMs = 100;
      const fields = ["content-type", "application/grpc", ...(asked === "" ? [] : ["grpc-timeout", asked])];
      const { ctx, exchange } = begun(up, { method: "POST", grpc: true, fields });
      time.pass(149);
      exchange.head(200, 0, ["grpc-status", "4"]);
      exchange.receiver.end([]);
      done(ctx);
      assert.deepEqual(up.breaker.ends, ends, asked);
    }
  });

  test("a backend that hangs is to blame each time, however often it says itself that the time is over", () => {
    const up = new FakeService("up", 1, null);
    const { state } = up.endpoints[0]!;
    state.latencyMs = 10;
    const fields = ["content-type", "application/grpc", "grpc-timeout", "150m"];
    for (let i = 0; i < 3; i++) {
      const { ctx } = begun(up, { method: "POST", grpc: true, fields });
      time.pass(149);
      const exchange = up.exchanges[i]!;
      exchange.head(200, 0, ["grpc-status", "4"]);
      exchange.receiver.end([]);
      done(ctx);
    }
    assert.deepEqual([up.breaker.ends, state.failures, state.latencyMs], [{ ...BACKEND, failed: 3 }, 3, 10]);
  });

  test("nobody is for a try that began in the last moment", () => {
    const up = new FakeService("up", 2, ruleOf({ initialDelayMs: 1 }));
    const { client, exchange } = begun(up, { timeoutMs: 100 });
    time.pass(90);
    exchange.fail("sent");
    time.pass(10);
    assert.equal(up.exchanges.length, 2);
    assert.deepEqual([client.heads, up.breaker.ends], [[504], { succeeded: 0, failed: 1, dropped: 1 }]);
  });

  test("a backend that falls silent behind a client that has caught up is", () => {
    const up = new FakeService("up", 1, null);
    const { client, ctx, exchange } = begun(up, { timeoutMs: 100 });
    client.takes = false;
    exchange.head(200, 100);
    exchange.receiver.data(Buffer.from("some"), null, false);
    ctx.upstream!.resume();
    time.pass(100);
    assert.deepEqual(up.breaker.ends, BACKEND);
  });
});

test("the time of a try does not run out while the client still sends", () => {
  const up = new FakeService("up", 2, ruleOf({ perTryMs: 50 }));
  const body = new FakeBody(8);
  const { client, ctx } = begun(up, { method: "PUT", body });
  body.push("half");
  time.pass(120);
  assert.equal(up.exchanges.length, 1);
  body.push("half");
  body.finish();
  time.pass(50);
  assert.equal(up.exchanges.length, 2);
  up.exchanges[1]!.answer(200, "fine");
  done(ctx);
  assert.deepEqual([client.heads, client.text], [[200], "fine"]);
  up.assertFree();
});

test("both tries are passed over when both have taken too long", () => {
  const up = new FakeService("up", 3, ruleOf({ perTryMs: 50, hedgeAfterMs: 10 }));
  const { ctx } = begun(up, {});
  time.pass(100);
  assert.deepEqual(
    up.exchanges.map((exchange) => exchange.endpoint.spec.id),
    ["up-0", "up-1", "up-2"],
  );
  done(ctx);
  up.assertFree();
});

test("a second try that had next to none of the time of a try is to blame for nothing", () => {
  const up = new FakeService("up", 2, ruleOf({ perTryMs: 50, hedgeAfterMs: 40, maxAttempts: 2 }));
  const { ctx } = begun(up, {});
  time.pass(50);
  assert.deepEqual(
    up.endpoints.map(({ state }) => state.failures),
    [1, 0],
  );
  done(ctx);
  up.assertFree();
});

test("an answer that is a failure and is lost as well counts once", () => {
  const up = new FakeService("up", 1, null);
  const { ctx, exchange } = begun(up, {});
  exchange.head(500, 100);
  exchange.fail("responding");
  done(ctx);
  assert.equal(up.endpoints[0]!.state.failures, 1);
});

describe("at the end of a call", () => {
  test("its status counts also where a translator has put it into the answer", () => {
    for (const [status, ends] of [
      [14, BACKEND],
      [5, GOOD],
    ] as const) {
      const up = new FakeService("up", 1, null);
      const translation: Translation = {
        method: "POST",
        target: "/s/m",
        fields: [],
        streams: false,
        attempt: (body, receiver) => ({ body, receiver }),
      };
      const { exchange, ctx } = begun(up, { method: "POST", grpc: true, timeoutMs: 100, translation });
      exchange.head(200);
      ctx.grpcStatus = status; // as translators note it, before the last piece of the answer
      exchange.receiver.data(Buffer.from("trailers"), null, true);
      assert.deepEqual([up.breaker.ends, up.endpoints[0]!.state.failures], [ends, ends.failed]);
    }
  });
});

describe("a limit that adapts to a service learns", () => {
  function told(end: (exchange: FakeExchange) => void): unknown {
    const up = new FakeService("up", 1, null);
    const { ctx, exchange } = begun(up, { timeoutMs: 100 });
    end(exchange);
    done(ctx);
    return up.limiter.told;
  }

  test("how long answers take", () =>
    assert.deepEqual(
      told((e) => e.answer(200, "fine")),
      [[true, false]],
    ));
  test("nothing from errors that come at once", () => {
    assert.deepEqual(
      told((e) => e.answer(500, "broken")),
      [[false, false]],
    );
    assert.deepEqual(
      told((e) => e.fail("sent")),
      [[false, false]],
    );
  });
  test("that it is too high when a service says so, or says nothing", () => {
    assert.deepEqual(
      told((e) => e.answer(503, "busy")),
      [[false, true]],
    );
    assert.deepEqual(
      told(() => time.pass(100)),
      [[false, true]],
    );
  });
});

test("nobody is when the gateway itself lacks what it takes to connect, and no other backend is asked", () => {
  for (const rule of [null, ruleOf({ maxAttempts: 3 })]) {
    const up = new FakeService("up", 2, rule);
    const { client, ctx, exchange } = begun(up, {});
    exchange.fail("unable");
    assert.deepEqual([client.heads, ctx.error, up.exchanges.length], [[503], "overloaded", 1]);
    assert.deepEqual([up.breaker.ends, up.endpoints[0]!.state.attempts], [NOBODY, 0]);
    up.assertFree();
  }
});
