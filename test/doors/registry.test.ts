// A gateway over a registry of a kind it has never heard of: endpoints come and go over real sockets, and no route is compiled again.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { boot, type RunningGateway } from "../../src/boot.ts";
import type { Loading } from "../../src/control/loader.ts";
import { Reconciler } from "../../src/control/reconciler.ts";
import { Sources } from "../../src/control/sources.ts";
import { systemClock } from "../../src/core/clock.ts";
import { LocalDataPlane } from "../../src/data/local-data-plane.ts";
import { ProcessLogs } from "../../src/data/process-logs.ts";
import { Meters } from "../../src/observe/meters.ts";
import { loadChecked } from "../../src/snapshot/check/checked.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { begin, call, headOf, read } from "../support/client.ts";
import { NO_LOG } from "../support/network.ts";
import { addRegistry } from "../support/registry.ts";
import { TEST_FACTS } from "../support/runtime.ts";
import { AnnouncedRegistry, announce } from "./registry.ts";

const folder = mkdtempSync(join(tmpdir(), "door-"));
let registry: AnnouncedRegistry;
let gateway: RunningGateway;
let port: number;
const backends: Backend[] = [];

// What a line in `src/catalog.ts` would do. Services may come at any time, so rules may name some that nobody knows yet.
addRegistry("announced", {
  mayGrow: true,
  make: () => {
    registry = new AnnouncedRegistry();
    return registry;
  },
});

function text(log: string): string {
  return `gateway:
  frontend: { http: { host: 127.0.0.1, port: 0 } }
  registry: { type: announced }
  backend: { services: { web: { http: { disableCompression: true } }, later: { http: { version: 2 } } } }
  router: { rules: [ { path: /*, serviceName: web } ] }
  telemetry: { logging: { output: ${log} } }
  shutdown: { delay: 0 }
`;
}

before(async () => {
  const load = { file: "t.yaml", text: text(join(folder, "log")), env: {} };
  gateway = await boot({ load, logLevel: "error", hotReload: false });
  port = gateway.addresses()[0]!.port;
});

after(async () => {
  await gateway.stop();
  for (const backend of backends) await backend.close();
  rmSync(folder, { recursive: true });
});

/** A backend that answers with its name, and that of a request to `/slow` only when it is told to. */
async function startNamed(name: string) {
  const held: (() => void)[] = [];
  const backend = await startBackend((request, response) => {
    if (request.url !== "/slow") return void response.end(name);
    response.flushHeaders();
    held.push(() => response.end(name));
  });
  backends.push(backend);
  return { port: backend.port, answerSlow: () => held.shift()!() };
}

/** Who answers the next requests, as soon as it is exactly these. Statuses stand for answers of the gateway. */
async function answers(...expected: readonly string[]): Promise<void> {
  for (;;) {
    const seen = new Set<string>();
    for (let i = 0; i < 6; i++) {
      const { status, text } = await call(port);
      seen.add(status === 200 ? text : String(status));
    }
    if ([...seen].sort().join() === expected.join()) return;
  }
}

test("endpoints take traffic from the moment they are listed to the moment they are not", {
  timeout: 20_000,
}, async () => {
  await answers("503");
  const [one, two] = [await startNamed("one"), await startNamed("two")];
  const first = await announce(registry, { service: "web", id: "web-1", port: one.port });
  await answers("one");
  const second = await announce(registry, { service: "web", id: "web-2", port: two.port });
  await answers("one", "two");
  first.destroy();
  await answers("two");
  second.destroy();
  await answers("503");
});

test("a service that is found later is called as its settings say", { timeout: 20_000 }, async () => {
  const backend = await startBackend((request, response) => {
    response.end(request.headers["accept-encoding"] ?? "as the settings say");
  });
  backends.push(backend);
  const socket = await announce(registry, { service: "web", id: "web-3", port: backend.port });
  await answers("as the settings say");
  const { text: seen } = await call(port, { headers: ["Accept-Encoding", "gzip"] });
  assert.equal(seen, "as the settings say");
  socket.destroy();
  await answers("503");
});

test("a request under way on an endpoint that is gone comes to its end", { timeout: 20_000 }, async () => {
  const [one, two] = [await startNamed("one"), await startNamed("two")];
  const first = await announce(registry, { service: "web", id: "web-1", port: one.port });
  await answers("one");
  const slow = await headOf(begin(port, { path: "/slow" }));
  await announce(registry, { service: "web", id: "web-2", port: two.port });
  first.destroy();
  await answers("two");
  one.answerSlow();
  assert.equal((await read(slow)).toString(), "one");
});

test("a route that an endpoint asks for is there as long as the endpoint", { timeout: 20_000 }, async (t) => {
  // The thread that loads configurations knows only kinds that stand in the catalog: here this thread loads them.
  const load = { file: "t.yaml", text: text(join(folder, "log-2")), env: {} };
  const { config } = loadChecked(load);
  const logs = new ProcessLogs(config, "error", false);
  const data = new LocalDataPlane(TEST_FACTS, logs, new Meters(), {});
  const sources = new Sources([data], systemClock, () => void reconciler.reload("registry"));
  const reloaded = async (): Promise<Loading> => {
    const { config: next } = loadChecked({ ...load, fragments: sources.fragments });
    const noticed = { warnings: [], dropped: [], files: new Map() };
    return { kind: "loaded", config: await sources.complete(next), ...noticed };
  };
  const reconciler = new Reconciler(reloaded, [sources, data], NO_LOG);
  await reconciler.start(await sources.complete(config), []);
  t.after(async () => {
    reconciler.close();
    await data.drain({ delayMs: 0, timeoutMs: 1000 });
    sources.close();
    await logs.flushed();
  });

  const one = await startNamed("one");
  const { port: second } = data.addresses[0]!;
  const shop = async () => (await call(second, { path: "/shop/1" })).text;
  const becomes = async (expected: RegExp) => {
    while (!expected.test(await shop()));
  };
  await becomes(/no_endpoint/); // of the rule for everything else
  const socket = await announce(registry, { service: "shop", id: "shop-1", port: one.port, path: "/shop/*" });
  await becomes(/^one$/);
  socket.destroy();
  await becomes(/no_endpoint/);
});
