// The table of the management API, its bodies, and the operations on circuits and limits.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CallError, json } from "../../../../src/control/management/answer.ts";
import { readFields } from "../../../../src/control/management/body.ts";
import { breakerOperations } from "../../../../src/control/management/breakers.ts";
import type { GatewayView } from "../../../../src/control/management/gateway-view.ts";
import { limitOperations } from "../../../../src/control/management/limits.ts";
import { type Call, type Operation, OperationTable } from "../../../../src/control/management/operation.ts";
import { compareRoutes, routeOperations } from "../../../../src/control/management/routes.ts";
import { serviceOperations } from "../../../../src/control/management/services.ts";
import type { Breaker, BreakerState } from "../../../../src/core/breaker.ts";
import type { LimitView } from "../../../../src/core/limit-view.ts";
import type { Ask } from "../../../../src/core/questions.ts";
import type { Answers } from "../../../../src/data/answers/answers.ts";
import { reportCircuits, resetCircuits } from "../../../../src/data/answers/circuits.ts";
import { changeLimit, reportLimit } from "../../../../src/data/answers/limits.ts";
import { loadFine, withRules } from "../../../support/load.ts";

/** Answers some questions as the data plane does. */
function answering(answers: Partial<Answers>): Ask {
  return async (question, about) => answers[question]!(about);
}

function operation(method: Operation["method"], path: string): Operation {
  return { method, path, group: "services", run: () => json(`${method} ${path}`) };
}

function fails(run: () => unknown, status: number, message: RegExp): CallError {
  let caught: unknown;
  assert.throws(run, (error) => {
    caught = error;
    return error instanceof CallError && error.status === status && message.test(error.message);
  });
  return caught as CallError;
}

describe("the table", () => {
  const table = new OperationTable([
    operation("GET", "/services"),
    operation("POST", "/services/reset"),
    operation("GET", "/services/{name}"),
    operation("PUT", "/services/{name}"),
    operation("PUT", "/services/{name}/instances/{id}"),
  ]);
  test("finds by method and path", () => {
    assert.equal(table.find("GET", "/services").operation.path, "/services");
    assert.equal(table.find("HEAD", "/services").operation.method, "GET");
    assert.equal(table.find("POST", "/services/reset").operation.path, "/services/reset");
  });
  test("a segment is decoded after it was cut out, so that names may hold slashes", () => {
    assert.deepEqual(table.find("PUT", "/services/a%2Fb/instances/c%20d").params, ["a/b", "c d"]);
  });
  for (const path of [
    ..."/ /services/ /services//instances/x /Services /services/../services /services/%zz /services/%C3".split(" "),
    ..."services //services /services/a/instances /services/a/instances/b/c /serv%69ces".split(" "),
  ]) {
    test(`${path} is not found`, () => void fails(() => table.find("GET", path), 404, /^Not found$/));
  }
  test("another method is told which there are", () => {
    const error = fails(() => table.find("DELETE", "/services/x"), 405, /^Method not allowed$/);
    assert.deepEqual(error.fields, { Allow: "GET, HEAD, PUT" });
  });
});

describe("a body", () => {
  const checks = { on: { expects: "true or false", is: (v: unknown): v is boolean => typeof v === "boolean" } };
  const read = (body: unknown) => readFields<{ on: boolean }>(body, checks);
  test("may be missing", () => assert.deepEqual(read(undefined), {}));
  test("is taken when every key is fine", () => assert.deepEqual(read({ on: true }), { on: true }));
  for (const body of [null, 1, "x", [], [{ on: true }]]) {
    test(`${JSON.stringify(body)} is no object`, () => void fails(() => read(body), 400, /must be a JSON object/));
  }
  test("names keys that are unknown, also those every object has", () => {
    fails(() => read({ off: 1 }), 400, /^Unknown key "off"; known keys are on$/);
    fails(() => read(JSON.parse('{"__proto__":{"on":true}}')), 400, /^Unknown key "__proto__"/);
    fails(() => read({ constructor: 1 }), 400, /^Unknown key "constructor"/);
  });
  test("names a value that is wrong", () => void fails(() => read({ on: "yes" }), 400, /^on: expected true or false$/));
});

describe("circuits", () => {
  function breaker(name: string, state: BreakerState): Breaker {
    const facts = { failures: 3, successes: 1, lastFailureAt: 1_700_000_000_000, lastChangeAt: 0 };
    const made = { name, state, facts, retryAfterMs: 1500, reset: () => void Object.assign(made, { state: "closed" }) };
    return made as unknown as Breaker;
  }
  const breakers = new Set([breaker("up", "half_open"), breaker("up/a", "open")]);
  const ask = answering({
    circuits: () => reportCircuits(breakers),
    resetCircuits: (name) => resetCircuits(breakers, name),
  });
  const table = new OperationTable(breakerOperations({ ask } as GatewayView));
  const run = async (method: string, path: string, body?: unknown) => {
    const { operation, params } = table.find(method, path);
    return JSON.parse(String((await operation.run({ params, body })).body)) as unknown;
  };

  test("are listed with what they saw", async () => {
    const { breakers: listed } = (await run("GET", "/circuit-breakers")) as { breakers: unknown[] };
    assert.deepEqual(listed[0], {
      name: "up",
      state: "half-open",
      failures: 3,
      successRate: 0.25,
      lastFailure: "2023-11-14T22:13:20.000Z",
      lastStateChange: null,
      retryAfter: 1.5,
    });
  });
  test("one is reset by its name, which may hold a slash", async () => {
    assert.deepEqual(await run("POST", "/circuit-breakers/up%2Fa/reset"), {
      status: "success",
      previousState: "open",
      currentState: "closed",
    });
    assert.deepEqual(
      [...breakers].map((b) => b.state),
      ["half_open", "closed"],
    );
  });
  test("all are reset together", async () => {
    await run("POST", "/circuit-breakers/reset");
    assert.deepEqual(
      [...breakers].map((b) => b.state),
      ["closed", "closed"],
    );
  });
  test("an unknown one is not found, and a body says nothing here", async () => {
    await assert.rejects(async () => run("POST", "/circuit-breakers/down/reset"), /Circuit breaker not found/);
    await assert.rejects(async () => run("POST", "/circuit-breakers/reset", { a: 1 }), /this call has no keys/);
  });
});

