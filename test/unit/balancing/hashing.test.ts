// Consistent hashing: equal keys stay together, few move when endpoints come and go, none is overrun.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc32 as reference } from "node:zlib";
import { hashKey, hashKeyFault } from "../../../src/balancing/hash-key.ts";
import type { HashRule } from "../../../src/balancing/settings.ts";
import { BALANCERS } from "../../../src/catalog.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { crc32 } from "../../../src/wire/crc32.ts";
import { endpoint, endpoints, requestFrom, settings } from "../../support/endpoints.ts";

const KEYS = 10_000;
const requests = Array.from({ length: KEYS }, (_, n) => requestFrom("127.0.0.1", ["X-Session-Id", `user-${n}`]));

function hashing(more: Partial<HashRule> = {}) {
  return BALANCERS.consistent_hash(settings({ hash: { keyOf: hashKey(""), replicas: 150, maxLoad: 1.25, ...more } }));
}

function placed(all: readonly Endpoint[], balancer = hashing()): string[] {
  const picker = balancer.over(all);
  return requests.map((ctx) => picker.pick(ctx, [])!.spec.id);
}

test("CRC-32 is that of IEEE 802.3", () => {
  assert.equal(crc32("123456789"), 0xcbf43926);
  assert.equal(crc32("xx123456789yy", 2, 11), 0xcbf43926);
  assert.equal(crc32("56789", 0, 5, crc32("1234")), 0xcbf43926);
  if (reference !== undefined) assert.equal(crc32("web-10.0.0.1#77"), reference("web-10.0.0.1#77"));
});

for (const count of [3, 10, 50]) {
  test(`of ${count} endpoints one that goes moves its own keys and no others, and its return brings them back`, () => {
    const all = endpoints(count);
    const balancer = hashing();
    const before = placed(all, balancer);
    const after = placed(all.slice(1), balancer);
    const moved = before.filter((id, n) => id !== after[n]);
    assert.ok(moved.every((id) => id === "web-0"));
    assert.ok(Math.abs(moved.length - KEYS / count) < (0.3 * KEYS) / count, `${moved.length} of ${KEYS / count}`);
    assert.deepEqual(placed(all, balancer), before);
  });

  test(`of ${count} endpoints one that is new takes its share and moves nothing else`, () => {
    const all = endpoints(count);
    const before = placed(all);
    const after = placed([...all, endpoint("new")]);
    const moved = after.filter((id, n) => id !== before[n]);
    assert.ok(moved.every((id) => id === "new"));
    const share = KEYS / (count + 1);
    assert.ok(Math.abs(moved.length - share) < 0.3 * share, `${moved.length} of ${share}`);
  });
}

test("the order in the registry does not matter, and neither does how equal weights are written", () => {
  const all = endpoints(10);
  const reversed = [...all].reverse();
  assert.deepEqual(placed(reversed), placed(all));
  assert.deepEqual(placed(all.map((e) => endpoint(e.spec.id, 100))), placed(all));
});

test("weights scale the keys, however large they are", () => {
  for (const unit of [1, 7, 100_000]) {
    const all = [endpoint("a", unit), endpoint("b", 3 * unit), endpoint("c", 6 * unit)];
    const got = placed(all);
    const share = (id: string) => got.filter((other) => other === id).length / KEYS;
    assert.ok(Math.abs(share("a") - 0.1) < 0.04 && Math.abs(share("c") - 0.6) < 0.08, `${share("a")} ${share("c")}`);
  }
});

test("a weight without common measure keeps its proportion within the bound of points", () => {
  const got = placed([endpoint("a", 999_983), endpoint("b", 1)]);
  assert.ok(got.filter((id) => id === "a").length > 0.99 * KEYS);
});

test("what is tried in vain goes to the next on the ring, and that is the same for everybody", () => {
  const all = endpoints(10);
  const picker = hashing().over(all);
  const rest = hashing().over(all.slice(1));
  for (const ctx of requests.slice(0, 1000)) assert.equal(picker.pick(ctx, [all[0]!]), rest.pick(ctx, []));
});

describe("bounded load", () => {
  test("no endpoint gets more than its bound of one popular key, and the key stays on few", () => {
    const all = endpoints(10);
    const picker = hashing().over(all);
    for (let n = 1; n <= 1000; n++) {
      const chosen = picker.pick(requests[0]!, [])!;
      chosen.state.active++;
      const bound = Math.max(8, Math.ceil(1.25 * (n / 10)));
      assert.ok(chosen.state.active <= bound, `${chosen.state.active} of ${n}`);
    }
    assert.equal(
      all.reduce((sum, e) => sum + e.state.active, 0),
      1000,
    );
  });
  test("leaves few requests of one key together", () => {
    const all = endpoints(10);
    const picker = hashing().over(all);
    const chosen = Array.from({ length: 8 }, () => {
      const one = picker.pick(requests[0]!, [])!;
      one.state.active++;
      return one;
    });
    assert.equal(new Set(chosen).size, 1);
  });
  test("counts by weight", () => {
    const all = [endpoint("a", 1), endpoint("b", 3)];
    const picker = hashing().over(all);
    for (let n = 0; n < 400; n++) picker.pick(requests[n]!, [])!.state.active++;
    assert.ok(all[0]!.state.active <= 125, `${all[0]!.state.active}`);
  });
  test("is off with 0, and for ip_hash", () => {
    const all = endpoints(10);
    for (const picker of [hashing({ maxLoad: 0 }).over(all), BALANCERS.ip_hash(settings()).over(all)]) {
      const first = picker.pick(requests[0]!, [])!;
      first.state.active = 100_000;
      assert.equal(picker.pick(requests[0]!, []), first);
      first.state.active = 0;
    }
  });
});

describe("keys", () => {
  const cookies = (text: string) => requestFrom("10.0.0.9", ["cookie", text], "/a");
  const address = hashKey("ip")(requestFrom("10.0.0.9"));

  test("are read where they stand", () => {
    const key = hashKey("cookie:s");
    const alone = key(cookies("s=v1"));
    assert.notEqual(alone, address);
    for (const text of ["a=b; s=v1", "s=v1; a=b", "xs=9;s=v1 ;a=b", "s=v1; s=v2"])
      assert.equal(key(cookies(text)), alone);
    for (const text of ["S=v1", "s", "s=", "xs=v1", "", "a=s=v1"]) assert.equal(key(cookies(text)), address, text);
  });
  test("fall back to the address, and without one to the path", () => {
    for (const text of ["header:x-user", "cookie:s", "ip", ""])
      assert.equal(hashKey(text)(requestFrom("10.0.0.9")), address);
    assert.equal(hashKey("ip")(requestFrom("", [], "/a")), hashKey("path")(requestFrom("10.0.0.9", [], "/a")));
  });
  test("without one configured: X-Session-Id, then the cookie session, then the address", () => {
    const key = hashKey("");
    const both = requestFrom("10.0.0.9", ["cookie", "session=c", "x-SESSION-id", "h"]);
    assert.equal(key(both), hashKey("header:X-Session-Id")(both));
    const cookie = cookies("session=c");
    assert.equal(key(cookie), hashKey("cookie:session")(cookie));
    assert.notEqual(key(both), key(cookie));
  });
  test("are checked", () => {
    for (const text of ["", "ip", "path", "header:X-User", "cookie:sid"]) assert.equal(hashKeyFault(text), null);
    for (const text of ["IP", "header", "header:", "header:a b", "query:x", "cookie:a;b"])
      assert.match(hashKeyFault(text)!, /none of/);
  });
});
