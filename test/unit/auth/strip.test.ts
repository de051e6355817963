// Taking credentials out of a request: several methods in turn leave none of theirs behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { dropCookie, dropParameter } from "../../../src/auth/strip.ts";
import { contextOf } from "../../support/context.ts";

test("cookies of several methods are all stripped, and the others stay", () => {
  const ctx = contextOf({ fields: ["Cookie", "key=k; token=t; a=1"] });
  dropCookie(ctx, "key");
  dropCookie(ctx, "token");
  assert.deepEqual(ctx.edit!.fields, ["Cookie", "a=1"]);
  dropCookie(ctx, "a");
  assert.deepEqual(ctx.edit!.fields, []);
  assert.ok(ctx.edit!.drops("cookie"));
  dropCookie(ctx, "key");
  assert.deepEqual(ctx.edit!.fields, [], "a cookie that was taken out does not come back");
});

test("parameters of several methods are all stripped, and the others stay", () => {
  const ctx = contextOf({ target: "/?api_key=k&token=t&a=1" });
  dropParameter(ctx, "api_key");
  dropParameter(ctx, "token");
  assert.equal(ctx.edit!.query, "?a=1");
});
