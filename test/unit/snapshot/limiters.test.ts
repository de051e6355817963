// Which services have an adaptive limit, and what of it outlives a reload.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConcurrencyLimiter } from "../../../src/core/concurrency.ts";
import { LeaseTable } from "../../../src/core/lease.ts";
import { limiterOf } from "../../../src/snapshot/limiters.ts";
import { loadFine } from "../../support/load.ts";

function configOf(adaptiveConcurrency: string) {
  return loadFine(`gateway:
  adaptiveConcurrency: ${adaptiveConcurrency}
  router: { rules: [{ path: /*, serviceName: web }] }
  registry:
    static:
      services:
        - { name: web, instances: [{ address: 127.0.0.1, port: 1 }] }
        - { name: odd, instances: [{ address: 127.0.0.1, port: 1 }] }
`);
}

test("a service has the limit its settings say, and none where they are off", () => {
  const live = new Map<string, ConcurrencyLimiter>();
  const leases = new LeaseTable().holder();
  const config = configOf("{ enabled: true, services: { web: { initialLimit: 30 }, odd: { enabled: false } } }");
  assert.equal(limiterOf(config, "web", live, leases)?.limit, 30);
  assert.equal(limiterOf(config, "odd", live, leases), null);
  assert.equal(limiterOf(configOf("{}"), "web", live, leases), null);
  assert.deepEqual([...live.keys()], ["web"]);
  leases.release();
  assert.equal(live.size, 0);
});

test("a reload keeps the limiter unless its settings changed, and shows the new one then", () => {
  const live = new Map<string, ConcurrencyLimiter>();
  const table = new LeaseTable();
  const [first, second, third] = [table.holder(), table.holder(), table.holder()];
  const before = limiterOf(configOf("{ enabled: true }"), "web", live, first);
  assert.equal(
    limiterOf(configOf("{ enabled: true, services: { odd: { maxLimit: 200 } } }"), "web", live, second),
    before,
  );
  const after = limiterOf(configOf("{ enabled: true, default: { maxLimit: 200 } }"), "web", live, third);
  assert.notEqual(after, before);
  first.release();
  second.release();
  assert.equal(live.get("web"), after);
  third.release();
  assert.equal(table.size, 0);
});
