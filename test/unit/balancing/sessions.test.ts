// Sessions: where a client says who it is, what a signed cookie is worth, what the table keeps.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Claim, MAX_ENTRIES, SessionCookies } from "../../../src/balancing/session-cookie.ts";
import { SessionTable } from "../../../src/balancing/session-table.ts";
import { type SessionRule, Sessions } from "../../../src/balancing/sessions.ts";
import { BALANCERS } from "../../../src/catalog.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { BY_HEADER, endpoints, requestFrom, settings } from "../../support/endpoints.ts";

const SECRET = Buffer.alloc(32, 7);
const COOKIE: SessionRule = { ...BY_HEADER, header: "", cookie: "GATEWAY_SESSION", issues: true };

describe("signed cookies", () => {
  const cookies = new SessionCookies(SECRET, "S");
  const claim: Claim = { expiresAt: 1000, entries: [{ service: 1, endpoint: 0xfedcba98 }] };
  const value = cookies.sign(claim);

  test("are read back until they expire", () => {
    assert.deepEqual(cookies.read(value, 999), claim);
    assert.deepEqual(new SessionCookies(SECRET, "S").read(value, 999), claim);
    assert.equal(cookies.read(value, 1000), null);
  });
  test("fit into a header and hold nothing but letters, digits, - and _", () => {
    assert.match(value, /^[\w-]{38,39}$/);
    const entries = Array.from({ length: 20 }, (_, i) => ({ service: i, endpoint: i }));
    const full = cookies.sign({ expiresAt: 1000, entries });
    assert.ok(full.length < 120);
    assert.equal(cookies.read(full, 1)!.entries.length, MAX_ENTRIES);
  });
  test("of another secret or name, cut, changed anywhere, or made up, are worth nothing", () => {
    assert.equal(new SessionCookies(Buffer.alloc(32, 8), "S").read(value, 1), null);
    assert.equal(new SessionCookies(SECRET, "T").read(value, 1), null);
    for (let i = 0; i < value.length - 1; i++) {
      const changed = value.slice(0, i) + (value[i] === "A" ? "B" : "A") + value.slice(i + 1);
      assert.equal(cookies.read(changed, 1), null, changed);
      assert.equal(cookies.read(value.slice(0, i), 1), null);
    }
    for (const text of ["", "x", "\u00e4".repeat(38), "A".repeat(38), "A".repeat(5000)]) {
      assert.equal(cookies.read(text, 1), null);
    }
  });
  test("tags depend on the secret", () => {
    assert.notEqual(cookies.tag("web"), new SessionCookies(Buffer.alloc(32, 8), "S").tag("web"));
  });
});

describe("the table", () => {
  const clock = { ms: 0 };
  const table = (max: number) => new SessionTable(max, 1000, () => clock.ms);

  test("forgets a session that was not used for its time; use renews it", () => {
    const sessions = table(10);
    sessions.set("a", "web-1");
    clock.ms += 900;
    assert.equal(sessions.get("a"), "web-1");
    clock.ms += 900;
    assert.equal(sessions.get("a"), "web-1");
    clock.ms += 1000;
    assert.equal(sessions.get("a"), undefined);
    assert.equal(sessions.size, 0);
  });
  test("never holds more than it may, and keeps what is in use", () => {
    const sessions = table(100);
    sessions.set("busy", "web-1");
    for (let i = 0; i < 1000; i++) {
      sessions.set(`s${i}`, "web-2");
      assert.equal(sessions.get("busy"), "web-1");
      assert.ok(sessions.size <= 100);
    }
  });
  test("makes room also when all are in use", () => {
    const sessions = table(3);
    for (const id of ["a", "b", "c"]) {
      sessions.set(id, "x");
      sessions.get(id);
    }
    sessions.set("d", "y");
    assert.equal(sessions.get("d"), "y");
    assert.equal(sessions.size, 3);
  });
  test("tells long ids apart", () => {
    const sessions = table(10);
    const long = "x".repeat(4000);
    sessions.set(`${long}1`, "one");
    sessions.set(`${long}2`, "two");
    assert.equal(sessions.get(`${long}1`), "one");
  });
});

