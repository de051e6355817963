// `redis` and `rateLimitStorage`: what they mean together, and what contradicts itself.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RedisConfig } from "../../../../src/config/config.ts";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { hostPort } from "../../../../src/wire/authority.ts";
import { load, loadFine, withMore } from "../../../support/load.ts";

function storesOf(more: string) {
  return loadFine(withMore(more)).stores;
}

describe("stores", () => {
  test("are memory alone when nothing is said", () => {
    assert.deepEqual(
      [...storesOf("")],
      [
        ["memory", null],
        ["default", null],
      ],
    );
  });
  test("are Redis for all once there is a redis block", () => {
    const stores = storesOf("  redis: { host: a }\n");
    assert.equal(stores.get("default")?.name, "redis");
    assert.deepEqual([stores.get("redis")?.onFailure, stores.get("redis")?.onLoss], ["local", "spent"]);
    assert.equal(stores.get("redis")?.redis.budget, 25);
  });
  test("are memory when redis is not enabled, or rateLimitStorage says so", () => {
    assert.equal(storesOf("  redis: { host: a, enabled: false }\n").get("default"), null);
    assert.equal(storesOf("  redis: { host: a }\n  rateLimitStorage: { default: memory }\n").get("default"), null);
  });
  test("with a type and no block take the Redis at the top", () => {
    const stores = storesOf(
      "  redis: { host: a }\n  rateLimitStorage: { stores: { s: { type: redis, onFailure: deny } } }\n",
    );
    assert.deepEqual([stores.get("s")?.redis.host, stores.get("s")?.onFailure], ["a", "deny"]);
  });
  test("count numbers of back-off and budget as milliseconds, of other times as seconds", () => {
    const redis = storesOf(
      "  redis: { budget: 10, maxRetryBackoff: 600, connectTimeout: 2, minRetryBackoff: 20ms }\n",
    ).get("redis")!.redis;
    assert.deepEqual(
      [redis.budget, redis.maxRetryBackoff, redis.connectTimeout, redis.minRetryBackoff],
      [10, 600, 2000, 20],
    );
  });
  test("never show a password", () => {
    const text = printConfiguration(loadFine(withMore("  redis: { password: horse, sentinelPassword: cart }\n")));
    assert.ok(!/horse|cart/.test(text));
    assert.match(text, / password: "?\*\*\*/);
  });
});

describe("older spellings of Redis", () => {
  const cases = [
    ["addresses: [ 'a:1' ]", (r: RedisConfig) => [r.host, r.port], ["a", 1]],
    [
      "cluster: true, addresses: [ 'a:1', 'b:2' ]",
      (r: RedisConfig) => [r.cluster, ...r.clusterNodes],
      [true, "a:1", "b:2"],
    ],
    [
      "cluster: { enabled: true, addresses: [ 'a:1' ] }",
      (r: RedisConfig) => [r.cluster, ...r.clusterNodes],
      [true, "a:1"],
    ],
    ["cluster: { addresses: [ 'a:1' ] }", (r: RedisConfig) => [r.cluster, ...r.clusterNodes], [true, "a:1"]],
  ] as const;
  for (const [written, pick, expected] of cases) {
    test(`{ ${written} } is understood, with a warning`, () => {
      const { config, warnings, errors } = load(withMore(`  redis: { ${written} }\n`));
      assert.deepEqual(errors, []);
      assert.deepEqual(pick(config!.stores.get("redis")!.redis), expected);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /^t\.yaml:4:\d+: "redis\.[a-z.]+" is an old spelling of "redis\.\w+"/);
    });
  }
});

describe("refused with its place", () => {
  for (const [more, message] of [
    ["redis: { cluster: true }", "redis: cluster needs clusterNodes"],
    ["redis: { cluster: true, clusterNodes: [ a ] }", 'redis: "a" is not host:port'],
    ["redis: { cluster: true, clusterNodes: [ 'a:1' ], db: 2 }", "redis: a cluster has only db 0"],
    ["redis: { sentinel: true, sentinelNodes: [ 'a:1' ] }", "redis: sentinel needs masterName"],
    ["redis: { sentinel: true, masterName: m }", "redis: sentinel needs sentinelNodes"],
    [
      "redis: { addresses: [ 'a:1', 'b:1' ] }",
      "redis.addresses: expected one host:port; several need cluster or sentinel",
    ],
    ["redis: { addresses: [ 'a:1' ], host: b }", "redis: addresses and host are mutually exclusive; keep host"],
    ["redis: { budget: 0 }", "redis: budget must be above 0 and at most 5s"],
    ["redis: { minRetryBackoff: 2s, maxRetryBackoff: 1s }", "redis: minRetryBackoff is above maxRetryBackoff"],
    ["redis: { tls: { enabled: true, caFile: none.pem } }", 'redis.tls.caFile: "none.pem": no such file'],
    ["redis: { cluster: { addresses: [ 'a:1' ], nodes: 1 } }", 'unknown key "nodes" in redis.cluster'],
    ["rateLimitStorage: { default: shard }", 'unknown store "shard"'],
    [
      "rateLimitStorage: { stores: { memory: { type: redis } } }",
      'store "memory": the store memory is predefined; choose another name',
    ],
    [
      "rateLimitStorage: { stores: { default: { type: memory } } }",
      "choose another, and write rateLimitStorage.default: NAME",
    ],
    [
      "rateLimitStorage: { stores: { a: { type: redis } } }",
      'store "a": type redis needs a redis block, here or at the top level',
    ],
    [
      "rateLimitStorage: { stores: { a: { type: memory, onFailure: deny } } }",
      'store "a": onFailure has no effect with type memory',
    ],
    ["rateLimitStorage: { stores: { a: { onFailure: open } } }", "expected one of local, deny, allow"],
  ] as const) {
    test(more, () => {
      const { errors } = load(withMore(`  ${more}\n`));
      assert.ok(errors.length >= 1 && errors.every((error) => /^t\.yaml:4:\d+: /.test(error)), errors.join("\n"));
      assert.ok(
        errors.some((error) => error.includes(message)),
        errors.join("\n"),
      );
    });
  }
  test("a rule that names no store", () => {
    const rule = "{ path: /b, serviceName: web, rateLimit: { rate: 1, storage: redi } }";
    const { errors } = load(withMore("  redis: { host: a }\n").replace("rules: [", `rules: [ ${rule},`));
    assert.match(errors.join(), /unknown store "redi"; did you mean "redis"/);
  });
});

test("hosts and ports are read with IPv6 in brackets", () => {
  assert.deepEqual(hostPort("[::1]:6379"), { host: "::1", port: 6379 });
  assert.deepEqual(hostPort("redis.internal:6379"), { host: "redis.internal", port: 6379 });
  for (const text of ["::1", "a", "a:0", "a:70000", "[x]:1", ":1"]) assert.equal(hostPort(text), null, text);
});
