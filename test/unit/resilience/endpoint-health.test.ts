// From probes to traffic: thresholds, several checks of one endpoint, the gate, and what a reload keeps.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EndpointState } from "../../../src/core/endpoint-state.ts";
import { CheckCounter } from "../../../src/resilience/check-status.ts";
import { EndpointHealth } from "../../../src/resilience/endpoint-health.ts";

const THRESHOLDS = { healthy: 2, unhealthy: 3 };

function verdictAfter(probes: string): string {
  const verdict = new CheckCounter();
  for (const probe of probes) verdict.take(probe === "+" ? null : "no", 1, THRESHOLDS);
  return verdict.status;
}

describe("a verdict", () => {
  for (const [probes, status] of [
    ["", "unknown"],
    ["+", "healthy"],
    ["-", "unknown"],
    ["--", "unknown"],
    ["---", "unhealthy"],
    ["--+", "healthy"],
    ["+--", "healthy"],
    ["+---", "unhealthy"],
    ["+--+--", "healthy"],
    ["---+", "unhealthy"],
    ["---++", "healthy"],
    ["---+-+", "unhealthy"],
    ["---+-++", "healthy"],
  ] as const) {
    test(`after "${probes}" is ${status}`, () => assert.equal(verdictAfter(probes), status));
  }
});

function checked(names: readonly string[], gated = false) {
  const state = new EndpointState();
  const checks = new EndpointHealth(state);
  checks.follow(names, gated);
  const probe = (name: string, failure: string | null, times = 1) => {
    for (let i = 0; i < times; i++) checks.take(name, failure, 1, THRESHOLDS);
  };
  return { state, checks, probe };
}

test("an endpoint that nobody has looked at yet takes traffic", () => {
  const { state } = checked(["health"]);
  assert.equal(state.check, "unknown");
  assert.equal(state.fit, true);
});

test("behind the gate it waits for its first verdict, good or bad", () => {
  const { state, probe } = checked(["health"], true);
  assert.deepEqual([...state.obstacles], ["unproven"]);
  probe("health", "no", 2);
  assert.deepEqual([...state.obstacles], ["unproven"]);
  probe("health", "no");
  assert.deepEqual([...state.obstacles], ["failing"]);
  probe("health", null, 2);
  assert.equal(state.fit, true);
});

test("one failing check of several takes it out, and all must be well before it comes back", () => {
  const { state, probe } = checked(["a", "b"]);
  probe("a", null);
  assert.equal(state.check, "unknown");
  probe("b", "no", 3);
  assert.equal(state.check, "unhealthy");
  assert.deepEqual([...state.obstacles], ["failing"]);
  probe("b", null, 2);
  assert.equal(state.check, "healthy");
  assert.equal(state.fit, true);
});

test("a check that stays keeps its verdict; with one that goes, what it said is forgotten", () => {
  const { state, checks, probe } = checked(["a", "b"]);
  probe("a", "no", 3);
  checks.follow(["a"], false);
  assert.equal(state.check, "unhealthy");
  checks.follow(["b"], false);
  assert.equal(state.check, "unknown");
  assert.equal(state.fit, true);
  probe("a", "no", 3); // a probe that was under way
  assert.equal(state.fit, true);
});

test("when nobody checks any more nothing is left of it", () => {
  const { state, checks, probe } = checked(["a"], true);
  probe("a", "no", 3);
  checks.close();
  assert.equal(state.check, null);
  assert.equal(state.fit, true);
});

test("obstacles of others are not touched", () => {
  const { state, checks, probe } = checked(["a"]);
  state.block("draining");
  probe("a", "no", 3);
  checks.close();
  assert.deepEqual([...state.obstacles], ["draining"]);
});