/** One service with sticky sessions and clocks set by hand. */
function sticky(rule: SessionRule, count = 3, secret = SECRET) {
  const clock = { ms: 1_700_000_000_000 };
  const sessions = new Sessions("web", rule, secret, { now: () => clock.ms, wall: () => clock.ms });
  const balancer = BALANCERS.sticky_session(settings({ sessions }));
  const all = endpoints(count);
  const cookieOf = (fields: readonly string[]) => fields[1]?.split(";")[0] ?? "";
  /** One exchange: who served it, and the Set-Cookie the client gets. */
  const exchange = (fields: string[], from: readonly Endpoint[] = all, reply: string[] = [], status = 200) => {
    const ctx = requestFrom("10.0.0.1", fields, "/?session_id=q1");
    const endpoint = balancer.over(from).pick(ctx, [])!;
    sessions.answered(ctx, endpoint, status, reply);
    return { endpoint, reply, cookie: cookieOf(reply) };
  };
  return { clock, sessions, balancer, all, exchange };
}

describe("a gateway's own cookie", () => {
  test("is given once and brings the client back", () => {
    const { exchange } = sticky(COOKIE);
    const first = exchange([]);
    assert.match(first.reply[1]!, /^GATEWAY_SESSION=[\w-]+; Path=\/; Max-Age=60; HttpOnly; SameSite=Lax$/);
    for (let i = 0; i < 5; i++) {
      const again = exchange(["Cookie", first.cookie]);
      assert.equal(again.endpoint, first.endpoint);
      assert.deepEqual(again.reply, []);
    }
  });
  test("is understood by another gateway with the same secret, and by no other", () => {
    const { cookie, endpoint } = sticky(COOKIE).exchange([]);
    const same = sticky(COOKIE);
    same.exchange([]);
    assert.equal(same.exchange(["Cookie", cookie]).endpoint.spec.id, endpoint.spec.id);
    assert.notDeepEqual(sticky(COOKIE, 3, Buffer.alloc(32, 9)).exchange(["Cookie", cookie]).reply, []);
  });
  test("is renewed when half of its life is over, and ignored when all of it is", () => {
    const { exchange, clock } = sticky(COOKIE);
    const first = exchange([]);
    clock.ms += 29_000;
    assert.deepEqual(exchange(["Cookie", first.cookie]).reply, []);
    clock.ms += 2_000;
    const renewed = exchange(["Cookie", first.cookie]);
    assert.equal(renewed.endpoint, first.endpoint);
    assert.notEqual(renewed.cookie, "");
    clock.ms += 31_000;
    assert.notEqual(exchange(["Cookie", first.cookie]).endpoint, first.endpoint);
    assert.equal(exchange(["Cookie", renewed.cookie]).endpoint, first.endpoint);
  });
  test("that is forged is ignored, and a good one given", () => {
    const { exchange } = sticky(COOKIE);
    for (const forged of ["GATEWAY_SESSION=web-1", `GATEWAY_SESSION=${"A".repeat(38)}`, "GATEWAY_SESSION="]) {
      assert.match(exchange(["Cookie", forged]).cookie, /^GATEWAY_SESSION=[\w-]{38,}$/);
    }
  });
  test("moves to another endpoint with its client when the first is gone", () => {
    const { exchange, all } = sticky(COOKIE);
    const first = exchange([]);
    const others = all.filter((e) => e !== first.endpoint);
    const moved = exchange(["Cookie", first.cookie], others);
    assert.ok(others.includes(moved.endpoint));
    assert.equal(exchange(["Cookie", moved.cookie]).endpoint, moved.endpoint);
  });
  test("serves several services at once", () => {
    const web = sticky(COOKIE);
    const api = new Sessions("api", COOKIE, SECRET, { now: () => web.clock.ms, wall: () => web.clock.ms });
    const first = web.exchange([]);
    const ctx = requestFrom("10.0.0.1", ["Cookie", first.cookie]);
    assert.equal(api.find(ctx), undefined);
    const reply: string[] = [];
    api.answered(ctx, web.all[2]!, 200, reply);
    const both = reply[1]!.split(";")[0]!;
    assert.equal(api.find(requestFrom("10.0.0.1", ["Cookie", both])), api.tagOf(web.all[2]!));
    assert.deepEqual(web.exchange(["Cookie", both]).reply, []);
    assert.equal(web.exchange(["Cookie", both]).endpoint, first.endpoint);
  });
  test("is not given by an endpoint in trouble, nor over one that the service sets itself", () => {
    const { exchange } = sticky(COOKIE);
    assert.deepEqual(exchange([], undefined, [], 503).reply, []);
    const theirs = exchange([], undefined, ["Set-Cookie", "GATEWAY_SESSION=mine; Path=/"]);
    assert.equal(theirs.reply.length, 2);
    assert.equal(exchange(["Cookie", "GATEWAY_SESSION=mine"]).endpoint, theirs.endpoint);
  });
  test("is Secure where the client's connection is, as far as that is believed", () => {
    const { sessions, all } = sticky(COOKIE);
    const isSecure = (trusted: boolean) => {
      const ctx = requestFrom("10.0.0.1", ["X-Forwarded-Proto", "https"]);
      ctx.peerTrusted = trusted;
      const reply: string[] = [];
      sessions.answered(ctx, all[0]!, 200, reply);
      return reply[1]!.endsWith("; Secure");
    };
    assert.deepEqual([isSecure(true), isSecure(false)], [true, false]);
  });
});

