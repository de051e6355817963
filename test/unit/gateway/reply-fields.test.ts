// What a reply of a backend gets on its way to the client.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addReplyFields } from "../../../src/gateway/reply-fields.ts";
import { routeOf, snapshotOf } from "../../support/context.ts";
import { endpoint, requestFrom } from "../../support/endpoints.ts";

function dressed(via: boolean, http2: boolean): string[] {
  const ctx = requestFrom("192.0.2.1");
  ctx.endpoint = endpoint("a", 1, { http2 });
  ctx.route = routeOf();
  ctx.snapshot = snapshotOf({ via });
  const fields = ["Server", "s", "X-Gateway", "theirs"];
  addReplyFields(ctx, 200, fields);
  return fields;
}

test("a reply gets no Via, and loses the mark of a gateway behind", () => {
  assert.deepEqual(dressed(false, false), ["Server", "s"]);
});

test("a Via that is asked for names the protocol of the backend, whatever the client speaks (RFC 9110 §7.6.3)", () => {
  assert.deepEqual(dressed(true, false), ["Server", "s", "Via", "1.1 gateway"]);
  assert.deepEqual(dressed(true, true), ["Server", "s", "Via", "2.0 gateway"]);
});
