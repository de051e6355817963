// Hedged requests: a slow first try gets a second one beside it, whoever answers first is heard, and the other is given up.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { begin, call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape, sumOf } from "../support/metrics.ts";
import { failing, hanging, instance, losing, ok, Planned, reading } from "../support/planned.ts";
import { configText, eventually } from "../support/setup.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

let planned: Planned;
let gateway: GatewayProcess;

before(async () => {
  planned = await Planned.start();
  const { a, b } = planned;
  const hedge = { hedgeAfter: "80ms", maxAttempts: 2 };
  const text = configText({
    rules: [
      { id: "pair", path: "/pair/*", serviceName: "pair", timeout: "700ms", retry: hedge },
      { id: "solo", path: "/solo/*", serviceName: "solo", timeout: "400ms", retry: hedge },
      {
        id: "spent",
        path: "/spent/*",
        serviceName: "pair",
        timeout: "400ms",
        retry: { ...hedge, budgetRatio: 0, minRetryTokens: 1 },
      },
    ],
    services: { solo: a.port, pair: [instance(a.port), instance(b.port)] },
    more: { metrics: { enabled: true } },
  });
  gateway = await startGateway(text);
});
after(async () => {
  await gateway.kill();
  await planned.close();
  assertCalm(gateway);
});

describe("a slow first try", () => {
  test("is overtaken by a second one at another instance, and given up there", async () => {
    const path = planned.on("/pair/hangs", hanging(1));
    assert.equal((await call(gateway.port, { path })).text, "ok");
    const [first, second] = planned.tries(path);
    assert.notEqual(first!.which, second!.which);
    await first!.closed;
    assert.equal(
      sample(await scrape(gateway.port), "gateway_retry_attempts_total", { route: "pair", reason: "hedge" }),
      1,
    );
  });

  test("is heard all the same when it answers first, and the second is given up", async () => {
    const path = planned.on("/pair/first", hanging(2));
    const reply = call(gateway.port, { path });
    await eventually("both tries", () => planned.tries(path).length === 2);
    const [first, second] = planned.tries(path);
    first!.response.end("first");
    assert.equal((await reply).text, "first");
    await second!.closed;
  });

  test("of a request with a body is followed by one with the same body", async () => {
    const bodies: string[] = [];
    const path = planned.on("/pair/body", reading(bodies, hanging(1)));
    assert.equal((await call(gateway.port, { method: "PUT", path, body: "body" })).text, "ok");
    assert.deepEqual(bodies, ["body", "body"]);
  });

  for (const [name, fails] of [
    ["is lost", losing],
    ["refuses", failing],
  ] as const) {
    test(`is waited for when the second one ${name}`, async () => {
      const path = planned.on(`/pair/second-${fails.name}`, (one, nth) => {
        if (nth === 1) return;
        fails(2)(one, nth);
        setTimeout(() => ok(planned.tries(path)[0]!, 1), 30);
      });
      assert.equal((await call(gateway.port, { path })).text, "ok");
    });

    test(`that ${name} at last leaves the answer to the second`, async () => {
      const path = planned.on(`/pair/first-${fails.name}`, (_, nth) => {
        const [first, second] = planned.tries(path);
        if (nth === 1) return;
        fails(1)(first!, 1);
        setTimeout(() => ok(second!, 2), 30);
      });
      assert.equal((await call(gateway.port, { path })).text, "ok");
    });
  }

  test("and a second that both say nothing are given up at the deadline", async () => {
    const path = planned.on("/pair/nothing", hanging(9));
    assert.equal((await call(gateway.port, { path })).status, 504);
    assert.equal(planned.tries(path).length, 2);
    await Promise.all(planned.tries(path).map((one) => one.closed));
  });

  test("is left with a second one by a client that leaves", async () => {
    const path = planned.on("/pair/leaves", hanging(9));
    const request = begin(gateway.port, { path });
    request.on("error", () => undefined);
    await eventually("both tries", () => planned.tries(path).length === 2);
    request.destroy();
    await Promise.all(planned.tries(path).map((one) => one.closed));
  });
});

describe("no second try", () => {
  test("is made of what must not be done twice", async () => {
    const path = planned.on("/pair/post", hanging(1));
    assert.equal((await call(gateway.port, { method: "POST", path, body: "pay" })).status, 504);
    assert.equal(planned.tries(path).length, 1);
  });

  test("is made where there is no other instance", async () => {
    const path = planned.on("/solo/only", hanging(1));
    assert.equal((await call(gateway.port, { path })).status, 504);
    assert.equal(planned.tries(path).length, 1);
  });

  test("is made when the budget is spent", async () => {
    const path = planned.on("/spent/budget", hanging(99));
    await Promise.all([call(gateway.port, { path }), call(gateway.port, { path }), call(gateway.port, { path })]);
    assert.equal(planned.tries(path).length, 4);
  });

  test("is made of what was answered in time", async () => {
    for (let i = 0; i < 20; i++) await call(gateway.port, { path: "/pair/quick" });
    assert.equal(planned.tries("/pair/quick").length, 20);
  });
});

test("nothing is under way at the end", async () => {
  await eventually("nothing is under way", async () => {
    const series = await scrape(gateway.port);
    return sumOf(series, "gateway_http_requests_active") === 0 && planned.a.active === 0 && planned.b.active === 0;
  });
});
