// Methods of both HTTP versions: which are passed on, which are not known, and how far OPTIONS and TRACE may go.
import assert from "node:assert/strict";
import type { ClientHttp2Session } from "node:http2";
import { after, before, describe, test } from "node:test";
import { type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { RawClient } from "../support/raw-client.ts";
import { configText } from "../support/setup.ts";

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly allow: string | undefined;
}

let backend: Backend;
let gateway: GatewayProcess;
let session: ClientHttp2Session;

before(async () => {
  backend = await startBackend(mirror);
  const rules = [
    { path: "/*", serviceName: "up" },
    { path: "/events", serviceName: "up", methods: ["SSE"] },
  ];
  gateway = await startGateway(configText({ rules, services: { up: backend.port } }));
  session = await openSession(gateway.port);
});

after(async () => {
  session?.destroy();
  await gateway?.kill();
  await backend?.close();
});

const versions: Record<string, (method: string, headers: Record<string, string>, path?: string) => Promise<Reply>> = {
  async "HTTP/1.1"(method, headers, path = "/a") {
    const client = await RawClient.to(gateway.port);
    const fields = Object.entries({ host: "a", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    client.send(`${method} ${path} HTTP/1.1\r\n${fields.join("")}\r\n`);
    const { status, body, field } = await client.reply();
    client.close();
    return { status, text: body, allow: field("allow") ?? undefined };
  },
  async "HTTP/2"(method, headers, path = "/a") {
    const reply = await ask(session, { ":method": method, ":path": path, ":authority": "a", ...headers });
    return { status: reply.status, text: reply.text, allow: reply.headers.allow };
  },
};

for (const [version, send] of Object.entries(versions)) {
  describe(version, () => {
    for (const method of ["GET", "PURGE", "PROPFIND", "M-SEARCH", "QUERY"]) {
      test(`${method} is passed on`, async () => {
        const { status, text } = await send(method, {});
        assert.equal(status, 200, text);
        assert.equal((JSON.parse(text) as Mirrored).method, method);
      });
    }

    for (const method of ["FOO", "BREW", "get", "SSE", "WEBSOCKET"]) {
      test(`${method} is not known, and reaches no backend`, async () => {
        const before = backend.requests;
        const { status, text } = await send(method, {}, method === "SSE" ? "/events" : "/a");
        assert.equal(status, 501, text);
        assert.match(text, /"code":"method_unknown"/);
        assert.equal(backend.requests, before);
      });
    }

    for (const [method, status, allow] of [
      ["OPTIONS", 204, undefined],
      ["TRACE", 405, "OPTIONS"],
    ] as const) {
      test(`${method} with Max-Forwards: 0 is answered by the gateway`, async () => {
        const before = backend.requests;
        const reply = await send(method, { "max-forwards": "0" });
        assert.deepEqual([reply.status, reply.allow], [status, allow]);
        assert.equal(backend.requests, before);
      });

      for (const [given, passed] of [
        ["1", "0"],
        ["0070", "69"],
        ["99999999999999999999", "999999"],
        ["-1", "-1"],
        ["1, 2", "1, 2"],
      ] as const) {
        test(`${method} with Max-Forwards: ${given} goes on with ${passed}`, async () => {
          const { status, text } = await send(method, { "max-forwards": given, "x-other": "0" });
          assert.equal(status, 200, text);
          assert.deepEqual(valuesOf((JSON.parse(text) as Mirrored).headers, "max-forwards"), [passed]);
        });
      }
    }

    test("Max-Forwards of other methods is passed on as it is", async () => {
      const { text } = await send("GET", { "max-forwards": "0" });
      assert.deepEqual(valuesOf((JSON.parse(text) as Mirrored).headers, "max-forwards"), ["0"]);
    });
  });
}

test("OPTIONS without Max-Forwards goes to the service", async () => {
  const reply = await call(gateway.port, { method: "OPTIONS" });
  assert.equal((JSON.parse(reply.text) as Mirrored).method, "OPTIONS");
});

test("a request of HTTP/2 whose authority names no host is refused", async () => {
  assert.equal((await ask(session, { ":path": "/", ":authority": ":80" })).status, 400);
});
