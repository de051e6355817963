// What clients say under names that somebody else vouches for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertedFields } from "../../../src/auth/asserted-fields.ts";
import type { RequestBody } from "../../../src/core/edges.ts";
import { WholeBody } from "../../../src/wire/whole-body.ts";
import { contextOf } from "../../support/context.ts";

const filter = assertedFields(["x-user", "authorization"]);

test("fields from the client are dropped, in any spelling, and under the name that a translator gives them", () => {
  const fields = ["X-User", "a", "x_user", "a", "Grpc-Metadata-X.User", "a", "X-Users", "a", "Authorization", "a"];
  const ctx = contextOf({ fields });
  assert.equal(filter.onRequest!(ctx), undefined);
  const dropped = ["x-user", "x_user", "grpc-metadata-x.user", "x.user", "authorization"];
  for (const name of dropped) assert.ok(ctx.edit!.drops(name), name);
  assert.ok(!ctx.edit!.drops("x-users"));
});

test("a request without them is not changed", () => {
  const ctx = contextOf({ fields: ["X-Users", "a"] });
  const { body } = ctx;
  filter.onRequest!(ctx);
  assert.deepEqual([ctx.edit, ctx.body === body], [null, true]);
});

test("they are dropped from trailers, and the body is not changed", () => {
  const whole = new WholeBody(Buffer.from("text"), ["X-User", "a", "X-Kept", "b", "x.user", "c"]);
  const calls: string[] = [];
  const coming: RequestBody = {
    length: -1,
    complete: false,
    bytes: 7,
    replayable: true,
    limit: (max) => void calls.push(`limit ${max}`),
    start: (to) => whole.start(to),
    resume: () => void calls.push("resume"),
  };
  const ctx = contextOf({ body: coming });
  filter.onRequest!(ctx);
  const { body } = ctx;
  assert.deepEqual([body.length, body.complete, body.bytes, body.replayable], [-1, false, 7, true]);
  body.limit(5);
  body.resume();
  const got: unknown[] = [];
  body.start({ data: (chunk) => got.push(chunk.toString()) > 0, end: (trailers) => void got.push(trailers) });
  assert.deepEqual(
    [calls, got],
    [
      ["limit 5", "resume"],
      ["text", ["X-Kept", "b"]],
    ],
  );
});
