// How loads follow each other: one at a time, the newest wins, what passes by itself is tried again, nothing half applied.
import assert from "node:assert/strict";
import { mock, type TestContext, test } from "node:test";
import type { Listeners, Prepared } from "../../../src/control/listeners.ts";
import type { Loading } from "../../../src/control/loader.ts";
import { Reconciler } from "../../../src/control/reconciler.ts";
import type { CurrentSnapshot } from "../../../src/core/snapshot.ts";
import { compile } from "../../../src/snapshot/compile.ts";
import { loadFine } from "../../support/load.ts";
import { quietRuntime } from "../../support/runtime.ts";

function configOf(path: string, services = ["web"]) {
  const list = services.map((name) => `{ name: ${name}, instances: [ { address: 127.0.0.1, port: 1 } ] }`);
  return loadFine(`gateway:
  telemetry: { logging: { enabled: false } }
  router: { rules: [ { path: ${path}, serviceName: web } ] }
  registry: { static: { services: [ ${list.join(", ")} ] } }
`);
}

const loaded = (path: string): Loading => ({ kind: "loaded", config: configOf(path), warnings: [], files: new Map() });
const refused = (why: string, file: string): Loading => {
  return { kind: "refused", text: why, problems: [why], files: new Map([[file, "stamp"]]) };
};

/** A reconciler whose loads wait until they are given what they load. */
function setUp(prepare: () => Promise<Prepared> = async () => ({ commit: () => undefined, cancel: () => undefined })) {
  const runtime = quietRuntime();
  const errors: string[] = [];
  const log = { ...runtime.log, error: (message: string) => void errors.push(message) };
  const first = compile(configOf("/first"), runtime);
  const live: CurrentSnapshot = { snapshot: first, draining: false };
  const waiting: ((loading: Loading | Promise<Loading>) => void)[] = [];
  const load = () => new Promise<Loading>((resolve) => waiting.push(resolve));
  const listeners = { prepare } as unknown as Listeners;
  const reconciler = new Reconciler(load, { ...runtime, log }, live, listeners, first, []);
  const give = (loading: Loading | Promise<Loading>) => waiting.shift()!(loading);
  const path = () => live.snapshot.routes[0]!.pattern;
  return { reconciler, waiting, give, path, errors, runtime };
}

test("requests that come while a load runs share the one after it, and the newest is live at the end", async () => {
  const { reconciler, waiting, give, path } = setUp();
  const one = reconciler.reload("a");
  const [two, three] = [reconciler.reload("b"), reconciler.reload("c")];
  assert.equal(two, three);
  assert.equal(waiting.length, 1);
  give(loaded("/one"));
  assert.equal((await one).kind, "applied");
  assert.equal(path(), "/one");
  give(loaded("/two"));
  assert.equal((await two).kind, "applied");
  assert.equal(path(), "/two");
});

test("the files of every load are told, also of a refused one", async () => {
  const { reconciler, give, path } = setUp();
  const told: string[][] = [];
  reconciler.onLoaded = (files) => void told.push([...files.keys()]);
  const outcome = reconciler.reload("a");
  give(refused("no such file", "/missing"));
  assert.deepEqual(await outcome, { kind: "refused", problems: ["no such file"] });
  assert.deepEqual(told, [["/missing"]]);
  assert.equal(path(), "/first");
});

function withTimers(t: TestContext): void {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
}

test("a load that failed beside the files is tried again, and its refusal is logged once", async (t) => {
  withTimers(t);
  let failures = 3;
  const prepare = async (): Promise<Prepared> => {
    if (failures-- > 0) throw new Error("cannot listen: the port is in use");
    return { commit: () => undefined, cancel: () => undefined };
  };
  const { reconciler, waiting, give, path, errors, runtime } = setUp(prepare);
  const leases = runtime.leases.size;
  const first = reconciler.reload("file");
  give(loaded("/next"));
  assert.equal((await first).kind, "refused");
  assert.equal(runtime.leases.size, leases);
  for (const ms of [1000, 2000, 4000]) {
    assert.equal(path(), "/first");
    mock.timers.tick(ms - 1);
    assert.equal(waiting.length, 0);
    mock.timers.tick(1);
    assert.equal(waiting.length, 1);
    const { lastLoad } = reconciler;
    give(loaded("/next"));
    do await new Promise((resolve) => setImmediate(resolve));
    while (reconciler.lastLoad === lastLoad);
  }
  assert.equal(path(), "/next");
  assert.equal(errors.length, 1);
});

test("a load that was refused for what the files say waits for them to change", async (t) => {
  withTimers(t);
  const { reconciler, waiting, give } = setUp();
  const outcome = reconciler.reload("file");
  give(refused("unknown key", "/a"));
  await outcome;
  mock.timers.tick(1_000_000);
  assert.equal(waiting.length, 0);
});

test("a configuration too large for the memory of the thread is not tried again", async (t) => {
  withTimers(t);
  const { reconciler, waiting, give } = setUp();
  const outcome = reconciler.reload("file");
  give(Promise.reject(Object.assign(new Error("out of memory"), { code: "ERR_WORKER_OUT_OF_MEMORY" })));
  assert.deepEqual(await outcome, { kind: "refused", problems: ["out of memory"] });
  mock.timers.tick(1_000_000);
  assert.equal(waiting.length, 0);
});
