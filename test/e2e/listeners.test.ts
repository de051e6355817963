// Many listeners at once: each speaks what it is told to, rules hold where they are bound, and a reload changes one of them
// without the others.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request, type ServerResponse } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { type Backend, startBackend } from "../support/backend.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { freePort } from "../support/ports.ts";
import { reload } from "../support/setup.ts";

const PIECE = Buffer.alloc(64 * 1024);
const LIMIT = { timeout: 60_000 };
let folder: string;
let backend: Backend;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-listeners-"));
  backend = await startBackend(({ url }, response) => {
    if (url === "/endless") endless(response);
    else response.end("backend");
  });
});
after(async () => {
  await backend.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes for as long as somebody reads. */
function endless(response: ServerResponse): void {
  while (response.write(PIECE));
  response.once("drain", () => endless(response));
}

/** @param list of further listeners, as YAML */
function configWith(list: string): string {
  return `gateway:
  frontend:
    http: { host: 127.0.0.1, port: 0, echo: true }
    listeners:
${list}
  router:
    rules:
      - { id: inside, path: "/*", serviceName: _internal, listeners: [ local ] }
      - { id: all, path: "/*", serviceName: up }
  registry: { static: { services: [ { name: up, instances: [ { address: 127.0.0.1, port: ${backend.port} } ] } ] } }
  shutdown: { delay: 200ms, timeout: 5s }
`;
}

const local = (name: string, more = "") => `      - { name: local, socket: "${join(folder, name)}"${more} }`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

function get(target: { socketPath: string } | { port: number }, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", ...target, path, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, text }));
    });
    asked.on("error", reject).end();
  });
}

function portOf(gateway: GatewayProcess, listener: string): number {
  return gateway.lines.findLast((line) => line.listener === listener)!.port as number;
}

/** The status with which a handshake is refused; 101 when it is not. */
async function handshake(port: number): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  const [code] = await Promise.race([
    once(socket, "unexpected-response").then(([, response]) => [response.statusCode]),
    once(socket, "open").then(() => [101]),
    once(socket, "error").then(() => [0]),
  ]);
  socket.on("error", () => undefined);
  socket.terminate();
  return code as number;
}

describe("a UNIX socket", LIMIT, () => {
  test("serves requests, with the permissions it was given, and its peers have no address", async (t) => {
    const path = join(folder, "a.sock");
    const gateway = await startGateway(configWith(local("a.sock", ', socketMode: "0600"')));
    t.after(() => gateway.kill());
    const echoed = JSON.parse((await get({ socketPath: path }, "/_gateway/echo")).text);
    assert.equal(echoed.headers["x-forwarded-for"] ?? "unknown", "unknown");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const line = await gateway.line((one) => one.path === "/_gateway/echo");
    assert.equal("client" in line, false);
    assert.equal(await gateway.stop(), 0);
    assert.equal(existsSync(path), false);
  });

  test("tells a backend that its peers are unknown, or what a trusted peer says", async (t) => {
    const seen: (string | undefined)[] = [];
    const recorder = await startBackend((asked, response) => {
      seen.push(asked.headers["x-forwarded-for"] as string | undefined);
      response.end();
    });
    t.after(() => recorder.close());
    const text = (trusted: string) =>
      configWith(`      - { name: side, socket: "${join(folder, "f.sock")}" }`)
        .replace("echo: true", `trustedProxies: [ ${trusted} ]`)
        .replace("listeners: [ local ]", "listeners: [ http ]")
        .replace(String(backend.port), String(recorder.port));
    const gateway = await startGateway(text("10.0.0.0/8"), { args: ["-hot-reload=false"] });
    t.after(() => gateway.kill());
    const ask = () =>
      new Promise<void>((resolve, reject) => {
        const headers = { "X-Forwarded-For": "203.0.113.9" };
        const asked = request({ socketPath: join(folder, "f.sock"), headers, agent: false }, (response) => {
          response.resume().on("end", resolve);
        });
        asked.on("error", reject).end();
      });
    await ask();
    writeFileSync(gateway.file, text("unix"));
    gateway.signal("SIGHUP");
    await gateway.line((line) => line.msg === "Configuration reloaded successfully");
    await ask();
    assert.deepEqual(seen, ["unknown", "203.0.113.9"]);
  });

  test("that a dead process left behind is taken over; one that is served is not, nor is a file", async (t) => {
    const path = join(folder, "b.sock");
    const left = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    spawnSync(process.execPath, ["-e", left]);
    assert.ok(statSync(path).isSocket());
    const gateway = await startGateway(configWith(local("b.sock")));
    t.after(() => gateway.kill());
    assert.equal((await get({ socketPath: path }, "/_gateway/live")).status, 200);

    await assert.rejects(startGateway(configWith(local("b.sock"))), /unix:.*b\.sock: another process listens on it/);
    assert.equal((await get({ socketPath: path }, "/_gateway/live")).status, 200);
    writeFileSync(join(folder, "c.sock"), "precious");
    await assert.rejects(startGateway(configWith(local("c.sock"))), /c\.sock: the file is not a socket/);
  });
});

