// Which services have an adaptive limit, and what of it outlives a reload.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LeaseTable } from "../../../../src/core/lease.ts";
import { limiterOf } from "../../../../src/snapshot/services/limiters.ts";
import { loadFine } from "../../../support/load.ts";
import { buildOf } from "../../../support/runtime.ts";

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
  assert.equal(limiterOf(buildOf(config, leases), "web")?.limit, 30);
  assert.equal(limiterOf(buildOf(config, leases), "odd"), null);
  assert.equal(limiterOf(buildOf(configOf("{}"), leases), "web"), null);
  leases.release();
});

test("a reload keeps the limiter unless its settings changed", () => {
  const table = new LeaseTable();
  const [first, second, third] = [table.holder(), table.holder(), table.holder()];
  const before = limiterOf(buildOf(configOf("{ enabled: true }"), first), "web");
  const changed = configOf("{ enabled: true, services: { odd: { maxLimit: 200 } } }");
  assert.equal(limiterOf(buildOf(changed, second), "web"), before);
  const after = limiterOf(buildOf(configOf("{ enabled: true, default: { maxLimit: 200 } }"), third), "web");
  assert.notEqual(after, before);
  first.release();
  second.release();
  third.release();
  assert.equal(table.size, 0);
});