describe("an application's cookie", () => {
  const rule: SessionRule = { ...COOKIE, cookie: "JSESSIONID", issues: false };
  test("binds its value where it is set, and is never set by the gateway", () => {
    const { exchange } = sticky(rule);
    exchange([]);
    const login = exchange([], undefined, ["Set-Cookie", "a=b", "set-cookie", "JSESSIONID=s1; HttpOnly"]);
    for (let i = 0; i < 4; i++) {
      const again = exchange(["Cookie", "x=y; JSESSIONID=s1"]);
      assert.equal(again.endpoint, login.endpoint);
      assert.deepEqual(again.reply, []);
    }
  });
  test("that nobody knows any more is bound where its client goes next", () => {
    const { exchange } = sticky(rule);
    const first = exchange(["Cookie", "JSESSIONID=old"]);
    assert.equal(exchange(["Cookie", "JSESSIONID=old"]).endpoint, first.endpoint);
  });
});

test("without any id nobody is bound: clients go in turn", () => {
  const { exchange } = sticky(BY_HEADER);
  assert.equal(new Set([1, 2, 3].map(() => exchange([]).endpoint)).size, 3);
});

test("a query parameter tells sessions apart", () => {
  const { exchange } = sticky({ ...BY_HEADER, header: "", query: "session_id" });
  assert.equal(new Set([1, 2, 3].map(() => exchange([]).endpoint)).size, 1);
});

test("without settings: the cookie, else the header, else the address", () => {
  const { exchange } = sticky({ ...COOKIE, header: "x-session-id", byAddress: true });
  const byAddress = exchange([]);
  assert.equal(exchange([]).endpoint, byAddress.endpoint);
  assert.notEqual(byAddress.cookie, "");
  const byHeader = exchange(["x-session-id", "h"]);
  assert.notEqual(byHeader.endpoint, byAddress.endpoint);
  assert.equal(byHeader.cookie, "");
  assert.equal(exchange(["Cookie", byAddress.cookie, "X-Session-ID", "h"]).endpoint, byAddress.endpoint);
});

describe("a second try elsewhere", () => {
  const begun = () => {
    const made = sticky(BY_HEADER);
    const ctx = requestFrom("10.0.0.1", ["X-Session-Id", "s"]);
    const picker = made.balancer.over(made.all);
    const first = picker.pick(ctx, [])!;
    const second = picker.pick(ctx, [first])!;
    assert.notEqual(second, first);
    return { ...made, ctx, picker, first, second };
  };
  test("keeps the session where it was until it is answered", () => {
    const { ctx, picker, first } = begun();
    assert.equal(picker.pick(ctx, []), first);
  });
  test("takes the session along when it is answered", () => {
    const { ctx, picker, second, sessions } = begun();
    sessions.answered(ctx, second, 200, []);
    assert.equal(picker.pick(ctx, []), second);
  });
  test("does not when it is answered with an error of the service", () => {
    const { ctx, picker, first, second, sessions } = begun();
    sessions.answered(ctx, second, 502, []);
    assert.equal(picker.pick(ctx, []), first);
  });
});
