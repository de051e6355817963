// The gateway's own paths: no limit of routes holds for them, unless a rule names them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Started, startWith } from "./gateway.ts";

let gateway: Started;
before(async () => {
  gateway = await startWith(
    `  health: { enabled: true }
  metrics: { enabled: true, path: /metrics }
  middleware: { ratelimit: { enabled: true, global: { rate: 1, burst: 1, period: 1s } } }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1, port: 1 } ] } ] } }
  router:
    rules:
      - { path: /*, serviceName: web }
`,
    {},
  );
});
after(() => gateway.stop());

async function statusesOf(path: string, count: number): Promise<Set<number>> {
  const replies = await Promise.all(
    Array.from({ length: count }, () => fetch(`http://127.0.0.1:${gateway.port}${path}`)),
  );
  for (const reply of replies) await reply.arrayBuffer();
  return new Set(replies.map(({ status }) => status));
}

test("health, readiness and metrics answer as often as they are asked, whatever the global limit", async () => {
  assert.ok((await statusesOf("/web", 5)).has(429), "the limit holds for routes");
  for (const path of ["/health", "/ready", "/metrics", "/_gateway/health", "/_gateway/live"])
    assert.deepEqual([...(await statusesOf(path, 100))], [200], path);
});
