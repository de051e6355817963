// Retries as clients and backends see them: what is sent again and what never, when, where to, and with which body.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { valuesOf } from "../support/backend.ts";
import { begin, call, headOf, read } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape, sumOf } from "../support/metrics.ts";
import { failing, hanging, instance, losing, ok, Planned, reading } from "../support/planned.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { RawClient } from "../support/raw-client.ts";
import { accessLine, configText, eventually } from "../support/setup.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

let planned: Planned;
let gateway: GatewayProcess;

before(async () => {
  planned = await Planned.start();
  const a = planned.a.port;
  const text = configText({
    rules: [
      { id: "solo", path: "/solo/*", serviceName: "solo" },
      { id: "pair", path: "/pair/*", serviceName: "pair" },
      { id: "dead", path: "/dead/*", serviceName: "dead" },
      { id: "gone", path: "/gone/*", serviceName: "gone" },
      { id: "budget", path: "/budget/*", serviceName: "solo", retry: { budgetRatio: 0, minRetryTokens: 2 } },
      {
        id: "window",
        path: "/window/*",
        serviceName: "solo",
        retry: { budgetRatio: 0, minRetryTokens: 1, budgetWindow: "2s" },
      },
      { id: "codes", path: "/codes/*", serviceName: "solo", retry: { retryableStatusCodes: [418] } },
      { id: "small", path: "/small/*", serviceName: "solo", retry: { maxBodySize: 16, initialDelay: 100 } },
      { id: "late", path: "/late/*", serviceName: "pair", retry: { perTryTimeout: "100ms" } },
      { id: "off", path: "/off/*", serviceName: "pair", retry: { enabled: false } },
      {
        id: "spare",
        path: "/spare/*",
        serviceName: "gone",
        retry: { maxAttempts: 2, hedgeAfter: "50ms", perTryTimeout: "100ms" },
        fallback: { serviceName: "plain", on: ["connect_failed"] },
      },
    ],
    services: {
      solo: a,
      plain: a,
      pair: [instance(a), instance(planned.b.port)],
      dead: [instance(NOBODYS_PORT), instance(a)],
      gone: NOBODYS_PORT,
    },
    more: {
      retry: {
        enabled: true,
        default: { initialDelay: 20, maxDelay: 500, jitter: false, minRetryTokens: 1000 },
        services: { plain: { enabled: false } },
      },
      metrics: { enabled: true },
    },
  });
  gateway = await startGateway(text);
});
after(async () => {
  await gateway.kill();
  await planned.close();
  assertCalm(gateway);
});

describe("an answer that says to come back", () => {
  test("is asked for again, at another instance, which is told so", async () => {
    const path = planned.on("/pair/once", failing(1));
    const reply = await call(gateway.port, { path });
    assert.deepEqual([reply.status, reply.text], [200, "ok"]);
    const [first, second] = planned.tries(path);
    assert.notEqual(first!.which, second!.which);
    assert.deepEqual(valuesOf(first!.request.rawHeaders, "x-retry-attempt"), []);
    assert.deepEqual(valuesOf(second!.request.rawHeaders, "x-retry-attempt"), ["1"]);
  });

  test("is one of retryableStatusCodes, if there are some, and no other", async () => {
    const teapot = planned.on("/codes/teapot", failing(1, 418));
    assert.equal((await call(gateway.port, { path: teapot })).status, 200);
    const unavailable = planned.on("/codes/unavailable", failing(1, 503));
    assert.equal((await call(gateway.port, { path: unavailable })).status, 503);
    assert.deepEqual([planned.tries(teapot).length, planned.tries(unavailable).length], [2, 1]);
  });

  test("is asked for again at the only instance", async () => {
    const path = planned.on("/solo/twice", failing(2, 502));
    assert.equal((await call(gateway.port, { path })).status, 200);
    assert.deepEqual(valuesOf(planned.tries(path)[2]!.request.rawHeaders, "x-retry-attempt"), ["2"]);
  });

  test("passes unchanged when it was the last", async () => {
    const path = planned.on("/solo/always", failing(9, 503, { "X-Why": "busy" }));
    const reply = await call(gateway.port, { path });
    assert.deepEqual(
      [reply.status, reply.headers["x-why"], reply.text, planned.tries(path).length],
      [503, "busy", "no 3", 3],
    );
  });

  test("passes when its status is not one of those, or retries are off", async () => {
    for (const [path, status] of [
      ["/solo/500", 500],
      ["/off/503", 503],
    ] as const) {
      planned.on(path, failing(9, status));
      assert.equal((await call(gateway.port, { path })).text, "no 1");
      assert.equal(planned.tries(path).length, 1);
    }
  });

  for (const [name, value] of [
    ["no wait", "0"],
    ["a date gone by", new Date(0).toUTCString()],
    ["nonsense", "soon"],
  ]) {
    test(`with ${name} as Retry-After is asked for again`, async () => {
      const path = planned.on(`/solo/after-${name!.replaceAll(" ", "-")}`, failing(1, 503, { "Retry-After": value! }));
      assert.equal((await call(gateway.port, { path })).status, 200);
    });
  }

  for (const [name, value] of [
    ["seconds", "9"],
    ["a date", new Date(Date.now() + 3_600_000).toUTCString()],
  ]) {
    test(`that asks for too long a wait, as ${name}, passes with what it asks for`, async () => {
      const path = planned.on(
        `/solo/too-long-${name!.replaceAll(" ", "-")}`,
        failing(1, 503, { "Retry-After": value! }),
      );
      const reply = await call(gateway.port, { path });
      assert.deepEqual([reply.status, reply.headers["retry-after"], planned.tries(path).length], [503, value, 1]);
    });
  }

  test("passes once the budget is spent", async () => {
    const path = planned.on("/budget/all", failing(1000));
    const replies = [];
    for (let i = 0; i < 3; i++) replies.push((await call(gateway.port, { path })).text);
    assert.deepEqual(replies, ["no 3", "no 4", "no 5"], "both retries went to the first request");
  });

  test("is there again when `budgetWindow` is over", async () => {
    const path = planned.on("/window/all", failing(1000));
    const tries = async () => {
      const before = planned.tries(path).length;
      await call(gateway.port, { path });
      return planned.tries(path).length - before;
    };
    assert.deepEqual([await tries(), await tries()], [2, 1]);
    await eventually("a retry", async () => (await tries()) === 2);
  });

  test("of any length leaves nothing behind in the answer that follows", async () => {
    const path = planned.on("/solo/large-refusal", ({ response }, nth) => {
      if (nth === 1) response.writeHead(503).end("x".repeat(300_000));
      else response.end("ok");
    });
    assert.equal((await call(gateway.port, { path })).text, "ok");
  });
});

