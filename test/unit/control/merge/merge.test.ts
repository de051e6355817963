// How the answers of several data planes become one, question by question.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { askAll, merge } from "../../../../src/control/merge/merge.ts";
import type { EndpointSpec } from "../../../../src/core/endpoint.ts";
import type { ModelKeyReport, ModelReport } from "../../../../src/core/model-report.ts";
import type {
  Ask,
  CircuitReport,
  InstanceReport,
  LimitReport,
  MetricFamily,
  Statistics,
} from "../../../../src/core/questions.ts";
import { endpoint } from "../../../support/endpoints.ts";

describe("one data plane alone", () => {
  test("is asked, and its answer left as it is", async () => {
    // Two circuits of one name, as there are over a reload: merging would make one of them.
    const answer = [circuit("web", {}), circuit("web", { state: "open" })];
    const asked: unknown[] = [];
    const ask = (async (...about: unknown[]) => {
      asked.push(about);
      return answer;
    }) as unknown as Ask;
    assert.equal(await askAll([{ ask }])("circuits", null), answer);
    assert.deepEqual(asked, [["circuits", null]]);
  });
});

test("a failure of one data plane is a failure of the answer", async () => {
  const fine = (async () => ({ ready: true })) as unknown as Ask;
  const gone = (async () => Promise.reject(new Error("the process has ended"))) as unknown as Ask;
  await assert.rejects(askAll([{ ask: fine }, { ask: gone }])("status", null), /the process has ended/);
});

describe("status", () => {
  test("is ready where all are", () => {
    const [yes, no] = [{ ready: true }, { ready: false }];
    assert.deepEqual(merge("status", [yes, yes]), yes);
    assert.deepEqual(merge("status", [yes, no]), no);
    assert.deepEqual(merge("status", [yes, yes, no]), no);
    assert.deepEqual(merge("status", [no, no, no]), no);
  });
});

describe("statistics", () => {
  const of = (n: number): Statistics => ({
    requests: n,
    active: n * 2,
    services: 4,
    routes: n,
    memory: { rss: n * 3, heapTotal: n * 5, heapUsed: n * 7, external: n * 11 },
    connections: { http: n * 13, websocket: n * 17, sse: n * 19, grpc: n * 23 },
  });
  /** What `of` gives for the sum, but for what all have together. */
  const sumTo = (n: number, routes: number) => ({ ...of(n), services: 4, routes });
  test("add up, but for services and routes, which all have", () => {
    assert.deepEqual(merge("statistics", [of(1), of(100)]), sumTo(101, 100));
    assert.deepEqual(merge("statistics", [of(1), of(100), of(10)]), sumTo(111, 100));
  });
});

describe("services", () => {
  const web = (...instances: InstanceReport[]) => ({ name: "web", instances });
  const api = { name: "api", instances: [instance("x", {})] };

  test("are united by name, and their instances by id, in the order in which they come first", () => {
    const [a, b, c] = ["a", "b", "c"].map((id) => instance(id, {}));
    assert.deepEqual(merge("services", [[web(a!, b!)], [api, web(c!, b!)]]), [web(a!, b!, c!), api]);
    assert.deepEqual(merge("services", [[], [api], [web(c!)]]), [api, web(c!)]);
  });
  test("an instance is as well as it is where it is worst", () => {
    const well = instance("a", { check: "healthy" });
    const failing = instance("a", { failing: true, healthy: false, check: "unknown" });
    const out = instance("a", { healthy: false, obstacles: ["failing", "weight"], check: "unhealthy" });
    const two = merge("changeInstance", [well, failing])!;
    assert.deepEqual([two.healthy, two.failing, two.check, two.obstacles], [false, true, "unknown", []]);
    const three = merge("changeInstance", [out, well, { ...out, obstacles: ["ejected", "weight"] }])!;
    assert.deepEqual([three.healthy, three.failing, three.check], [false, false, "unhealthy"]);
    assert.deepEqual(three.obstacles, ["failing", "weight", "ejected"]);
    assert.equal(merge("changeInstance", [well, well, well])!.healthy, true);
  });
  test("nobody checks an instance only where no data plane does", () => {
    const checks = (...all: InstanceReport["check"][]) =>
      merge(
        "changeInstance",
        all.map((check) => instance("a", { check })),
      )!.check;
    assert.equal(checks(null, null), null);
    assert.equal(checks(null, "healthy"), "healthy");
    assert.equal(checks("healthy", null, "unknown"), "unknown");
  });
  test("what an instance does adds up, and its latency counts by attempts", () => {
    const quick = instance("a", { active: 1, attempts: 90, failures: 2, latencyMs: 10 });
    const slow = instance("a", { active: 2, attempts: 10, failures: 3, latencyMs: 110 });
    const silent = instance("a", { active: 4, attempts: 0, failures: 0, latencyMs: -1 });
    const sums = ({ active, attempts, failures, latencyMs }: InstanceReport) => [active, attempts, failures, latencyMs];
    assert.deepEqual(sums(merge("changeInstance", [quick, slow])!), [3, 100, 5, 20]);
    assert.deepEqual(sums(merge("changeInstance", [silent, quick, slow])!), [7, 100, 5, 20]);
    assert.deepEqual(sums(merge("changeInstance", [silent, silent])!), [8, 0, 0, -1]);
    // Its first attempt was answered and has not ended.
    assert.equal(merge("changeInstance", [silent, { ...silent, latencyMs: 7 }])!.latencyMs, 7);
  });
  test("an instance that only some know was changed there", () => {
    const known = instance("a", {});
    assert.deepEqual(merge("changeInstance", [null, known]), known);
    assert.deepEqual(merge("changeInstance", [null, known, null]), known);
    assert.equal(merge("changeInstance", [null, null, null]), null);
  });
});

