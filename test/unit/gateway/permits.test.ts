// Who is asked when the balancer has nobody left.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import { admitElsewhere, admitNext, isBlocked } from "../../../src/gateway/permits.ts";
import { requestOf } from "../../support/scripted-request.ts";
import { FakeService } from "../../support/scripted-service.ts";

/** A service whose balancer passes over endpoints that are not fit, as the real ones do. */
function serviceOf(count: number): FakeService {
  const service = new FakeService("up", count, null);
  service.picker.pick = (_, exclude) => service.endpoints.find((e) => e.state.fit && !exclude.includes(e)) ?? null;
  return service;
}

const idOf = (answer: ReturnType<typeof admitNext>) => (isBlocked(answer) ? answer.code : answer.endpoint.spec.id);
const none: readonly Endpoint[] = [];

test("an instance that could not be connected to is asked when the others have failed the request, and not before", () => {
  const up = serviceOf(2);
  const { ctx } = requestOf({});
  up.endpoints[0]!.state.block("unreachable");
  assert.equal(idOf(admitNext(ctx, up, none)), "up-1");
  assert.equal(idOf(admitElsewhere(ctx, up, [up.endpoints[1]!], null)), "up-0");
  assert.equal(idOf(admitElsewhere(ctx, up, [up.endpoints[1]!], up.endpoints[1]!)), "up-1");
});

test("it is asked when nobody else takes traffic, but not when something else speaks against it, too", () => {
  const up = serviceOf(2);
  const { ctx } = requestOf({});
  for (const { state } of up.endpoints) state.block("unreachable");
  up.endpoints[0]!.state.block("draining");
  assert.equal(idOf(admitNext(ctx, up, none)), "up-1");
  up.endpoints[1]!.state.block("down");
  assert.equal(idOf(admitNext(ctx, up, none)), "no_endpoint");
});

test("while one request tries an instance, others go elsewhere", () => {
  const up = serviceOf(2);
  const { ctx } = requestOf({});
  let admits = true;
  up.endpoints[0]!.state.reach = { failing: true, admit: () => admits, succeeded: () => {}, failed: () => {} };
  assert.equal(idOf(admitNext(ctx, up, none)), "up-0");
  admits = false;
  assert.equal(idOf(admitNext(ctx, up, none)), "up-1");
});
