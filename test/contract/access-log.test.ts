// What every form of the access log promises: one line per request, nothing that could be a credential, nothing that breaks a line.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RequestContext } from "../../src/core/context.ts";
import { JsonAccessLog, TextAccessLog } from "../../src/observe/access-log.ts";
import type { LineSink } from "../../src/observe/line-sink.ts";
import { contextOf } from "../support/context.ts";

const forms = { json: JsonAccessLog, text: TextAccessLog };

function contextFor(target: string): RequestContext {
  const fields = ["Authorization", "Bearer s3cret"];
  return contextOf({ target, fields, host: "example.org", clientIp: "192.0.2.1", requestId: "id-1", status: 200 });
}

for (const [name, Form] of Object.entries(forms)) {
  describe(name, () => {
    const written = (ctx: RequestContext): string => {
      let text = "";
      // The sink is only ever written to.
      new Form({ write: (line: string) => (text += line) } as unknown as LineSink).write(ctx, 1.234);
      return text;
    };

    test("writes exactly one line", () => {
      const text = written(contextFor("/a"));
      assert.ok(text.endsWith("\n"));
      assert.equal(text.trimEnd().split("\n").length, 1);
    });

    test("names status, method, path, client and request id", () => {
      const text = written(contextFor("/some/path"));
      for (const part of ["200", "GET", "/some/path", "192.0.2.1", "id-1", "1.23"])
        assert.ok(text.includes(part), part);
    });

    test("holds neither query nor credentials", () => {
      const text = written(contextFor("/a?token=s3cret"));
      assert.ok(!text.includes("s3cret"));
      assert.ok(!text.includes("token"));
    });

    test("keeps quotes, line breaks and control characters inside one value", () => {
      const ctx = contextFor("/a");
      ctx.detail = 'said "no"\nand\u0000left';
      const text = written(ctx);
      assert.equal(text.trimEnd().split("\n").length, 1);
      assert.ok(!text.includes("\u0000"));
    });
  });
}

test("json lines parse", () => {
  let text = "";
  const ctx = contextFor('/a"b\\c');
  ctx.error = "connect_failed";
  ctx.host = 'bad"host';
  new JsonAccessLog({ write: (line: string) => (text += line) } as unknown as LineSink).write(ctx, 5);
  const line = JSON.parse(text) as Record<string, unknown>;
  assert.equal(line.path, '/a"b\\c');
  assert.equal(line.error, "connect_failed");
  assert.equal(line.host, 'bad"host');
  assert.equal(line.durationMs, 5);
});
