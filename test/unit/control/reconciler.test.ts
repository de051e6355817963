// How loads follow each other: one at a time, the newest wins, what passes by itself is tried again, nothing half applied.
import assert from "node:assert/strict";
import { mock, type TestContext, test } from "node:test";
import type { Config } from "../../../src/config/config.ts";
import type { Loading } from "../../../src/control/loader.ts";
import { Reconciler } from "../../../src/control/reconciler.ts";
import type { Participant } from "../../../src/core/data-plane.ts";
import { loadFine } from "../../support/load.ts";
import { NO_LOG } from "../../support/network.ts";

function configOf(path: string, services = ["web"]) {
  const list = services.map((name) => `{ name: ${name}, instances: [ { address: 127.0.0.1, port: 1 } ] }`);
  return loadFine(`gateway:
  telemetry: { logging: { enabled: false } }
  router: { rules: [ { path: ${path}, serviceName: web } ] }
  registry: { static: { services: [ ${list.join(", ")} ] } }
`);
}

const NOTICED = { warnings: [], dropped: [], files: new Map() };
const loaded = (path: string): Loading => ({ kind: "loaded", config: configOf(path), ...NOTICED });
const refused = (why: string, file: string): Loading => {
  return { kind: "refused", text: why, problems: [why], files: new Map([[file, "stamp"]]) };
};

/** Applies configurations, and notes what is asked of it. */
class Applies implements Participant<Config> {
  readonly asked: string[] = [];
  /** Path of the only rule of the configuration in effect. */
  path = "";
  /** How many configurations are refused from now on. */
  failures = 0;
  #prepared = "";

  async prepare(config: Config): Promise<void> {
    this.asked.push("prepare");
    if (this.failures-- > 0) throw new Error("cannot listen: the port is in use");
    this.#prepared = config.rules[0]!.path;
  }
  async commit(): Promise<void> {
    this.asked.push("commit");
    this.path = this.#prepared;
  }
  async cancel(): Promise<void> {
    this.asked.push("cancel");
  }
}

/** A reconciler at work whose loads wait until they are given what they load. */
async function setUp() {
  const errors: string[] = [];
  const log = { ...NO_LOG, error: (message: string) => void errors.push(message) };
  const waiting: ((loading: Loading | Promise<Loading>) => void)[] = [];
  const load = () => new Promise<Loading>((resolve) => waiting.push(resolve));
  const [one, two] = [new Applies(), new Applies()];
  const reconciler = new Reconciler(load, [one, two], log);
  await reconciler.start(configOf("/first"), ["odd"]);
  const give = (loading: Loading | Promise<Loading>) => waiting.shift()!(loading);
  const path = () => {
    assert.equal(one.path, two.path);
    assert.equal(reconciler.config.rules[0]!.path, one.path);
    return one.path;
  };
  return { reconciler, waiting, give, path, errors, one, two };
}

test("the first configuration is applied by the same steps as those that follow", async () => {
  const { reconciler, path, one, two } = await setUp();
  assert.equal(path(), "/first");
  assert.deepEqual(reconciler.warnings, ["odd"]);
  assert.deepEqual(reconciler.lastLoad.ok, true);
  for (const { asked } of [one, two]) assert.deepEqual(asked, ["prepare", "commit"]);
});

test("a first configuration that cannot run is told to whoever starts", async () => {
  const [fine, broken] = [new Applies(), new Applies()];
  broken.failures = 1;
  const reconciler = new Reconciler(() => Promise.reject(new Error("no load")), [fine, broken], NO_LOG);
  await assert.rejects(reconciler.start(configOf("/first"), []), /the port is in use/);
  assert.deepEqual(fine.asked, ["prepare", "cancel"]);
});

