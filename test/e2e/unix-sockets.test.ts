// Backends on UNIX sockets: every protocol, what is said of them, and what becomes of those that misbehave.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { WebSocketServer } from "ws";
import { mirror, valuesOf } from "../support/backend.ts";
import { blackHole } from "../support/black-hole.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { begin, call, headOf, keepAlive, read } from "../support/client.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { grpcGateway, InteropClient } from "../support/grpc.ts";
import { reply } from "../support/http2-backend.ts";
import { ask, manage, managementPort, TOKEN } from "../support/management.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { accessLine, type Block, configText, eventually } from "../support/setup.ts";
import { closeOf, messageOf, opened } from "../support/websocket.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();
let folder: string;
let sockets = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "sockets-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const newPath = () => join(folder, `${++sockets}.sock`);

/** Has a server listen on a path of its own or a given one, and ends it with its connections. @returns the path */
async function listening(t: TestContext, server: Server | HttpServer, path = newPath()): Promise<string> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
  });
  server.listen(path);
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return path;
}

function textFor(path: string, instance: Block, rule: Block, more: Block): string {
  return configText({
    rules: [{ path: "/*", serviceName: "up", ...rule }],
    services: { up: [{ address: `unix:${path}`, ...instance }] },
    more,
  });
}

/** A gateway before one instance. */
async function gatewayTo(t: TestContext, path: string, instance: Block = {}, rule: Block = {}, more: Block = {}) {
  const gateway = await gateways.take(textFor(path, instance, rule, more));
  t.after(() => gateway.kill());
  return gateway;
}

async function hostSeen(gateway: GatewayProcess): Promise<string[]> {
  const { text } = await call(gateway.port, { headers: ["Host", "shop.example"] });
  return valuesOf(JSON.parse(text).headers as string[], "host");
}