describe("filters", () => {
  test("are those of any: all run the same configuration", () => {
    assert.deepEqual(
      merge("filters", [
        [["a"], []],
        [["a"], []],
      ]),
      [["a"], []],
    );
    assert.deepEqual(merge("filters", [[["a"]], [["a"]], [["a"]]]), [["a"]]);
  });
});

describe("circuits", () => {
  const closed = circuit("web", { failures: 1, successes: 20, lastFailureAt: 5, lastChangeAt: 0 });
  const open = circuit("web", { state: "open", failures: 7, successes: 1, lastFailureAt: 9, retryAfterMs: 800 });
  const trying = circuit("web", { state: "half_open", failures: 2, lastChangeAt: 8, retryAfterMs: 0 });

  test("are open where any is, with the results of all and the latest times", () => {
    assert.deepEqual(merge("circuits", [[closed], [open]]), [
      { ...open, failures: 8, successes: 21, lastFailureAt: 9, lastChangeAt: 0 },
    ]);
    assert.deepEqual(merge("circuits", [[trying], [closed, circuit("api", {})], [open]]), [
      { ...open, failures: 10, successes: 21, lastFailureAt: 9, lastChangeAt: 8 },
      circuit("api", {}),
    ]);
    assert.equal(merge("circuits", [[closed], [trying], [closed]])[0]!.state, "half_open");
  });
  test("a reset tells the worst they were in, and are in now", () => {
    const reset = (name: string, before: CircuitReport["state"], after: CircuitReport["state"]) => {
      return { name, before, after };
    };
    assert.deepEqual(merge("resetCircuits", [[reset("web", "closed", "closed")], [reset("web", "open", "closed")]]), [
      reset("web", "open", "closed"),
    ]);
    assert.deepEqual(
      merge("resetCircuits", [
        [reset("web", "half_open", "closed")],
        [],
        [reset("api", "closed", "closed"), reset("web", "closed", "open")],
      ]),
      [reset("web", "half_open", "open"), reset("api", "closed", "closed")],
    );
  });
});

describe("models", () => {
  const of = (place: number, restsMs: number, ...keys: ModelKeyReport[]): ModelReport => ({
    rule: "chat",
    order: "priority",
    place,
    weight: 1,
    model: "a",
    provider: "p",
    upstreamName: "a",
    credential: "keys",
    keys,
    restsMs,
    open: false,
    known: true,
    contextIn: 0,
    contextOut: 0,
    capabilities: [],
    price: null,
  });
  const key = (state: ModelKeyReport["state"], forMs: number): ModelKeyReport => ({ state, forMs });
  test("a key is as bad as it is for any of them, and a model rests as long", () => {
    const answers = [[of(1, 0, key("good", 0), key("cooling", 5))], [of(2, 7, key("cooling", 9), key("bad", 1))]];
    assert.deepEqual(merge("models", answers), [of(1, 7, key("cooling", 9), key("bad", 5))]);
  });
  test("stand once for each rule, name and provider", () => {
    const other = { ...of(2, 0), provider: "q" };
    assert.deepEqual(merge("models", [[of(1, 0), other], [other]]), [of(1, 0), other]);
  });
});