describe("each listener", LIMIT, () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await startGateway(
      configWith(`      - { name: plain, host: 127.0.0.1, port: 0, protocols: { http2: false, websocket: false } }
      - { name: calls, host: 127.0.0.1, port: 0, protocols: { http1: false, websocket: false } }
      - { name: chat, host: 127.0.0.1, port: 0, protocols: { http1: false, http2: false } }
${local("d.sock")}`),
    );
  });
  after(() => gateway.kill());

  test("serves the rules bound to it before those of all", async () => {
    assert.equal((await get({ socketPath: join(folder, "d.sock") }, "/")).status, 200);
    assert.match((await get({ socketPath: join(folder, "d.sock") }, "/")).text, /^Gateway .* is running/);
    assert.equal((await get({ port: gateway.port }, "/")).text, "backend");
  });

  test("speaks the protocols it is told to and no other", async () => {
    assert.equal((await get({ port: portOf(gateway, "plain") }, "/")).text, "backend");
    assert.equal(await handshake(portOf(gateway, "plain")), 404);
    assert.equal((await get({ port: portOf(gateway, "chat") }, "/")).status, 426);
    assert.equal(await handshake(portOf(gateway, "chat")), 200); // routed; the backend answers it as any request
    await assert.rejects(get({ port: portOf(gateway, "calls") }, "/"));
    assert.equal(await http2Status(portOf(gateway, "calls")), 200);
    assert.equal(await http2Status(portOf(gateway, "plain")), 0);
  });
});

test("a reload adds and removes listeners, and connections on the others stay", LIMIT, async (t) => {
  const gateway = await startGateway(configWith(local("e.sock")), { args: ["-hot-reload=false"] });
  t.after(() => gateway.kill());
  const kept = connect({ path: join(folder, "e.sock") });
  await once(kept, "connect");
  const ask = async () => {
    kept.write("GET /_gateway/live HTTP/1.1\r\nHost: x\r\n\r\n");
    const [data] = await once(kept, "data");
    return String(data).split("\r\n")[0];
  };
  assert.equal(await ask(), "HTTP/1.1 200 OK");
  const more = "      - { name: more, host: 127.0.0.1, port: 0 }\n";
  writeFileSync(gateway.file, configWith(more + local("e.sock", ', socketMode: "0666"')));
  gateway.signal("SIGHUP");
  await gateway.line((line) => line.msg === "Configuration reloaded successfully");
  assert.equal(await ask(), "HTTP/1.1 200 OK");
  assert.equal(statSync(join(folder, "e.sock")).mode & 0o777, 0o666);
  kept.destroy();
});

test("listeners may take other names, each other's, and the address of one that has just left", LIMIT, async (t) => {
  const two = (first: string, second: string) =>
    `      - { name: ${first}, host: 127.0.0.1, port: ${free} }\n      - { name: ${second}, socket: "${path}" }`;
  const path = join(folder, "g.sock");
  const free = await freePort();
  const gateway = await startGateway(configWith(two("local", "side")), { args: ["-hot-reload=false"] });
  t.after(() => gateway.kill());
  const kept = connect(free, "127.0.0.1");
  const answers = () => Promise.all([get({ port: free }, "/").then(({ text }) => text), statusAt(path)]);
  const steps = [two("other", "local"), two("local", "other"), `      - { name: local, socket: "${path}" }`];
  for (const list of [...steps, two("side", "local")]) await reload(gateway, configWith(list));
  assert.deepEqual(await answers(), ["backend", 200]);
  kept.destroy();
});

