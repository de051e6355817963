// Slow start: who begins cold, how the share grows, and that nothing is left running.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { SlowStart } from "../../../src/balancing/slow-start.ts";
import { EndpointState } from "../../../src/core/endpoint-state.ts";

const DURATION = 10_000;
let clock = { ms: 0 };
let slow: SlowStart;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval"] });
  clock = { ms: 0 };
  slow = new SlowStart(DURATION, () => clock.ms);
});

function pass(ms: number): void {
  for (let i = 0; i < ms; i += 500) {
    clock.ms += 500;
    mock.timers.tick(500);
  }
}

function followed(): EndpointState {
  const state = new EndpointState();
  slow.follow(state);
  return state;
}

test("endpoints that are there at the start have their whole share at once", () => {
  const state = followed();
  slow.begun();
  assert.equal(state.share, 1);
});

test("one that joins later grows from a tenth to the whole", () => {
  slow.begun();
  const state = followed();
  assert.equal(state.share, 0.1);
  pass(DURATION / 2);
  assert.ok(Math.abs(state.share - 0.55) < 1e-9, `${state.share}`);
  pass(DURATION / 2);
  assert.equal(state.share, 1);
});

test("one that comes back warms up, and each step is told to those who watch it", () => {
  const state = followed();
  slow.begun();
  state.block("failing");
  let steps = 0;
  state.watch(() => steps++);
  state.clear("failing");
  assert.equal(state.share, 0.1);
  pass(DURATION);
  assert.equal(state.share, 1);
  assert.ok(steps >= 20, `${steps}`);
});

test("one that only waited for its first check does not", () => {
  const state = new EndpointState();
  state.block("unproven");
  slow.follow(state);
  slow.begun();
  state.clear("unproven");
  assert.equal(state.share, 1);
});

test("one that joins later and waits for its first check warms up behind it", () => {
  slow.begun();
  const state = new EndpointState();
  state.block("unproven");
  slow.follow(state);
  assert.equal(state.share, 1);
  state.clear("unproven");
  assert.equal(state.share, 0.1);
});

test("one that fails while it warms begins anew", () => {
  slow.begun();
  const state = followed();
  pass(DURATION / 2);
  state.block("ejected");
  state.clear("ejected");
  assert.equal(state.share, 0.1);
  pass(DURATION / 2);
  assert.ok(state.share < 0.6);
});

test("a second reason to stay away changes nothing, and only the last one's end begins the warming", () => {
  const state = followed();
  slow.begun();
  state.block("failing");
  state.block("draining");
  state.clear("failing");
  assert.equal(state.share, 1);
  state.clear("draining");
  assert.equal(state.share, 0.1);
});

test("what is no longer followed has its whole share, and is left alone", () => {
  slow.begun();
  const state = followed();
  slow.unfollow(state);
  assert.equal(state.share, 1);
  state.block("failing");
  state.clear("failing");
  assert.equal(state.share, 1);
});

test("no timer runs unless something warms", () => {
  mock.timers.reset();
  const started = mock.method(globalThis, "setInterval");
  const stopped = mock.method(globalThis, "clearInterval");
  try {
    const state = followed();
    slow.begun();
    assert.equal(started.mock.callCount(), 0);
    const late = followed();
    state.block("failing");
    state.clear("failing");
    assert.equal(started.mock.callCount(), 1);
    slow.unfollow(late);
    assert.equal(stopped.mock.callCount(), 0);
    slow.unfollow(state);
    assert.equal(stopped.mock.callCount(), 1);
  } finally {
    mock.restoreAll();
  }
});