describe("a request that must not be done twice", () => {
  test("is not sent again once it was answered or lost", async () => {
    const refused = planned.on("/solo/post-503", failing(1));
    const reset = planned.on("/solo/post-reset", losing(1));
    assert.equal((await call(gateway.port, { method: "POST", path: refused, body: "pay" })).status, 503);
    assert.equal((await call(gateway.port, { method: "POST", path: reset, body: "pay" })).status, 502);
    assert.deepEqual([planned.tries(refused).length, planned.tries(reset).length], [1, 1]);
  });

  test("is sent again where its Idempotency-Key says that it may", async () => {
    const bodies: string[] = [];
    const path = planned.on("/solo/post-key", reading(bodies, failing(2)));
    const headers = ["Idempotency-Key", "k-1"];
    assert.equal((await call(gateway.port, { method: "POST", path, headers, body: "pay" })).status, 200);
    assert.deepEqual(bodies, ["pay", "pay", "pay"]);
  });

  test("is sent to another instance when the first was not reached", async () => {
    for (let i = 0; i < 4; i++) {
      const reply = await call(gateway.port, { method: "POST", path: "/dead/post", body: "pay" });
      assert.equal(reply.status, 200);
    }
    assert.equal(planned.tries("/dead/post").length, 4);
  });
});

