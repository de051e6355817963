// What a compilation leaves behind in what outlives it: nothing when it fails, nothing when its snapshot is over.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointState } from "../../../src/core/endpoint-state.ts";
import { compile, compiling } from "../../../src/snapshot/compile.ts";
import { loadFine } from "../../support/load.ts";
import { quietRuntime } from "../../support/runtime.ts";

/** @param accessLog with it, compiling fails: the runtime has no log to write it to */
function configOf(accessLog: boolean) {
  return loadFine(`gateway:
  telemetry: { logging: { enabled: ${accessLog} } }
  circuitBreaker: { enabled: true }
  router: { rules: [{ path: /*, serviceName: web }] }
  registry: { static: { services: [{ name: web, instances: [{ address: 127.0.0.1, port: 1 }] }] } }
`);
}

/** Counts who watches a state. */
function watchersOf(state: EndpointState): { count: number } {
  const seen = { count: 0 };
  const watch = state.watch.bind(state);
  state.watch = (listener) => {
    const stop = watch(listener);
    seen.count++;
    return () => {
      seen.count--;
      stop();
    };
  };
  return seen;
}

test("a compilation that fails follows no endpoint of the running snapshot", async () => {
  const runtime = quietRuntime();
  const running = compile(configOf(false), runtime);
  const watchers = watchersOf(running.services.get("web")!.endpoints[0]!.state);
  const { size } = runtime.leases;
  assert.throws(() => compile(configOf(true), runtime), /no log here/);
  assert.equal(watchers.count, 0);
  assert.equal(runtime.leases.size, size);
  await running.retire();
  assert.equal(runtime.leases.size, 0);
});

test("a snapshot that is over follows its endpoints no more, though the next one has them too", async () => {
  const runtime = quietRuntime();
  const first = compile(configOf(false), runtime);
  const watchers = watchersOf(first.services.get("web")!.endpoints[0]!.state);
  const second = compile(configOf(false), runtime);
  assert.ok(watchers.count > 0);
  await second.retire();
  assert.equal(watchers.count, 0);
  await first.retire();
  assert.equal(runtime.breakers.size, 0);
});

test("every rule and every service is a step, so that other work gets its turn in between", () => {
  const many = (n: number, text: (i: number) => string) => Array.from({ length: n }, (_, i) => text(i)).join(", ");
  const config = loadFine(`gateway:
  telemetry: { logging: { enabled: false } }
  router: { rules: [ ${many(20, (i) => `{ path: /r${i}, serviceName: s${i % 7} }`)} ] }
  registry: { static: { services: [ ${many(7, (i) => `{ name: s${i}, instances: [ { address: 127.0.0.1 } ] }`)} ] } }
`);
  assert.equal([...compiling(config, quietRuntime())].length, 27);
});

test("a compilation under way changes nothing of the running snapshot", async () => {
  const runtime = quietRuntime();
  const running = compile(configOf(false), runtime);
  const { size } = runtime.leases;
  const steps = compiling(configOf(true), runtime);
  steps.next();
  assert.ok(runtime.leases.size >= size);
  assert.throws(() => [...steps], /no log here/);
  assert.equal(runtime.leases.size, size);
  await running.retire();
});
