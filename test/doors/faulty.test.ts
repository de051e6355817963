// Kinds that throw, reject or come too late: the request fails with an answer of the gateway's own, and the process lives on.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Filter } from "../../src/core/filter.ts";
import type { Target } from "../../src/core/strategy.ts";
import { readWhole } from "../../src/wire/whole-body.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { type Started, startWith } from "./gateway.ts";

const fault = (): never => {
  throw new Error("a defect of a test's own");
};

/** Does wrong what its route says, in one of its halves. */
const faulty: Filter = {
  name: "faulty",
  phase: "shape",
  onRequest(ctx) {
    if (ctx.path === "/request") fault();
    if (ctx.path === "/rejects") return Promise.reject(new Error("a defect of a test's own"));
    if (ctx.path === "/waits") return readWhole(ctx, 100).then((body) => ("code" in body ? body : undefined));
    return undefined;
  },
  onReply(ctx) {
    if (ctx.path === "/reply" || ctx.path === "/own" || ctx.path === "/socket") fault();
    if (ctx.path === "/body") return () => ({ write: fault, end: fault, flush: () => undefined });
    return undefined;
  },
};

let backend: Backend;
let gateway: Started;
before(async () => {
  backend = await startBackend((request, response) => {
    if (request.headers.upgrade === undefined) {
      response.write("some");
      setImmediate(() => response.end("thing"));
      return;
    }
    const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    request.socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
  });
  const rules = [
    "request",
    "rejects",
    "waits",
    "reply",
    "own",
    "body",
    "socket",
    "plan",
    "late",
    "translator",
    "second",
  ];
  gateway = await startWith(
    `  registry:
    static:
      services:
        - { name: web, instances: [ { address: 127.0.0.1, port: ${backend.port} } ] }
        - { name: dead, instances: [ { address: 127.0.0.1, port: 1 } ] }
  router: { rules: [ ${rules.map((id) => `{ id: ${id}, path: /${id}, serviceName: web }`).join(", ")} ] }
`,
    {
      filters: [() => () => [faulty]],
      target(rule, serviceNamed) {
        const plain: Target = {
          service: serviceNamed("web"),
          translator: null,
          repeatable: true,
          isLast: true,
          next: () => null,
        };
        if (rule.id === "own") return { answer: () => ({ status: 200, fields: [], body: "own" }) };
        if (rule.id === "plan") return { plan: fault };
        if (rule.id === "late") return { plan: () => Promise.reject(new Error("a defect of a test's own")) };
        if (rule.id === "translator") return { plan: () => ({ ...plain, translator: { begin: fault } }) };
        const second = { ...plain, translator: { begin: fault } };
        const dead = { ...plain, service: serviceNamed("dead"), isLast: false, next: () => second };
        if (rule.id === "second") return { plan: () => dead };
        return null;
      },
    },
  );
});
after(async () => {
  await gateway.stop();
  await backend.close();
});
const ask = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${gateway.port}${path}`, init);

async function alive(): Promise<void> {
  const reply = await ask("/_gateway/live");
  assert.equal(reply.status, 200);
  await reply.arrayBuffer();
}

describe("what a kind throws is answered with 500", () => {
  for (const path of ["/request", "/rejects", "/reply", "/own", "/plan", "/late", "/translator", "/second"]) {
    test(path.slice(1), async () => {
      const reply = await ask(path);
      assert.equal(reply.status, 500);
      assert.match(await reply.text(), /"code":"internal"/);
      await alive();
    });
  }
});

test("what a filter of bodies throws cuts the reply off", async () => {
  await assert.rejects(ask("/body").then((reply) => reply.text()));
  await alive();
});

test("what a filter throws at a handshake ends it", async () => {
  const socket = connect(gateway.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    "GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  let text = "";
  for await (const chunk of socket) text += chunk;
  assert.match(text, /^HTTP\/1\.1 500 /);
  await alive();
});

test("a client that disconnects while a filter waits for its body leaves nothing behind", async () => {
  const socket = connect(gateway.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write("POST /waits HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
  await alive();
  socket.destroy();
  await alive();
  assert.equal(backend.active, 0);
});

test("a filter that has read the body whole lets it pass, also to a client that waits for 100 Continue", async () => {
  const reply = await ask("/waits", { method: "POST", body: "1234567890" });
  assert.equal(await reply.text(), "something");
  const socket = connect(gateway.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    "POST /waits HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
  );
  const [first] = (await once(socket, "data")) as [Buffer];
  assert.match(String(first), /^HTTP\/1\.1 100 /);
  socket.write("ok");
  let text = "";
  for await (const chunk of socket) text += chunk;
  assert.match(text, /^HTTP\/1\.1 200 /);
});
