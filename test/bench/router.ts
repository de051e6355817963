// Cost of finding a route among 10 000, and of keeping them: the numbers behind the routing lines of docs/performance.md.

import { loadConfig } from "../../src/config/load.ts";
import { compile } from "../../src/snapshot/compile.ts";
import { contextOf } from "../support/context.ts";
import { quietRuntime } from "../support/runtime.ts";

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

const runtime = quietRuntime();

const before = performance.now();
const { config } = loadConfig({ file: "bench.yaml", text, env: {} });
const loaded = performance.now();
globalThis.gc?.();
const heapBefore = process.memoryUsage().heapUsed;
const snapshot = compile(config, runtime);
const compiled = performance.now();
globalThis.gc?.();
const heap = process.memoryUsage().heapUsed - heapBefore;

const contexts = Array.from({ length: 1000 }, (_, i) => {
  const n = (i * 7919) % ROUTES;
  const path = n % 3 === 0 ? `/svc-${n}/a/b` : n % 3 === 1 ? `/svc-${n}/items/42` : `/svc-${n}/items/42/parts/7`;
  return contextOf({ target: path });
});
let found = 0;
for (let i = 0; i < 200_000; i++) if ("id" in snapshot.match(contexts[i % 1000]!)) found++;
const start = performance.now();
for (let i = 0; i < ROUNDS; i++) if ("id" in snapshot.match(contexts[i % 1000]!)) found++;
const each = ((performance.now() - start) * 1000) / ROUNDS;
if (found !== ROUNDS + 200_000) throw new Error("a route was not found");

console.log(`routes ${ROUTES}: match ${each.toFixed(2)} µs, heap ${(heap / 1e6).toFixed(1)} MB`);
console.log(`load ${(loaded - before).toFixed(0)} ms, compile ${(compiled - loaded).toFixed(0)} ms`);
runtime.pools.close();
