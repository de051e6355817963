// Which services have an adaptive limit, and what of it outlives a reload.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LeaseTable } from "../../../../src/core/lease.ts";
import { limiterOf } from "../../../../src/snapshot/services/limiters.ts";
import { loadFine } from "../../../support/load.ts";

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
  const leases = new LeaseTable().holder();
  const config = configOf("{ enabled: true, services: { web: { initialLimit: 30 }, odd: { enabled: false } } }");
  assert.equal(limiterOf(config, "web", leases)?.limit, 30);
  assert.equal(limiterOf(config, "odd", leases), null);
  assert.equal(limiterOf(configOf("{}"), "web", leases), null);
  leases.release();
});

test("a reload keeps the limiter unless its settings changed", () => {
  const table = new LeaseTable();
  const [first, second, third] = [table.holder(), table.holder(), table.holder()];
  const before = limiterOf(configOf("{ enabled: true }"), "web", first);
  assert.equal(limiterOf(configOf("{ enabled: true, services: { odd: { maxLimit: 200 } } }"), "web", second), before);
  const after = limiterOf(configOf("{ enabled: true, default: { maxLimit: 200 } }"), "web", third);
  assert.notEqual(after, before);
  first.release();
  second.release();
  third.release();
  assert.equal(table.size, 0);
});
