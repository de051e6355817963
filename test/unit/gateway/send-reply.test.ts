// What every reply gets on its way to the client, whether a backend made it or the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NullDownstream } from "../../../src/core/null-upstream.ts";
import { sendHead } from "../../../src/gateway/send-reply.ts";
import { contextOf, routeOf, snapshotOf } from "../../support/context.ts";
import { endpoint } from "../../support/endpoints.ts";

/** Fields the client gets of a backend's reply. */
function sent(via: boolean, http2: boolean): string[] {
  let got: string[] = [];
  class Client extends NullDownstream {
    override head(_status: number, _reason: string, fields: string[]): void {
      got = fields;
    }
  }
  const route = routeOf();
  const ctx = contextOf({ downstream: new Client(), route, snapshot: snapshotOf({ via }) });
  ctx.endpoint = endpoint("a", 1, { http2 });
  const fields = ["Server", "s", "X-Gateway", "theirs"];
  sendHead(ctx, { made: "backend", status: 200, reason: "", fields, length: 0 });
  return got;
}

test("a reply gets no Via, and loses the mark of a gateway behind", () => {
  assert.deepEqual(sent(false, false), ["Server", "s"]);
});

test("a Via that is asked for names the protocol of the backend, whatever the client speaks (RFC 9110 §7.6.3)", () => {
  assert.deepEqual(sent(true, false), ["Server", "s", "Via", "1.1 gateway"]);
  assert.deepEqual(sent(true, true), ["Server", "s", "Via", "2.0 gateway"]);
});