describe("limits", () => {
  const set: number[][] = [];
  const limit: LimitView = {
    id: "rule/all",
    path: "/*",
    limit: 5,
    burst: 5,
    windowMs: 60_000,
    type: "token_bucket",
    store: "memory",
    degraded: false,
    currentUsage: 2,
    set: (...args) => void set.push(args),
  };
  const viewOf = (view: LimitView) => {
    const ask = answering({ limits: () => [reportLimit(view)], changeLimit: (to) => changeLimit([view], to) });
    return { ask } as GatewayView;
  };
  const table = new OperationTable(limitOperations(viewOf(limit)));
  const change = async (id: string, body: unknown) => {
    const { operation, params } = table.find("PUT", `/rate-limits/${id}`);
    return operation.run({ params, body });
  };

  test("are listed, with the window in seconds", async () => {
    const { body } = await table.find("GET", "/rate-limits").operation.run({ params: [], body: undefined });
    const { set: _, windowMs: __, ...shown } = limit;
    assert.deepEqual(JSON.parse(String(body)), { limits: [{ ...shown, window: 60 }] });
  });
  test("are changed by rate, and by burst where it is said", async () => {
    await change("rule%2Fall", { rate: 2.5 });
    await change("rule%2Fall", { rate: 7, burst: 20 });
    assert.deepEqual(set.splice(0), [
      [2.5, 3],
      [7, 20],
    ]);
  });
  for (const body of [{ rate: 0 }, { rate: -1 }, { rate: "5" }, { rate: 1, burst: 0 }, { burst: 3 }, {}, undefined]) {
    test(`${JSON.stringify(body)} changes nothing`, async () => {
      await assert.rejects(change("rule%2Fall", body), CallError);
      assert.deepEqual(set, []);
    });
  }
  test("what a sliding window has no use for is refused", async () => {
    const window = { ...limit, id: "window", type: "sliding_window", burst: null };
    const { run } = limitOperations(viewOf(window))[1]!;
    for (const body of [{ rate: 5, burst: 5 }, { rate: 0.5 }]) {
      await assert.rejects(async () => run({ params: ["window"], body }), /no effect|would admit no request/);
    }
    await run({ params: ["window"], body: { rate: 5 } });
    assert.deepEqual(set.splice(0), [[5, 5]]);
  });
  test("an unknown one is not found", () => assert.rejects(change("x", { rate: 1 }), /not found/));
});

describe("what a reload did to the routes", () => {
  const config = (...rules: string[]) => loadFine(withRules(...rules));
  const one = "{ id: a, path: /a, serviceName: web }";
  const two = "{ id: b, path: /b, serviceName: web }";
  test("is told by id: added, changed, removed", () => {
    const before = config(one, two);
    const after = config("{ id: c, path: /c, serviceName: web }", "{ id: b, path: /b, serviceName: web, timeout: 1 }");
    assert.deepEqual(compareRoutes(before, after), {
      routesLoaded: 2,
      routesAdded: 1,
      routesUpdated: 1,
      routesRemoved: 1,
    });
  });
  test("is nothing for rules that only moved in the file", () => {
    assert.deepEqual(compareRoutes(config(one, two), config(two, one)), {
      routesLoaded: 2,
      routesAdded: 0,
      routesUpdated: 0,
      routesRemoved: 0,
    });
  });
});

describe("rules with language models", () => {
  const config = loadFine(`gateway:
  llm: { providers: { openai: { kind: openai, apiKeys: [ sk-secret ] }, claude: { kind: anthropic, apiKeys: [ sk-secret ] } } }
  router: { rules: [ { id: m, path: /v1/*, strategy: { type: llm, models: [ openai/gpt-5 ] } } ] }
`);
  const view = (answers: Partial<Answers>) =>
    ({ config: () => config, ask: answering(answers) }) as unknown as GatewayView;
  const call = (params: readonly string[] = []) => ({ params, body: undefined }) satisfies Call;
  test("name their models in the place of a service, and no key", async () => {
    const [list] = routeOperations(view({ filters: () => [[]] }));
    const body = String((await list!.run(call())).body);
    assert.doesNotMatch(body, /sk-secret/);
    const [route] = (JSON.parse(body) as { routes: readonly unknown[] }).routes;
    const { service, strategy, timeout } = route as Record<string, unknown>;
    assert.deepEqual([service, timeout], [null, 600]);
    assert.deepEqual(strategy, { order: "priority", models: [{ model: "openai/gpt-5", weight: 1 }] });
  });
  test("are routes of the services of their providers", async () => {
    const services = (name: unknown) => [{ name, instances: [] }] as unknown as ReturnType<Answers["services"]>;
    const [, one] = serviceOperations(view({ services }));
    const routesOf = async (name: string) => {
      const body = String((await one!.run(call([name]))).body);
      return (JSON.parse(body) as { configuration: { routes: readonly string[] } }).configuration.routes;
    };
    assert.deepEqual([await routesOf("llm.openai"), await routesOf("llm.claude")], [["m"], []]);
  });
});