describe("a body", () => {
  const large = "0123456789abcdef".repeat(40_000);
  const put = (path: string, framing: string) => `PUT ${path} HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`;
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

  /** Sends a body that waits for 100, as asked, and is answered well. */
  async function bodyAfterContinue(path: string): Promise<void> {
    const client = await RawClient.to(gateway.port);
    client.send(put(path, "Content-Length: 4\r\nExpect: 100-continue"));
    assert.equal((await client.reply()).status, 100);
    client.send("body");
    assert.equal((await client.reply()).status, 200);
    client.close();
  }

  for (const [name, framing, bytes] of [
    ["known", `Content-Length: ${large.length}`, large],
    ["unknown", "Transfer-Encoding: chunked", `${chunk(large)}0\r\n\r\n`],
  ]) {
    test(`of ${name} length is sent again as it was`, async () => {
      const bodies: string[] = [];
      const path = planned.on(`/pair/body-${name}`, reading(bodies, failing(1)));
      const client = await RawClient.to(gateway.port);
      client.send(put(path, framing!) + bytes);
      assert.equal((await client.reply()).status, 200);
      client.close();
      assert.ok(bodies.length === 2 && bodies.every((body) => body === large));
    });
  }

  test("that is too large to be kept is not sent again", async () => {
    const path = planned.on("/small/large", reading([], failing(1)));
    assert.equal((await call(gateway.port, { method: "PUT", path, body: "x".repeat(17) })).status, 503);
    assert.equal(planned.tries(path).length, 1);
    assert.equal((await call(gateway.port, { method: "PUT", path, body: "x".repeat(16) })).status, 200);
  });

  for (const [name, framing, begun, rest] of [
    ["known", "Content-Length: 1010", "", "0123456789".repeat(101)],
    ["unknown", "Transfer-Encoding: chunked", chunk("0123456789"), `${chunk("0123456789".repeat(100))}0\r\n\r\n`],
  ]) {
    test(`of ${name} length that goes on to come while the gateway waits arrives whole`, async () => {
      const bodies: string[] = [];
      const path = planned.on(`/small/waits-${name}`, (one, nth) => {
        if (nth === 1) failing(1)(one, nth);
        else reading(bodies, ok)(one, nth);
      });
      const client = await RawClient.to(gateway.port);
      client.send(put(path, framing!) + begun);
      await eventually("the first answer", async () => {
        const series = await scrape(gateway.port);
        return sumOf(series, "gateway_retry_attempts_total", { route: "small", reason: "503" }) > 0;
      });
      client.send(rest!);
      assert.equal((await client.reply()).status, 200);
      client.close();
      assert.deepEqual(bodies, ["0123456789".repeat(101)]);
    });
  }

  test("that waits for 100 is asked for by whoever wants it", async () => {
    const bodies: string[] = [];
    const path = planned.on("/pair/expect", (one, nth) => {
      if (nth === 1) return failing(1)(one, nth);
      one.response.writeContinue();
      reading(bodies, ok)(one, nth);
    });
    await bodyAfterContinue(path);
    assert.deepEqual(bodies, ["body"]);
  });

  test("that was asked for by a first backend is not asked for again by the second", async () => {
    const bodies: string[] = [];
    const path = planned.on("/pair/expect-twice", (one, nth) => {
      one.response.writeContinue();
      reading(bodies, failing(1))(one, nth);
    });
    await bodyAfterContinue(path);
    assert.deepEqual(bodies, ["body", "body"]);
  });

  test("without a byte, of unknown length, ends for the second backend too", async () => {
    const bodies: string[] = [];
    await Promise.all(["/off/1", "/off/2"].map((path) => call(gateway.port, { path }))); // leaves idle connections
    const path = planned.on("/off/empty", reading(bodies, losing(1)));
    const client = await RawClient.to(gateway.port);
    client.send(`${put(path, "Transfer-Encoding: chunked")}0\r\n\r\n`);
    assert.equal((await client.reply()).status, 200);
    client.close();
    assert.deepEqual(bodies, ["", ""]);
  });
});

describe("a try that fails", () => {
  test("without an answer in its time is followed by one elsewhere, and gives its connection up", async () => {
    const path = planned.on("/late/once", hanging(1));
    assert.equal((await call(gateway.port, { path })).status, 200);
    const [first, second] = planned.tries(path);
    assert.notEqual(first!.which, second!.which);
    await first!.closed;
  });

  test("always, ends as the last one did", async () => {
    const late = await call(gateway.port, { path: planned.on("/late/always", hanging(9)) });
    assert.deepEqual([late.status, planned.tries("/late/always").length], [504, 3]);
    const reset = await call(gateway.port, { path: planned.on("/pair/lost", losing(9)) });
    assert.deepEqual([reset.status, planned.tries("/pair/lost").length], [502, 3]);
    assert.equal((await call(gateway.port, { path: "/gone/" })).status, 502);
  });

  test("inside the head is followed by another, inside the body never", async () => {
    const head = planned.on("/pair/head", ({ response }, nth) => {
      if (nth > 1) return void response.end("ok");
      response.socket!.write("HTTP/1.1 200 OK\r\nContent-Le");
      setImmediate(() => response.socket!.resetAndDestroy());
    });
    assert.equal((await call(gateway.port, { path: head })).text, "ok");
    const body = planned.on("/pair/half", ({ response }) => {
      response.writeHead(200, { "Content-Length": 10 });
      response.write("hello");
      setTimeout(() => response.socket!.resetAndDestroy(), 20);
    });
    const response = await headOf(begin(gateway.port, { path: body }));
    assert.equal(response.statusCode, 200);
    await assert.rejects(read(response));
    assert.equal(planned.tries(body).length, 1);
  });

  test("is counted with its reason, and the access line says how many there were", async () => {
    const before =
      sample(await scrape(gateway.port), "gateway_retry_attempts_total", { route: "solo", reason: "503" }) ?? 0;
    const reply = await call(gateway.port, { path: planned.on("/solo/counted", failing(2)) });
    const line = await accessLine(gateway, reply.headers["x-request-id"] as string);
    assert.deepEqual([line.attempts, line.status], [3, 200]);
    const counted = sample(await scrape(gateway.port), "gateway_retry_attempts_total", {
      route: "solo",
      reason: "503",
    });
    assert.equal(counted, before + 2);
  });

  test("leaves none of its times to the service that stands in", async () => {
    const path = planned.on("/spare/slow", ({ response }) => void setTimeout(() => response.end("ok"), 250));
    assert.equal((await call(gateway.port, { path })).text, "ok");
    assert.equal(planned.tries(path).length, 1);
  });
});

test("nothing is under way at the end", async () => {
  await eventually("nothing is under way", async () => {
    const series = await scrape(gateway.port);
    return sumOf(series, "gateway_http_requests_active") === 0 && planned.a.active === 0 && planned.b.active === 0;
  });
});
