// Who may come by address: lists of rules and listeners, asked by real peers over every protocol.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request as send } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { call, keepAlive } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { InteropClient, order, SERVICE } from "../support/grpc.ts";
import { ask } from "../support/http2-client.ts";
import { binaryBlock, binaryHeader, IPV4_ENDS, IPV6_ENDS, textHeader } from "../support/proxy-header.ts";
import { accessLine, type Block, configText, reload, soon } from "../support/setup.ts";
import { messageOf, opened, refusalOf, type WsBackend, wsBackend, wsClient } from "../support/websocket.ts";

const LIMIT = { timeout: 60_000 };
const PROXY = "127.0.0.9";
const OFFICE = { allowedIPs: ["127.0.0.1", "203.0.113.0/24", "2001:db8::/32"], deniedIPs: ["203.0.113.66"] };
let folder: string;
let backend: Backend;
let sockets: WsBackend;
let gateway: GatewayProcess;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-ip-lists-"));
  backend = await startBackend((_, response) => response.end("fine"));
  sockets = await wsBackend();
  gateway = await startGateway(config());
});
after(async () => {
  await gateway.kill();
  await Promise.all([backend.close(), sockets.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** A port for IPv4 and IPv6 without lists, ports and sockets with some, and rules of each kind. */
function config(closed: Block = { allowedIPs: ["127.0.0.0/8", "203.0.113.0/24"], deniedIPs: ["127.0.0.2"] }): string {
  const here = { host: "127.0.0.1", port: 0 };
  const balanced = { trustedPeers: [PROXY, "unix"] };
  return configText({
    rules: [
      { id: "open", path: "/*", serviceName: "up" },
      { id: "office", path: "/office", serviceName: "up", ...OFFICE },
      { id: "banned", path: "/banned", serviceName: "up", deniedIPs: ["127.0.0.3", "::ffff:127.0.0.4"] },
      { id: "local", path: "/local", serviceName: "up", allowedIPs: "unix" },
      { id: "remote", path: "/remote", serviceName: "up", deniedIPs: ["unix"] },
      { id: "events", path: "/events", serviceName: "up", protocol: "sse", ...OFFICE },
      { id: "ws", path: "/ws", serviceName: "ws", ...OFFICE },
      { id: "calls", path: `/${SERVICE}/*`, serviceName: "up", protocol: "grpc", deniedIPs: ["127.0.0.0/8"] },
      { id: "once", path: "/once", serviceName: "up", rateLimit: { rate: 1, period: "1h" }, ...OFFICE },
      { id: "page", path: "/page", serviceName: "up", cors: { enabled: true }, ...OFFICE },
    ],
    services: { up: backend.port, ws: sockets.port },
    more: {
      frontend: {
        http: { host: "::", port: 0, trustedProxies: [PROXY, "unix"] },
        grpc: { enabled: true, ...here, allowedIPs: ["127.0.0.1"] },
        websocket: { enabled: true, ...here, deniedIPs: ["127.0.0.2"] },
        listeners: [
          { name: "closed", ...here, ...closed },
          { name: "balanced", ...here, proxyProtocol: balanced, ...OFFICE },
          { name: "socket", socket: join(folder, "open.sock") },
          { name: "shut", socket: join(folder, "shut.sock"), allowedIPs: ["0.0.0.0/0", "::/0"] },
        ],
      },
    },
  });
}

function portOf(listener: string): number {
  return gateway.lines.find((line) => line.listener === listener)!.port as number;
}

interface Asking {
  readonly path?: string;
  /** Address the peer has, or name of the UNIX socket. */
  readonly from?: string;
  readonly listener?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

async function asked({ from = "127.0.0.1", listener = "http", path = "/", headers = {}, method }: Asking) {
  const to = from.endsWith(".sock")
    ? { socketPath: join(folder, from) }
    : { host: from.includes(":") ? "::1" : "127.0.0.1", port: portOf(listener), localAddress: from };
  const request = send({ ...to, path, headers, ...(method === undefined ? {} : { method }), agent: false });
  request.end();
  const [response] = await soon(once(request, "response"), `an answer to ${path}`);
  let text = "";
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text } as Answered;
}

async function status(asking: Asking): Promise<number> {
  return (await asked(asking)).status;
}

describe("a rule", LIMIT, () => {
  test("with an allow list takes listed peers alone, and says nothing of the list", async () => {
    assert.equal(await status({ path: "/office" }), 200);
    const { status: refused, headers, text } = await asked({ path: "/office", from: "127.0.0.2" });
    assert.equal(refused, 403);
    assert.equal(JSON.parse(text).error.code, "ip_denied");
    assert.doesNotMatch(text, /127\.0|203\.0|2001|allowed[A-Z]|denied[A-Z]/);
    const line = await accessLine(gateway, String(headers["x-request-id"]));
    assert.deepEqual(
      [line.route, line.status, line.error, line.client, line.detail],
      ["office", 403, "ip_denied", "127.0.0.2", "address is not in allowedIPs of the rule"],
    );
    assert.equal(await status({ path: "/", from: "127.0.0.2" }), 200);
  });

  test("with a deny list alone takes everybody else, and an IPv4-mapped address is that of IPv4", async () => {
    assert.equal(await status({ path: "/banned" }), 200);
    for (const from of ["127.0.0.3", "127.0.0.4"]) {
      const { status: refused, headers } = await asked({ path: "/banned", from });
      assert.equal(refused, 403, from);
      const line = await accessLine(gateway, String(headers["x-request-id"]));
      assert.equal(line.detail, "address is in deniedIPs of the rule");
    }
    assert.equal(await status({ path: "/banned", from: "::1" }), 200);
  });

  test("looks at the address that trusted proxies report, and believes nobody else", async () => {
    const cases: readonly (readonly [from: string, forwarded: string, status: number])[] = [
      [PROXY, "203.0.113.7", 200],
      [PROXY, "203.0.113.66", 403], // denied wins over allowed
      [PROXY, "::ffff:203.0.113.7", 200],
      [PROXY, "::ffff:203.0.113.66", 403],
      [PROXY, "2001:DB8:0::7", 200],
      [PROXY, "198.51.100.1", 403],
      [PROXY, "203.0.113.7, 198.51.100.1", 403], // the one that the proxy has seen counts
      [PROXY, "198.51.100.1, 203.0.113.7", 200],
      [PROXY, "unknown", 403],
      [PROXY, "unix", 403],
      ["127.0.0.2", "203.0.113.7", 403],
      ["127.0.0.1", "203.0.113.66", 200],
      ["open.sock", "203.0.113.7", 200],
      ["open.sock", "198.51.100.1", 403],
    ];
    for (const [from, forwarded, expected] of cases) {
      const headers = { "X-Forwarded-For": forwarded };
      assert.equal(await status({ path: "/office", from, headers }), expected, `${from} for ${forwarded}`);
    }
    assert.equal(await status({ path: "/local", from: PROXY, headers: { "X-Forwarded-For": "unix" } }), 403);
  });

  test("takes peers on UNIX sockets where it lists them, or has no allow list", async () => {
    const from = "open.sock";
    assert.equal(await status({ path: "/office", from }), 403);
    assert.equal(await status({ path: "/local", from }), 200);
    assert.equal(await status({ path: "/banned", from }), 200);
    assert.equal(await status({ path: "/remote", from }), 403);
    assert.equal(await status({ path: "/local" }), 403);
    assert.equal(await status({ path: "/remote" }), 200);
  });

  test("refuses before its limits count, and before it answers a preflight", async () => {
    for (let i = 0; i < 3; i++) assert.equal(await status({ path: "/once", from: "127.0.0.2" }), 403);
    assert.equal(await status({ path: "/once" }), 200);
    assert.equal(await status({ path: "/once" }), 429);
    const headers = { Origin: "https://page.test", "Access-Control-Request-Method": "GET" };
    const preflight = { path: "/page", method: "OPTIONS", headers };
    const refused = await asked({ ...preflight, from: "127.0.0.2" });
    assert.deepEqual([refused.status, refused.headers["access-control-allow-methods"]], [403, undefined]);
    assert.equal(await status(preflight), 204);
  });

  test("refuses WebSocket handshakes and event streams with 403", async () => {
    const refusal = await refusalOf(wsClient(gateway.port, "/ws", { localAddress: "127.0.0.2" }));
    assert.deepEqual([refusal.status, JSON.parse(refusal.body).error.code], [403, "ip_denied"]);
    const client = await opened(gateway.port, "/ws");
    client.send("hello");
    assert.equal(String((await messageOf(client)).data), "hello");
    client.terminate();
    const headers = { Accept: "text/event-stream" };
    assert.equal(await status({ path: "/events", from: "127.0.0.2", headers }), 403);
    assert.equal(await status({ path: "/events", headers }), 200);
    assert.equal(sockets.requests.length, 1);
  });

  test("refuses calls of gRPC with PERMISSION_DENIED", async () => {
    const client = new InteropClient(gateway.port);
    const failed = new Promise<{ code: number; details: string }>((resolve) => {
      client.begin(order({}), (error) => resolve(error!));
    });
    const { code, details } = await soon(failed, "the end of the call");
    client.close();
    assert.deepEqual([code, details], [7, "Requests from this address are not allowed."]);
  });

  test("refuses requests of HTTP/2 one by one, on a connection that goes on", async () => {
    const session = await sessionFrom("127.0.0.2", portOf("http"));
    assert.equal((await ask(session, { ":path": "/office" })).status, 403);
    assert.equal((await ask(session, { ":path": "/" })).status, 200);
    session.close();
    const proxy = await sessionFrom(PROXY, portOf("http"));
    const through = (address: string): OutgoingHttpHeaders => ({ ":path": "/office", "x-forwarded-for": address });
    const answers = await Promise.all(["203.0.113.7", "203.0.113.66", "::1"].map((a) => ask(proxy, through(a))));
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [200, 403, 403],
    );
    proxy.close();
  });
});

async function sessionFrom(address: string, port: number): Promise<ClientHttp2Session> {
  const createConnection = () => connect({ host: "127.0.0.1", port, localAddress: address });
  const session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection });
  await soon(once(session, "connect"), "an HTTP/2 connection");
  return session;
}

describe("a listener", LIMIT, () => {
  test("holds off every request, whatever it asks for", async () => {
    for (const path of ["/", "/office", "/nowhere", "/_gateway/health", "/_gateway/none", "/health"]) {
      assert.equal(await status({ path, listener: "closed", from: "127.0.0.2" }), 403, path);
    }
    const { headers } = await asked({ listener: "closed", from: "127.0.0.2" });
    const line = await accessLine(gateway, String(headers["x-request-id"]));
    assert.deepEqual([line.error, line.detail], ["ip_denied", "address is in deniedIPs of the listener"]);
    assert.equal(await status({ path: "/_gateway/health", listener: "closed" }), 200);
    const last = { method: "OPTIONS", headers: { "Max-Forwards": "0" }, listener: "closed" };
    assert.deepEqual([await status({ ...last, from: "127.0.0.2" }), await status(last)], [403, 204]);
    assert.equal(await status({ path: "/a%00", listener: "closed", from: "127.0.0.2" }), 403);
  });

  test("and a rule on it both have to let a request pass; the others have lists of their own", async () => {
    assert.equal(await status({ path: "/office", listener: "closed", from: "127.0.0.5" }), 403);
    assert.equal(await status({ path: "/_gateway/health", from: "127.0.0.2" }), 200);
    const calls = await sessionFrom("127.0.0.2", portOf("grpc"));
    const fields = {
      ":method": "POST",
      ":path": `/${SERVICE}/Unary`,
      "content-type": "application/grpc",
      te: "trailers",
    };
    assert.equal((await ask(calls, fields, "")).headers["grpc-status"], "7");
    calls.close();
    const refusal = await refusalOf(wsClient(portOf("websocket"), "/ws", { localAddress: "127.0.0.2" }));
    assert.equal(refusal.status, 403);
    (await opened(portOf("websocket"), "/ws")).terminate();
  });

  test("looks at the address in a PROXY header", async () => {
    const through = async (header: Buffer) => {
      const socket = connect({ host: "127.0.0.1", port: portOf("balanced"), localAddress: PROXY });
      let text = "";
      socket.on("data", (chunk) => (text += String(chunk)));
      socket.write(Buffer.concat([header, Buffer.from("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")]));
      await soon(once(socket, "close"), "the end of the connection");
      return Number(text.split(" ")[1]);
    };
    assert.equal(await through(textHeader()), 200);
    assert.equal(await through(binaryHeader(IPV6_ENDS)), 200);
    assert.equal(await through(textHeader({ ...IPV4_ENDS, source: "203.0.113.66" })), 403);
    assert.equal(await through(binaryHeader({ ...IPV4_ENDS, source: "198.51.100.7" })), 403);
    assert.equal(await through(binaryBlock(0x20, 0, Buffer.alloc(0))), 403); // LOCAL: the peer, which is not listed
    assert.equal(await through(binaryBlock(0x21, 0x31, Buffer.alloc(216))), 403); // a UNIX address names nobody
  });

  test("on a UNIX socket takes nobody unless `unix` is listed, though all addresses are", async () => {
    assert.equal(await status({ from: "shut.sock" }), 403);
    assert.equal(await status({ from: "open.sock" }), 200);
  });

  test("takes a changed list at the next request, also on connections that are open", async () => {
    const agent = keepAlive();
    const request = () => call(portOf("closed"), { agent });
    assert.equal((await request()).status, 200);
    await reload(gateway, config({ deniedIPs: ["127.0.0.1"] }));
    assert.equal((await request()).status, 403);
    await reload(gateway, config());
    assert.equal((await request()).status, 200);
    agent.close();
  });
});

test("the healthcheck asks a listener that takes this machine", LIMIT, () => {
  const file = join(folder, "check.yaml");
  const front = { port: portOf("closed"), allowedIPs: ["203.0.113.1"] };
  const listeners = [{ name: "anybody", port: portOf("http") }];
  const http = { host: "127.0.0.1", ...front };
  const text = configText({
    rules: [{ path: "/*", serviceName: "up" }],
    services: { up: backend.port },
    more: { frontend: { http, listeners } },
  });
  writeFileSync(file, text);
  const { status: code, stdout } = spawnSync(process.execPath, ["dist/main.js", "healthcheck", "-config", file]);
  assert.deepEqual([code, String(stdout)], [0, "ready\n"]);
  writeFileSync(file, text.replace('"name": "anybody",', '"name": "some", "deniedIPs": "127.0.0.1",'));
  const refused = spawnSync(process.execPath, ["dist/main.js", "healthcheck", "-config", file]);
  assert.equal(refused.status, 1);
  assert.match(String(refused.stderr), /the IP lists of all listeners exclude this machine; list 127\.0\.0\.1/);
});

test("explain tells whether lists let an address pass, and which one does not", LIMIT, () => {
  const explained = (...args: string[]) =>
    spawnSync(process.execPath, ["dist/main.js", "explain", "-config", gateway.file, ...args], { encoding: "utf8" });
  const office = explained("-from", "203.0.113.66", "GET", "/office");
  assert.match(
    office.stdout,
    /\n {2}addresses +only 127\.0\.0\.1, 203\.0\.113\.0\/24, 2001:db8::\/32; not 203\.0\.113\.66\n/,
  );
  assert.match(office.stdout, /\n {2}from 203\.0\.113\.66: 403 ip_denied, the address is in deniedIPs of the rule\n/);
  assert.equal(office.status, 1);
  const passes = explained("-from", "::ffff:203.0.113.7", "GET", "/office");
  assert.deepEqual([passes.status, /from ::ffff:203\.0\.113\.7: passes\n/.test(passes.stdout)], [0, true]);
  const closed = explained("-listener", "closed", "-from", "127.0.0.2", "GET", "/");
  assert.match(closed.stdout, /at the listener only 127\.0\.0\.0\/8, 203\.0\.113\.0\/24; not 127\.0\.0\.2\n/);
  assert.match(closed.stdout, /from 127\.0\.0\.2: 403 ip_denied, the address is in deniedIPs of the listener\n/);
  assert.match(explained("-from", "unix", "GET", "/local").stdout, /from unix: passes/);
  assert.match(explained("-from", "localhost", "GET", "/").stderr, /-from: "localhost" is not an IP address/);
  assert.doesNotMatch(explained("GET", "/office").stdout, /from /);
});
