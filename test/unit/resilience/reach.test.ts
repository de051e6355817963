// Which instances count as working: when the log says so, who takes traffic, and what views of health show.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EndpointState } from "../../../src/core/endpoint-state.ts";
import { ServiceReach } from "../../../src/resilience/reach.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function followed(count: number, limit = 2) {
  const clock = new FakeClock();
  const events: string[] = [];
  const reach = new ServiceReach("web", clock, {
    fails: (id, reason, detail) => events.push(`${id} fails: ${reason} ${detail}`),
    works: (id, failures, ms) => events.push(`${id} works after ${failures} in ${ms}`),
    out: (id) => events.push(`${id} out`),
  });
  const states = Array.from({ length: count }, () => new EndpointState());
  const candidates = states.map((state, i) => ({ id: String(i), state, listed: true }));
  reach.follow(candidates, limit);
  const refuse = (i: number, times = 1) => {
    for (let n = 0; n < times; n++) states[i]!.failed("connect_failed", "ECONNREFUSED");
  };
  const reset = (i: number, times: number) => {
    for (let n = 0; n < times; n++) states[i]!.failed("upstream_reset", "closed");
  };
  const succeed = (i: number) => states[i]!.succeeded(1);
  const out = () => states.flatMap((state, i) => (state.obstacles.has("unreachable") ? [i] : []));
  const failing = () => states.flatMap((state, i) => (state.failing ? [i] : []));
  return { clock, events, reach, states, candidates, refuse, reset, succeed, out, failing };
}

describe("an instance that cannot be connected to", () => {
  test("is taken out by the second failure within ten seconds", () => {
    const { clock, refuse, out } = followed(2);
    refuse(0);
    clock.advance(10_000);
    refuse(0);
    assert.deepEqual(out(), []);
    clock.advance(9_999);
    refuse(0);
    assert.deepEqual(out(), [0]);
  });

  test("stays when something went well in between", () => {
    const { refuse, succeed, out } = followed(2);
    refuse(0);
    succeed(0);
    refuse(0);
    assert.deepEqual(out(), []);
  });

  test("is taken out for a failed TLS handshake as well, never for resets, timeouts and statuses", () => {
    for (const [code, expected] of [
      ["upstream_tls_failed", [0]],
      ["upstream_reset", []],
      ["upstream_timeout", []],
      ["upstream_protocol", []],
      ["answered", []],
    ] as const) {
      const { states, out } = followed(2);
      for (let i = 0; i < 100; i++) states[0]!.failed(code, "");
      assert.deepEqual(out(), expected, code);
    }
  });

  test("stays where it is switched off, and comes back when a reload switches it off", () => {
    const { reach, candidates, refuse, out } = followed(2, 0);
    refuse(0, 100);
    assert.deepEqual(out(), []);
    reach.follow(candidates, 2);
    refuse(0, 2);
    assert.deepEqual(out(), [0]);
    reach.follow(candidates, 0);
    assert.deepEqual(out(), []);
  });

  test("is tried by one request after ten seconds, and stays out when that fails", () => {
    const { clock, states, refuse, out } = followed(2);
    const admitted = () => [1, 2, 3].map(() => states[0]!.reach!.admit());
    refuse(0, 2);
    assert.deepEqual(admitted(), [false, false, false]);
    clock.advance(10_000);
    assert.deepEqual(out(), []);
    assert.deepEqual(admitted(), [true, false, false]);
    assert.deepEqual(out(), [0]);
    refuse(0);
    clock.advance(9_999);
    assert.deepEqual(admitted(), [false, false, false]);
    clock.advance(1);
    assert.deepEqual(admitted(), [true, false, false]);
  });

  test("takes all its traffic again when that goes well", () => {
    const { clock, states, refuse, succeed, out, events } = followed(2);
    refuse(0, 2);
    clock.advance(10_000);
    states[0]!.reach!.admit();
    succeed(0);
    assert.deepEqual(out(), []);
    assert.equal(states[0]!.reach!.admit(), true);
    assert.equal(clock.pending, 0);
    assert.equal(events.at(-1), "0 works after 2 in 10000");
  });

  test("is tried again when the request that tried it ended without a word about it", () => {
    const { clock, states, refuse } = followed(2);
    refuse(0, 2);
    clock.advance(10_000);
    assert.equal(states[0]!.reach!.admit(), true);
    clock.advance(10_000);
    assert.equal(states[0]!.reach!.admit(), true);
  });
});

describe("the last one that does well", () => {
  test("stays, alone or left over", () => {
    const alone = followed(1);
    alone.refuse(0, 10);
    assert.deepEqual(alone.out(), []);
    const three = followed(3);
    three.states[1]!.block("down");
    three.refuse(0, 2);
    three.refuse(2);
    assert.deepEqual(three.out(), [0]);
  });

  test("brings the others back when it begins to fail, since then none is worse than the rest", () => {
    const { refuse, out } = followed(3);
    refuse(0, 2);
    refuse(1, 2);
    assert.deepEqual(out(), [0, 1]);
    refuse(2, 2);
    assert.deepEqual(out(), []);
    for (let i = 0; i < 9; i++) refuse(i % 3);
    assert.deepEqual(out(), []);
  });

  test("brings the others back when something else takes it out", () => {
    const { states, refuse, out } = followed(2);
    refuse(0, 2);
    states[1]!.block("failing");
    assert.deepEqual(out(), []);
  });

  test("lets those that still fail be taken out once it works again", () => {
    const { refuse, succeed, out } = followed(2);
    refuse(0, 2);
    refuse(1, 2);
    succeed(1);
    refuse(0, 2);
    assert.deepEqual(out(), [0]);
  });
});

describe("the log", () => {
  test("has one line for the first failure, one when it is taken out, one when it works again", () => {
    const { clock, events, refuse, succeed } = followed(2);
    refuse(0, 50);
    clock.advance(10_000);
    refuse(0);
    clock.advance(20_000);
    succeed(0);
    succeed(0);
    assert.deepEqual(events, ["0 fails: connect_failed ECONNREFUSED", "0 out", "0 works after 51 in 30000"]);
  });

  test("has one line for an instance that fails now and then, however often it also does well", () => {
    const { clock, events, refuse, succeed } = followed(1);
    for (let i = 0; i < 100; i++) {
      refuse(0);
      succeed(0);
      clock.advance(100);
    }
    assert.deepEqual(events, ["0 fails: connect_failed ECONNREFUSED"]);
    clock.advance(10_000);
    succeed(0);
    assert.equal(events.length, 2);
  });

  test("has none for single failures of a connection that stood", () => {
    const { events, reset, succeed } = followed(1);
    for (let i = 0; i < 10; i++) {
      reset(0, 2);
      succeed(0);
    }
    assert.deepEqual(events, []);
    reset(0, 3);
    assert.deepEqual(events, ["0 fails: upstream_reset closed"]);
  });
});

describe("views of health", () => {
  test("show an instance as failing while its latest attempts failed, and for a minute at most", () => {
    const { clock, refuse, succeed, failing } = followed(2);
    refuse(0);
    assert.deepEqual(failing(), []);
    refuse(0);
    assert.deepEqual(failing(), [0]);
    succeed(0);
    assert.deepEqual(failing(), []);
    refuse(0, 2);
    clock.advance(60_000);
    assert.deepEqual(failing(), []);
  });
});

test("after the end nobody is out, nobody listens and no alarm is set", () => {
  const { clock, reach, states, refuse, out } = followed(3);
  refuse(0, 2);
  reach.close();
  assert.deepEqual([out(), clock.pending], [[], 0]);
  assert.ok(states.every((state) => state.reach === null));
});
