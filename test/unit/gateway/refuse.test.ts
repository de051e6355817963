// What an error of the gateway tells its client about coming back.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../../src/core/errors.ts";
import { refuse } from "../../../src/gateway/refuse.ts";
import { requestOf } from "../../support/scripted-request.ts";

function told(code: ErrorCode, given: readonly string[], fields: readonly string[] = []): string[] {
  const { ctx, client } = requestOf({ fields, grpc: fields.length > 0 });
  const seen: string[] = [];
  client.answer = (_status, all) => {
    for (let i = 0; i < all.length; i += 2) if (all[i] === "Retry-After") seen.push(all[i + 1]!);
  };
  refuse(ctx, code, given);
  return seen;
}

test("an error that passes quickly asks to come back in a second, where nothing better is known", () => {
  for (const code of ["overloaded", "limits_unavailable", "descriptor_unavailable"] as const) {
    assert.deepEqual(told(code, []), ["1"]);
    assert.deepEqual(told(code, ["Retry-After", "7"]), ["7"]);
  }
});

test("so it does for a gRPC call", () => {
  assert.deepEqual(told("overloaded", [], ["content-type", "application/grpc"]), ["1"]);
});

test("an error of which nobody knows when it ends says nothing", () => {
  for (const code of ["no_endpoint", "connect_failed", "no_route"] as const) assert.deepEqual(told(code, []), []);
});
