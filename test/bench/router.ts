// Cost of finding a route among 10 000, and of keeping them: the numbers behind the routing lines of docs/performance.md.

import { loadConfig } from "../../src/config/load.ts";
import { PoolSet } from "../../src/connectors/http/pools.ts";
import { Http2PoolSet } from "../../src/connectors/http2/pools.ts";
import { systemClock } from "../../src/core/clock.ts";
import { RequestContext } from "../../src/core/context.ts";
import { LeaseTable } from "../../src/core/lease.ts";
import { Nobody } from "../../src/core/nobody.ts";
import { OpenStreams } from "../../src/core/streams.ts";
import { Meters } from "../../src/observe/meters.ts";
import { Checkups } from "../../src/resilience/checkup.ts";
import { ProbeSlots } from "../../src/resilience/probe-slots.ts";
import { compile } from "../../src/snapshot/compile.ts";
import type { Runtime } from "../../src/snapshot/runtime.ts";
import { ForwardedPeer } from "../../src/wire/forwarded.ts";

const ROUTES = 10_000;
const ROUNDS = 2_000_000;

const rules = Array.from({ length: ROUTES }, (_, i) => {
  const path = i % 3 === 0 ? `/svc-${i}/*` : i % 3 === 1 ? `/svc-${i}/items/{id}` : `/svc-${i}/items/{id}/parts/*`;
  return `      - { id: r${i}, path: "${path}", serviceName: s${i % 100} }`;
});
const services = Array.from(
  { length: 100 },
  (_, i) => `      - { name: s${i}, instances: [ { address: 127.0.0.1, port: ${3000 + i} } ] }`,
);
const text = `gateway:
  router:
    rules:
${rules.join("\n")}
  registry:
    static:
     services:
${services.join("\n")}
  metrics: { enabled: true }
  telemetry: { logging: { enabled: false } }
`;

const pools = new PoolSet(() => performance.now());
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const runtime: Runtime = {
  leases: new LeaseTable(),
  pools,
  http2Pools: new Http2PoolSet(() => 0),
  streams: new OpenStreams(() => 0),
  checkups: new Checkups({ clock: systemClock, random: Math.random, slots: new ProbeSlots(1) }),
  meters: new Meters(),
  breakers: new Set(),
  limits: new Set(),
  limiters: new Map(),
  overload: null,
  reload: { ok: true, at: 0, hash: "" },
  transcoding: null,
  redis: null,
  leaseSink: () => {
    throw new Error("no log here");
  },
  exposition: () => Promise.reject(new Error("no scrape here")),
  labels: { path: true, method: true, status: true },
  log: silent,
  instanceId: "bench",
  version: "0",
  live: { current: null },
  terminal: false,
};

const before = performance.now();
const { config } = loadConfig({ file: "bench.yaml", text, env: {} });
const loaded = performance.now();
globalThis.gc?.();
const heapBefore = process.memoryUsage().heapUsed;
const snapshot = compile(config, runtime);
const compiled = performance.now();
globalThis.gc?.();
const heap = process.memoryUsage().heapUsed - heapBefore;

const peer = new ForwardedPeer("127.0.0.1", "http");
const contexts = Array.from({ length: 1000 }, (_, i) => {
  const n = (i * 7919) % ROUTES;
  const path = n % 3 === 0 ? `/svc-${n}/a/b` : n % 3 === 1 ? `/svc-${n}/items/42` : `/svc-${n}/items/42/parts/7`;
  const ctx = new RequestContext(new Nobody(), peer, "GET", path, [], "1.1", false, 0);
  ctx.path = path;
  return ctx;
});
let found = 0;
for (let i = 0; i < 200_000; i++) if ("id" in snapshot.match(contexts[i % 1000]!)) found++;
const start = performance.now();
for (let i = 0; i < ROUNDS; i++) if ("id" in snapshot.match(contexts[i % 1000]!)) found++;
const each = ((performance.now() - start) * 1000) / ROUNDS;
if (found !== ROUNDS + 200_000) throw new Error("a route was not found");

console.log(`routes ${ROUTES}: match ${each.toFixed(2)} µs, heap ${(heap / 1e6).toFixed(1)} MB`);
console.log(`load ${(loaded - before).toFixed(0)} ms, compile ${(compiled - loaded).toFixed(0)} ms`);
pools.close();