test("what one participant refuses, those before it cancel and those behind it never see", async () => {
  const { reconciler, give, path, one, two } = await setUp();
  const ended: boolean[] = [];
  reconciler.onEnded = (ok) => void ended.push(ok);
  two.failures = 1;
  const outcome = reconciler.reload("a");
  give(loaded("/next"));
  assert.equal((await outcome).kind, "refused");
  assert.equal(path(), "/first");
  assert.deepEqual(one.asked.splice(0), ["prepare", "commit", "prepare", "cancel"]);
  assert.deepEqual(two.asked.splice(0), ["prepare", "commit", "prepare"]);
  one.failures = 1;
  const again = reconciler.reload("b");
  give(loaded("/next"));
  assert.equal((await again).kind, "refused");
  assert.deepEqual([one.asked, two.asked], [["prepare"], []]);
  assert.deepEqual(ended, [false, false]);
  reconciler.close();
});

test("a configuration that was prepared while the gateway began to stop is cancelled", async () => {
  const { reconciler, give, path, one, two } = await setUp();
  const outcome = reconciler.reload("a");
  reconciler.close();
  give(loaded("/next"));
  assert.deepEqual(await outcome, { kind: "refused", problems: ["the gateway is shutting down"] });
  assert.equal(path(), "/first");
  for (const { asked } of [one, two]) assert.deepEqual(asked.at(-1), "cancel");
});

test("requests that come while a load runs share the one after it, and the newest is live at the end", async () => {
  const { reconciler, waiting, give, path } = await setUp();
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
  const { reconciler, give, path } = await setUp();
  const told: string[][] = [];
  reconciler.onLoaded = (files) => void told.push([...files.keys()]);
  const outcome = reconciler.reload("a");
  give(refused("no such file", "/missing"));
  assert.deepEqual(await outcome, { kind: "refused", problems: ["no such file"] });
  assert.deepEqual(told, [["/missing"]]);
  assert.equal(path(), "/first");
});

test("what is dropped of what registries bring is said once", async () => {
  const said: unknown[] = [];
  const log = { ...NO_LOG, warn: (_: string, facts?: object) => void said.push(facts) };
  const bad = { source: "docker:web-1", problems: ["docker:web-1 label x: wrong", "docker:web-1 label y: wrong"] };
  const dropped = [[bad], [bad], [], [bad, { ...bad, source: "docker:web-2" }]];
  const load = async (): Promise<Loading> => {
    return { kind: "unchanged", ...NOTICED, dropped: dropped.shift()! };
  };
  const reconciler = new Reconciler(load, [new Applies()], log);
  await reconciler.start(configOf("/first"), []);
  const line = (count: number) => ({ fragments: count, problems: Array(count).fill("docker:web-1 label x: wrong") });
  for (const expected of [[line(1)], [], [], [line(2)]]) {
    await reconciler.reload("docker");
    assert.deepEqual(said.splice(0), expected);
  }
  assert.deepEqual(
    reconciler.dropped.map(({ source }) => source),
    ["docker:web-1", "docker:web-2"],
  );
});

function withTimers(t: TestContext): void {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
}

test("a load that failed beside the files is tried again, and its refusal is logged once", async (t) => {
  withTimers(t);
  const { reconciler, waiting, give, path, errors, two } = await setUp();
  two.failures = 3;
  const first = reconciler.reload("file");
  give(loaded("/next"));
  assert.equal((await first).kind, "refused");
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
  const { reconciler, waiting, give } = await setUp();
  const outcome = reconciler.reload("file");
  give(refused("unknown key", "/a"));
  await outcome;
  mock.timers.tick(1_000_000);
  assert.equal(waiting.length, 0);
});

test("a configuration too large for the memory of the thread is not tried again", async (t) => {
  withTimers(t);
  const { reconciler, waiting, give } = await setUp();
  const outcome = reconciler.reload("file");
  give(Promise.reject(Object.assign(new Error("out of memory"), { code: "ERR_WORKER_OUT_OF_MEMORY" })));
  assert.deepEqual(await outcome, { kind: "refused", problems: ["out of memory"] });
  mock.timers.tick(1_000_000);
  assert.equal(waiting.length, 0);
});