test("a UNIX socket whose file was removed is bound again by the next reload", LIMIT, async (t) => {
  const path = join(folder, "h.sock");
  const gateway = await startGateway(configWith(local("h.sock")), { args: ["-hot-reload=false"] });
  t.after(() => gateway.kill());
  rmSync(path);
  await reload(gateway, configWith(local("h.sock", ', socketMode: "0600"')));
  assert.equal(await statusAt(path), 200);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

const statusAt = async (socketPath: string) => (await get({ socketPath }, "/_gateway/live")).status;

test("a listener has timeouts of its own", LIMIT, async (t) => {
  const more = (key: string) =>
    `      - { name: ${key === "readTimeout" ? "local" : key}, host: 127.0.0.1, port: 0, ${key}: 1s }`;
  const gateway = await startGateway(
    configWith(`${more("readTimeout")}\n${more("idleTimeout")}\n${more("writeTimeout")}`),
  );
  t.after(() => gateway.kill());
  // A head that never ends, a connection that asks no more, and a reply that nobody reads.
  const slow = connect(portOf(gateway, "local"), "127.0.0.1");
  slow.write("GET / HTTP/1.1\r\n");
  assert.match(String((await once(slow, "data"))[0]), /^HTTP\/1.1 408 /);
  const idle = connect(portOf(gateway, "idleTimeout"), "127.0.0.1");
  idle.write("GET /_gateway/live HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.match(String((await once(idle, "data"))[0]), /keep-alive: timeout=1/i);
  await once(idle.resume(), "close");
  const stalled = connect(portOf(gateway, "writeTimeout"), "127.0.0.1");
  stalled.write("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  stalled.pause();
  assert.ok(await gateway.line((line) => line.path === "/endless" && line.status !== undefined));
});

test("without frontend.http the listed ones are all there are", LIMIT, () => {
  const file = join(folder, "only.yaml");
  writeFileSync(
    file,
    configWith("      - { name: only, port: 18099 }\n      - { name: local, port: 18098 }").replace(
      / {4}http: .*\n/,
      "",
    ),
  );
  const explained = (...args: string[]) =>
    spawnSync(process.execPath, ["dist/main.js", "explain", "-config", file, ...args, "GET", "/x"], {
      encoding: "utf8",
    });
  assert.match(
    explained().stdout,
    /listener +only\n[\s\S]*route +all[\s\S]*- inside .*: listener only is not among local/,
  );
  assert.match(explained("-listener", "local").stdout, /route +inside/);
  assert.match(explained("-listener", "http").stderr, /unknown listener "http"; listeners are only, local/);
});

test("explain and tests know of a listener that redirects", LIMIT, () => {
  const file = join(folder, "redirecting.yaml");
  const text = configWith("      - { name: local, port: 18097, redirectToHTTPS: { port: 8443 } }");
  writeFileSync(file, text);
  const run = (...args: string[]) => spawnSync(process.execPath, ["dist/main.js", ...args], { encoding: "utf8" });
  const explained = (url: string) => run("explain", "-config", file, "-listener", "local", "GET", url).stdout;
  assert.match(explained("/x"), /built in: this listener redirects to HTTPS, port 8443 \(308\)/);
  assert.match(explained("/_gateway/health"), /built in: the gateway answers this path itself/);
  const tested = (expect: string) => {
    writeFileSync(file, `${text}\n  tests: [ { request: GET /x, listener: local, expect: ${expect} } ]\n`);
    return run("check", "-config", file);
  };
  assert.equal(tested("{ status: 308 }").status, 0);
  assert.match(tested("{ route: all }").stderr, /expected route "all", got status 308 \(built in\)/);
});

/** The status of a request over HTTP/2 with prior knowledge; 0 when the port does not speak it. */
async function http2Status(port: number): Promise<number> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  const stream = session.request({ ":path": "/" });
  stream.on("error", () => undefined);
  const [headers] = await once(stream, "response").catch(() => [{}]);
  session.destroy();
  return (headers as { ":status"?: number })[":status"] ?? 0;
}
