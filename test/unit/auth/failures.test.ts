// Failed credentials by network: counted, released by time, bounded.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FailedCredentials } from "../../../src/auth/failures.ts";

describe("failed credentials", () => {
  test("are counted by address, and by IPv6 /64, from the first one on", () => {
    let now = 0;
    const failures = new FailedCredentials({ max: 2, windowMs: 1000 }, () => now);
    failures.failed("2001:db8::1");
    now = 900;
    failures.failed("2001:db8::2");
    assert.equal(failures.waitFor("2001:db8::3"), 100);
    assert.equal(failures.waitFor("2001:db8:0:1::3"), 0);
    failures.failed("192.0.2.1");
    assert.equal(failures.waitFor("192.0.2.1"), 0);
    now = 1000;
    assert.equal(failures.waitFor("2001:db8::3"), 0);
    failures.close();
  });
  test("are dropped at the end of their window, even without further failures", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let now = 0;
    const failures = new FailedCredentials({ max: 1, windowMs: 1000 }, () => now);
    failures.failed("192.0.2.1");
    now = 500;
    failures.failed("192.0.2.2");
    assert.equal(failures.size, 2);
    now = 1000;
    t.mock.timers.tick(1000);
    assert.equal(failures.size, 1);
    now = 2000;
    t.mock.timers.tick(1000);
    assert.equal(failures.size, 0);
    failures.failed("192.0.2.3");
    assert.equal(failures.waitFor("192.0.2.3"), 1000);
    failures.close();
    assert.equal(failures.size, 0);
  });
  test("are limited: of too many networks, the oldest is dropped", () => {
    const failures = new FailedCredentials({ max: 1, windowMs: 1000 }, () => 0);
    for (let i = 0; i < 70_000; i++) failures.failed(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    assert.equal(failures.size, 65_536);
    assert.equal(failures.waitFor("10.0.0.0"), 0);
    assert.equal(failures.waitFor("10.1.0.0"), 1000);
    failures.close();
  });
  test("are not counted without a limit", () => {
    const failures = new FailedCredentials({ max: 0, windowMs: 1000 }, () => 0);
    for (let i = 0; i < 100; i++) failures.failed("192.0.2.1");
    assert.deepEqual([failures.size, failures.waitFor("192.0.2.1")], [0, 0]);
  });
});
