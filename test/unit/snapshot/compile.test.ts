// What a compilation leaves behind in what outlives it: nothing when it fails, nothing when its snapshot is over.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointState } from "../../../src/core/endpoint-state.ts";
import { compile } from "../../../src/snapshot/compile.ts";
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

test("a compilation that fails follows no endpoint of the running snapshot", () => {
  const runtime = quietRuntime();
  const running = compile(configOf(false), runtime);
  const watchers = watchersOf(running.services.get("web")!.endpoints[0]!.state);
  const { size } = runtime.leases;
  assert.throws(() => compile(configOf(true), runtime), /no log here/);
  assert.equal(watchers.count, 0);
  assert.equal(runtime.leases.size, size);
  running.retire();
  assert.equal(runtime.leases.size, 0);
});

test("a snapshot that is over follows its endpoints no more, though the next one has them too", () => {
  const runtime = quietRuntime();
  const first = compile(configOf(false), runtime);
  const watchers = watchersOf(first.services.get("web")!.endpoints[0]!.state);
  const second = compile(configOf(false), runtime);
  assert.ok(watchers.count > 0);
  second.retire();
  assert.equal(watchers.count, 0);
  first.retire();
  assert.equal(runtime.breakers.size, 0);
});
