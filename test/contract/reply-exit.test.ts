// Every way a reply can come about passes the one exit: a filter of the listener sees each, with who made it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import type { ReplyFilter } from "../../src/core/context.ts";
import { type Started, startWith } from "../doors/gateway.ts";
import { type Backend, startBackend } from "../support/backend.ts";

const marks: ReplyFilter = {
  onReply(_ctx, reply) {
    reply.fields.push("X-Seen", reply.made);
    return undefined;
  },
};

let backend: Backend;
let gateway: Started;
before(async () => {
  backend = await startBackend((request, response) => {
    if (request.url === "/events") response.setHeader("Content-Type", "text/event-stream");
    response.end(request.url === "/events" ? "data: a\n\n" : "ok");
  });
  const port = backend.port;
  gateway = await startWith(
    `  registry:
    static:
      services:
        - { name: web, instances: [ { address: 127.0.0.1, port: ${port} } ] }
        - { name: dead, instances: [ { address: 127.0.0.1, port: 1 } ] }
  health: { enabled: true }
  router:
    rules:
      - { id: web, path: /web, methods: [GET], serviceName: web }
      - { id: events, path: /events, serviceName: web }
      - { id: small, path: /small, serviceName: web, maxRequestSize: 5b }
      - { id: limited, path: /limited, serviceName: web, rateLimit: 1 }
      - { id: dead, path: /dead, serviceName: dead }
      - { id: spare, path: /spare, serviceName: dead, fallback: { status: 203, body: spare, on: [connect_failed] } }
      - { id: own, path: /health, serviceName: _internal }
`,
    { listenerFilters: [marks] },
  );
});
after(async () => {
  await gateway.stop();
  await backend.close();
});

/** What is sent over a raw connection → status and mark of the reply. */
async function ask(head: string, body = ""): Promise<string> {
  const socket = connect(gateway.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(`${head}\r\n\r\n${body}`, "latin1");
  let text = "";
  for await (const chunk of socket) {
    text += chunk;
    if (text.includes("\r\n\r\n")) break;
  }
  const seen = [...text.matchAll(/\r\nX-Seen: (\w+)/gi)].map(([, by]) => by);
  return `${text.slice(9, 12)} ${seen.join()}`;
}

const H = " HTTP/1.1\r\nHost: a\r\nConnection: close";

describe("over HTTP/1.1, each reply is seen once", () => {
  const rows: readonly (readonly [name: string, head: string, reply: string, body?: string])[] = [
    ["of a backend", `GET /web${H}`, "200 backend"],
    ["of an event stream", `GET /events${H}`, "200 backend"],
    ["to a path without a route", `GET /none${H}`, "404 gateway"],
    ["to a method the route has not", `DELETE /web${H}`, "405 gateway"],
    ["to a path that is none", `GET /%zz${H}`, "400 gateway"],
    ["to what is no HTTP", "GET / HTTP/1.1\r\nHost: a\r\nBad header", "400 gateway"],
    ["to fields that are too large", `GET /web${H}\r\nX: ${"x".repeat(2_000_000)}`, "431 gateway"],
    ["to a body that is too large", `POST /small${H}\r\nContent-Length: 6`, "413 gateway", "123456"],
    ["to an expectation nobody meets", `GET /web${H}\r\nExpect: more`, "417 gateway"],
    ["to an unknown method", `BREW /web${H}`, "501 gateway"],
    ["of a service that cannot be reached", `GET /dead${H}`, "502 gateway"],
    ["of a fallback", `GET /spare${H}`, "203 gateway"],
    ["of a page of the gateway's own", `GET /_gateway/health${H}`, "200 gateway"],
    ["of a rule for such a page", `GET /health${H}`, "200 gateway"],
    ["to a write to such a page", `POST /_gateway/health${H}\r\nContent-Length: 0`, "405 gateway"],
    ["to OPTIONS *", `OPTIONS *${H}`, "204 gateway"],
    ["to a last hop", `OPTIONS /web${H}\r\nMax-Forwards: 0`, "204 gateway"],
    ["to a handshake that is none", `GET /own${H}, Upgrade\r\nUpgrade: websocket`, "400 gateway"],
  ];
  for (const [name, head, reply, body] of rows) {
    test(name, async () => assert.equal(await ask(head, body), reply));
  }
  test("of a limit", async () => {
    const replies = await Promise.all(Array.from({ length: 4 }, () => ask(`GET /limited${H}`)));
    assert.ok(replies.includes("429 gateway"), replies.join());
  });
});

test("over HTTP/2, calls of gRPC to the gateway itself and errors of gRPC are seen, too", async () => {
  const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
  const seen = async (path: string) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: path,
      "content-type": "application/grpc",
    });
    stream.end(Buffer.alloc(5));
    const [headers] = (await once(stream, "response")) as [Record<string, string>];
    stream.close();
    return headers["x-seen"];
  };
  assert.equal(await seen("/grpc.health.v1.Health/Check"), "gateway");
  assert.equal(await seen("/grpc.health.v1.Health/Watch"), "gateway");
  assert.equal(await seen("/no.Such/Method"), "gateway");
  session.close();
});