describe("limits", () => {
  test("in memory: what is used adds up, since the requests of a client are spread", () => {
    const of = (currentUsage: number | null) => [limit({ currentUsage })];
    assert.deepEqual(merge("limits", [of(3), of(4)]), of(7));
    assert.deepEqual(merge("limits", [of(3), of(null), of(4)]), of(7));
    assert.deepEqual(merge("limits", [of(null), of(null)]), of(null));
  });
  test("in a shared store: each tells the same, or less where its news is older", () => {
    const of = (currentUsage: number | null) => [limit({ store: "redis", currentUsage })];
    assert.deepEqual(merge("limits", [of(3), of(4)]), of(4));
    assert.deepEqual(merge("limits", [of(3), of(4), of(2)]), of(4));
  });
  test("are degraded where any data plane counts alone, and are united by id", () => {
    const alone = limit({ id: "b", degraded: true });
    const merged = merge("limits", [[limit({}), limit({ id: "b" })], [alone], [limit({ id: "b" })]]);
    assert.deepEqual(
      merged.map(({ id, degraded }) => [id, degraded]),
      [
        ["a", false],
        ["b", true],
      ],
    );
  });
  test("a change tells how the limit is now, where any knows it", () => {
    assert.deepEqual(merge("changeLimit", [limit({}), limit({ currentUsage: 2 })]), limit({ currentUsage: 3 }));
    assert.deepEqual(merge("changeLimit", [null, null, limit({})]), limit({}));
    assert.equal(merge("changeLimit", [null, null]), null);
  });
});

describe("metrics", () => {
  const family = (aggregator: string, ...values: MetricFamily["values"][number][]): MetricFamily => {
    return { name: aggregator, help: "", type: "gauge", aggregator, values };
  };
  const valuesOf = (aggregator: string, ...numbers: number[]) =>
    merge(
      "metrics",
      numbers.map((value) => [family(aggregator, { value, labels: {} })]),
    ).flatMap(({ values }) => values.map(({ value }) => value));

  test("series become one as their metric says", () => {
    for (const [aggregator, two, three] of [
      ["sum", 10, 14],
      ["min", 3, 3],
      ["max", 7, 7],
      ["average", 5, 14 / 3],
      ["first", 3, 3],
    ] as const) {
      assert.deepEqual(valuesOf(aggregator, 3, 7), [two], aggregator);
      assert.deepEqual(valuesOf(aggregator, 3, 7, 4), [three], aggregator);
    }
  });
  test("what makes no sense together is left out", () => assert.deepEqual(valuesOf("omit", 1, 2), []));
  test("series are told apart by their labels, in whatever order, and by the part of a histogram", () => {
    const part = (metricName: string, value: number) => ({ value, labels: { le: 1 }, metricName });
    const merged = merge("metrics", [
      [family("sum", { value: 1, labels: { a: "x", b: 2 } }, part("h_bucket", 5), part("h_sum", 6))],
      [
        family(
          "sum",
          part("h_sum", 60),
          { value: 10, labels: { b: 2, a: "x" } },
          { value: 9, labels: { a: "y", b: 2 } },
        ),
      ],
      [family("sum", part("h_bucket", 50)), family("max", { value: 8, labels: {} })],
    ]);
    assert.deepEqual(merged, [
      family("sum", { value: 11, labels: { a: "x", b: 2 } }, part("h_bucket", 55), part("h_sum", 66), {
        value: 9,
        labels: { a: "y", b: 2 },
      }),
      family("max", { value: 8, labels: {} }),
    ]);
  });
});

test("a level that all have taken has no answer", () => {
  assert.equal(merge("setLogLevel", [null, null]), null);
  assert.equal(merge("setLogLevel", [null, null, null]), null);
});

function instance(id: string, facts: Partial<InstanceReport>): InstanceReport {
  const spec: EndpointSpec = { ...endpoint(id).spec, id };
  return {
    spec,
    healthy: true,
    failing: false,
    obstacles: [],
    check: null,
    weight: 1,
    active: 0,
    attempts: 0,
    failures: 0,
    latencyMs: -1,
    ...facts,
  };
}

function circuit(name: string, facts: Partial<CircuitReport>): CircuitReport {
  const none = { failures: 0, successes: 0, lastFailureAt: 0, lastChangeAt: 0, retryAfterMs: 0 };
  return { name, state: "closed", ...none, ...facts };
}

function limit(facts: Partial<LimitReport>): LimitReport {
  const fixed = { path: "/*", limit: 5, burst: 5, windowMs: 1000, type: "token_bucket" };
  return { id: "a", ...fixed, store: "memory", degraded: false, currentUsage: 1, ...facts };
}