describe("over HTTP/1.1", LIMIT, () => {
  test("requests pass over kept connections, with bodies, under the name localhost", async (t) => {
    const server = createServer(mirror);
    let accepted = 0;
    server.on("connection", () => accepted++);
    const gateway = await gatewayTo(t, await listening(t, server));
    const agent = keepAlive();
    t.after(() => agent.close());
    for (let i = 0; i < 5; i++) {
      const { status, text } = await call(gateway.port, { method: "POST", body: Buffer.alloc(200_000, "a"), agent });
      assert.deepEqual([status, JSON.parse(text).bytes], [200, 200_000]);
    }
    assert.equal(accepted, 1);
    assert.deepEqual(await hostSeen(gateway), ["localhost"]);
  });
  test("preserveHost sends the client's", async (t) => {
    const gateway = await gatewayTo(t, await listening(t, createServer(mirror)), {}, { preserveHost: true });
    assert.deepEqual(await hostSeen(gateway), ["shop.example"]);
  });
  test("a redirect to localhost leads to the gateway", async (t) => {
    const server = createServer((_, response) => response.writeHead(302, { Location: "http://localhost/new" }).end());
    const gateway = await gatewayTo(t, await listening(t, server));
    const { headers } = await call(gateway.port, { headers: ["Host", "shop.example"] });
    assert.equal(headers.location, "http://shop.example/new");
  });
  test("a path may count from the working directory, and be written as a URI", async (t) => {
    const path = await listening(t, createServer(mirror));
    for (const written of [relative(process.cwd(), path), `//${path}`]) {
      assert.equal((await call((await gatewayTo(t, written)).port)).status, 200, written);
    }
  });
  test("a body that lasts as long as its connection is whole at its end", async (t) => {
    const server = createTcpServer((socket) => {
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${"b".repeat(100_000)}`));
    });
    const { status, body } = await call((await gatewayTo(t, await listening(t, server))).port);
    assert.deepEqual([status, body.length], [200, 100_000]);
  });
  test("TLS is taken with the name that is expected", async (t) => {
    const authority = makeAuthority(folder, "ca");
    const certificate = makeCertificate(folder, "app", authority, ["DNS:app.example"]);
    const pair = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) };
    const path = await listening(t, createHttpsServer(pair, mirror));
    const tls = { rootCAFile: authority.cert };
    const to = (own: Block) =>
      gatewayTo(t, path, { scheme: "https" }, {}, { backend: { services: { up: { http: { tls: own } } } } });
    assert.equal((await call((await to({ ...tls, serverName: "app.example" })).port)).status, 200);
    const refused = await call((await to(tls)).port); // it is no certificate of localhost
    assert.equal(JSON.parse(refused.text).error.code, "upstream_tls_failed");
  });
});

describe("other protocols:", LIMIT, () => {
  for (const [title, instance, http] of [
    ["scheme h2c", { scheme: "h2c" }, {}],
    ["version 2", {}, { version: "2" }],
  ] as const) {
    test(`HTTP/2 by ${title}`, async (t) => {
      const server = createHttp2Server((request, response) => response.end(String(request.headers[":authority"])));
      const more = { backend: { services: { up: { http } } } };
      const gateway = await gatewayTo(t, await listening(t, server), instance, {}, more);
      const { status, text } = await call(gateway.port);
      assert.deepEqual([status, text], [200, "localhost"]);
    });
  }
  test("gRPC, and its health checks", async (t) => {
    let checks = 0;
    const server = createHttp2Server();
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      if (headers[":path"] !== "/grpc.health.v1.Health/Check") return reply(stream, ["hello"]);
      checks++;
      reply(stream, [Buffer.from([8, 1])]);
    });
    const health = { type: "grpc", gate: true, healthyThreshold: 1 };
    const instance = { address: `unix:${await listening(t, server)}`, protocol: "grpc", health };
    const gateway = await grpcGateway({ services: { up: [instance] } });
    t.after(() => gateway.kill());
    await eventually("a check", () => checks > 0);
    const client = new InteropClient(gateway.grpcPort);
    t.after(() => client.client.close());
    await eventually("an instance", async () => (await client.unary(Buffer.from("a")).catch(() => null)) !== null);
    assert.equal((await client.unary(Buffer.from("a"))).value.toString(), "hello");
  });
  test("WebSocket, to its orderly end", async (t) => {
    const server = createServer();
    new WebSocketServer({ server }).on("connection", (socket) => {
      socket.on("message", (data) => {
        socket.send(data);
        socket.close(1000, "enough");
      });
    });
    const gateway = await gatewayTo(t, await listening(t, server));
    const client = await opened(gateway.port);
    const [message, close] = [messageOf(client), closeOf(client)];
    client.send("hello");
    assert.equal((await message).data.toString(), "hello");
    assert.deepEqual(await close, { code: 1000, reason: "enough" });
  });
});

describe("what is said of it", LIMIT, () => {
  test("names the path: ids, views, access lines and metrics", async (t) => {
    const path = await listening(t, createServer(mirror));
    const more = {
      management: { enabled: true, port: 0, auth: { token: TOKEN } },
      metrics: { enabled: true },
    };
    const gateway = await startGateway(textFor(path, {}, {}, more));
    t.after(() => gateway.kill());
    const id = `up-unix:${path}`;
    await call(gateway.port, { headers: ["X-Request-ID", "seen"] });
    assert.equal((await accessLine(gateway, "seen")).instance, id);
    const port = await managementPort(gateway);
    const { instances } = await ask<{ instances: Block[] }>(port, "/services/up");
    const { id: shown, address, port: shownPort, totalRequests } = instances[0]!;
    assert.deepEqual([shown, address, shownPort, totalRequests], [id, `unix:${path}`, null, 1]);
    const explained = execFileSync(process.execPath, [
      "dist/main.js",
      "explain",
      "-c",
      gateway.file,
      "GET",
      "http://a/",
    ]);
    assert.ok(explained.toString().includes(`http://unix:${path}  `));
    const changed = await manage(port, "PUT", `/services/up/instances/${encodeURIComponent(id)}`, { weight: 3 });
    assert.equal(JSON.parse(changed.text).weight, 3);
    assert.equal(sumOf(await scrape(gateway.port), "gateway_backend_requests_total", { instance: id }), 1);
  });
});

describe("trouble:", LIMIT, () => {
  test("a socket that is not there yet fails to be dialled, and is used when it is", async (t) => {
    const path = newPath();
    const health = { path: "/", interval: "50ms", healthyThreshold: 1, unhealthyThreshold: 1 };
    const gateway = await gatewayTo(t, path, { health });
    const { status, text } = await call(gateway.port);
    assert.ok(status === 502 || status === 503, text);
    const line = await gateway.line(({ msg }) => msg === "Health check fails");
    assert.equal(line.reason, "ENOENT");
    await listening(t, createServer(mirror), path);
    await eventually("an answer", async () => (await call(gateway.port)).status === 200);
  });
  test("probes of TCP need no more than that it accepts", async (t) => {
    const server = createTcpServer((socket) => socket.resume());
    let accepted = 0;
    server.on("connection", () => accepted++);
    await gatewayTo(t, await listening(t, server), { health: { type: "tcp", interval: "50ms" } });
    await eventually("two probes", () => accepted > 1);
  });
  for (const [title, make] of [
    ["nothing", async () => newPath()],
    [
      "a file",
      async () => {
        const path = newPath();
        writeFileSync(path, "");
        return path;
      },
    ],
  ] as const) {
    test(`${title} at the path is 502 connect_failed`, async (t) => {
      const gateway = await gatewayTo(t, await make());
      const { status, text } = await call(gateway.port);
      assert.deepEqual([status, JSON.parse(text).error.code], [502, "connect_failed"]);
    });
  }
  test("a full queue is the backend's trouble, not a shortage of the gateway's", async (t) => {
    const path = newPath();
    const hole = await blackHole(path);
    t.after(() => hole.close());
    const gateway = await gatewayTo(t, path);
    const { status, text } = await call(gateway.port);
    assert.deepEqual([status, JSON.parse(text).error.code], [502, "connect_failed"]);
    assert.equal((await gateway.line(({ msg }) => msg === "Instance fails")).detail, "EAGAIN");
    assert.ok(!gateway.lines.some(({ msg }) => /short of resources/.test(String(msg))));
  });
  test("a body that is cut off is never whole", async (t) => {
    const server = createTcpServer((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", () => socket.destroy());
      });
    });
    const gateway = await gatewayTo(t, await listening(t, server));
    const response = await headOf(begin(gateway.port));
    await assert.rejects(read(response));
  });
  test("a connection that was given up is not used again, and the request goes on a new one", async (t) => {
    const server = createServer({ keepAliveTimeout: 1 }, mirror);
    const gateway = await gatewayTo(t, await listening(t, server));
    for (let i = 0; i < 20; i++) {
      assert.equal((await call(gateway.port)).status, 200);
      await new Promise(setImmediate);
    }
  });
});
