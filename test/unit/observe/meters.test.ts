// Counters: exact, bounded in labels, back at zero.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RequestContext } from "../../../src/core/context.ts";
import type { ModelCall } from "../../../src/core/model-call.ts";
import { Histogram } from "../../../src/observe/histogram.ts";
import { RouteMeterCells } from "../../../src/observe/meters.ts";
import { ModelMeter } from "../../../src/observe/model-meter.ts";
import { contextOf, routeOf } from "../../support/context.ts";

function request(method: string, status: number): RequestContext {
  return contextOf({ method, status, route: routeOf() });
}

test("a histogram puts a value on a bound into that bucket, and larger ones into +Inf", () => {
  const h = new Histogram([1, 2, 5]);
  for (const v of [0.5, 1, 1.5, 5, 6]) h.observe(v);
  assert.deepEqual(h.cumulative(), [2, 3, 4, 5]);
  assert.equal(h.count, 5);
  assert.equal(h.sum, 14);
});

test("requests are counted by method and status", () => {
  const meter = new RouteMeterCells({ route: "a", path: "/a" }, [1]);
  for (const [method, status] of [
    ["GET", 200],
    ["GET", 200],
    ["POST", 500],
  ] as const) {
    const ctx = request(method, status);
    meter.begin(ctx);
    meter.done(ctx, 0.1);
  }
  const cells = [...meter.cells.values()].map((c) => [c.method, c.status, c.seconds.count]);
  assert.deepEqual(cells, [
    ["GET", 200, 2],
    ["POST", 500, 1],
  ]);
});

test("methods that clients invent share one label", () => {
  const meter = new RouteMeterCells({ route: "a", path: "/a" }, [1]);
  for (const method of ["BREW", "WHEN", "PROPFIND"]) {
    const ctx = request(method, 200);
    meter.begin(ctx);
    meter.done(ctx, 0.1);
  }
  assert.equal(meter.cells.size, 1);
  assert.equal([...meter.cells.values()][0]!.method, "OTHER");
});

test("the number of requests under way comes back to zero", () => {
  const meter = new RouteMeterCells({ route: "a", path: "/a" }, [1]);
  const ctx = request("GET", 200);
  meter.begin(ctx);
  assert.equal(meter.methods[0]!.active, 1);
  meter.done(ctx, 0.1);
  assert.equal(meter.methods[0]!.active, 0);
});

test("models that clients name share one label beyond a number of them", async () => {
  const meter = new ModelMeter();
  const ctx = request("POST", 200);
  const call: ModelCall = {
    requested: "m",
    model: "m",
    provider: "p",
    format: "openai-chat",
    stream: false,
    tokens: null,
    tokensEstimated: false,
    firstContentMs: -1,
    fallbackReason: "",
    billed: "",
    upstreamIds: [],
  };
  for (let i = 0; i < 2010; i++) meter.done(ctx, { ...call, model: `m${i}` });
  const [requests] = meter.metrics();
  const { values: samples } = await requests!.get();
  assert.equal(samples.length, 2001);
  assert.deepEqual([samples.at(-1)!.labels.model, samples.at(-1)!.value], ["others", 10]);
});
