// What every kind of probe owes: one verdict, a reason without the backend's words, nothing left open when it is stopped.
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createTls } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { execProbe } from "../../src/resilience/exec-probe.ts";
import { grpcProbe } from "../../src/resilience/grpc-probe.ts";
import { type HttpTarget, httpProbe, MAX_BODY_BYTES } from "../../src/resilience/http-probe.ts";
import type { Probe } from "../../src/resilience/probe.ts";
import { tcpProbe } from "../../src/resilience/tcp-probe.ts";
import { DEFAULT_TLS } from "../../src/wire/secure.ts";
import { type Backend, mirror, startBackend } from "../support/backend.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { framed, type Http2Backend, http2Backend, reply, trailersOnly } from "../support/http2-backend.ts";
import { testNetwork } from "../support/network.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { type RawBackend, rawBackend } from "../support/raw.ts";
import { eventually, soon } from "../support/setup.ts";

const NETWORK = testNetwork();

/** Asks once and stops, as a loop does. */
async function ask(probe: Probe): Promise<string | null | undefined> {
  let stop: () => void = () => undefined;
  const answer = new Promise<string | null | undefined>((resolve) => {
    stop = probe(resolve);
  });
  try {
    return await soon(answer, "an answer of the probe");
  } finally {
    stop();
  }
}

function http(port: number, more: Partial<HttpTarget> = {}): Probe {
  return httpProbe(NETWORK, {
    scheme: "http",
    address: "127.0.0.1",
    port,
    tls: DEFAULT_TLS,
    http2: false,
    method: "GET",
    path: "/health",
    headers: {},
    expectedStatus: [[200, 299]],
    expectedBody: "",
    ...more,
  });
}

const grpc = (port: number, service = "") =>
  grpcProbe(NETWORK, { scheme: "http", address: "127.0.0.1", port, tls: DEFAULT_TLS, service });
const tcp = (port: number) => tcpProbe(NETWORK, "127.0.0.1", port);

/** Accepts and never says a word. */
let silent: RawBackend;
/** Connections it ever had. */
let accepted = 0;
/** Accepts and resets. */
let rude: RawBackend;
before(async () => {
  silent = await rawBackend((socket) => {
    accepted++;
    socket.resume();
  });
  rude = await rawBackend((socket) => socket.resetAndDestroy());
});
after(async () => {
  await silent?.close();
  await rude?.close();
});

for (const [kind, make] of [
  ["http", http],
  ["http over HTTP/2", (port: number) => http(port, { http2: true })],
  ["tcp", tcp],
  ["grpc", grpc],
] as const) {
  test(`${kind}: where nobody listens is unhealthy`, async () => {
    assert.equal(await ask(make(NOBODYS_PORT)), "ECONNREFUSED");
  });
  test(`${kind}: stopped, it leaves no connection`, async () => {
    const known = accepted;
    const stop = make(silent.port)(() => undefined);
    await eventually("the connection", () => accepted > known);
    stop();
    await eventually("its end", () => silent.sockets.size === 0);
    stop();
  });
  if (kind === "tcp") continue;
  test(`${kind}: a server that accepts and never answers gives no verdict, which is for the time limit to say`, async () => {
    const known = accepted;
    let answered = false;
    const stop = make(silent.port)(() => {
      answered = true;
    });
    await eventually("the connection", () => accepted > known);
    assert.equal(answered, false);
    stop();
  });
  test(`${kind}: a server that resets is unhealthy`, async () => {
    assert.match((await ask(make(rude.port)))!, /^(ECONNRESET|EPIPE|connection ended|stream ended|ERR_HTTP2_\w+)$/);
  });
}

describe("http", () => {
  let backend: Backend;
  before(async () => {
    backend = await startBackend((request, response) => {
      const status = /^\/status\/(\d+)$/.exec(request.url!);
      if (request.url === "/mirror") return mirror(request, response);
      if (status !== null) return void response.writeHead(Number(status[1])).end("secret");
      if (request.url === "/late") return void response.end(`${"x".repeat(MAX_BODY_BYTES)}needle`);
      if (request.url === "/endless") return void response.write("needle".padEnd(2 * MAX_BODY_BYTES));
      if (request.url === "/cut") {
        response.writeHead(200, { "Content-Length": "10" }).write("x");
        return void setImmediate(() => response.destroy());
      }
      response.end("state: fine");
    });
  });
  after(() => backend?.close());

  for (const [name, path, more, verdict] of [
    ["200 is well", "/", {}, null],
    ["204 is well", "/status/204", {}, null],
    ["500 is not", "/status/500", {}, "status 500"],
    ["302 is not followed", "/status/302", {}, "status 302"],
    ["unless it is expected", "/status/302", { expectedStatus: [[200, 399]] }, null],
    [
      "or one of several",
      "/status/418",
      {
        expectedStatus: [
          [204, 204],
          [418, 418],
        ],
      },
      null,
    ],
    ["200 is not, where another is expected", "/", { expectedStatus: [[204, 204]] }, "status 200"],
    ["the expected text", "/", { expectedBody: "fine" }, null],
    ["another text", "/", { expectedBody: "splendid" }, "expected text is not in the body"],
    ["a text behind what is read", "/late", { expectedBody: "needle" }, "expected text is not in the body"],
    ["a body without an end", "/endless", { expectedBody: "needle" }, null],
    ["a body that is cut", "/cut", {}, "ECONNRESET"],
    ["HEAD", "/", { method: "HEAD" }, null],
  ] as const) {
    test(`${name}: ${verdict ?? "healthy"}`, async () => {
      assert.equal(await ask(http(backend.port, { path, ...more } as Partial<HttpTarget>)), verdict);
    });
  }

  test("asks with its fields, its own Host when it has one, on a connection of its own", async () => {
    const seen: string[][] = [];
    const other = await startBackend((request, response) => {
      seen.push(request.rawHeaders);
      response.end();
    });
    await ask(http(other.port));
    await ask(http(other.port, { headers: { host: "inner.example", "X-Probe": "yes" } }));
    const value = (i: number, name: string) => {
      const at = seen[i]!.findIndex((text, n) => n % 2 === 0 && text.toLowerCase() === name);
      return at < 0 ? undefined : seen[i]![at + 1];
    };
    assert.deepEqual([value(0, "host"), value(0, "connection")], [`127.0.0.1:${other.port}`, "close"]);
    assert.deepEqual([value(1, "host"), value(1, "x-probe")], ["inner.example", "yes"]);
    assert.equal(other.accepted, 2);
    await other.close();
  });

  test("believes only certificates it is told to believe", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gateway-probe-"));
    const authority = makeAuthority(folder, "ours");
    const { cert, key } = makeCertificate(folder, "server", authority, ["IP:127.0.0.1"]);
    const server = createTls({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) => response.end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const trusting = { ...DEFAULT_TLS, material: { ca: readFileSync(authority.cert, "utf8") } };
    assert.equal(await ask(http(port, { scheme: "https", tls: trusting })), null);
    assert.match((await ask(http(port, { scheme: "https" })))!, /^(UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/);
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test("speaks HTTP/2 with prior knowledge where the instance does", async () => {
    const h2 = await http2Backend((stream, headers) => {
      stream.respond({ ":status": headers[":path"] === "/health" ? 200 : 500 });
      stream.end(String(headers[":authority"]));
    });
    const expectedBody = `127.0.0.1:${h2.port}`;
    assert.equal(await ask(http(h2.port, { http2: true, expectedBody })), null);
    assert.equal(await ask(http(h2.port, { http2: true, headers: { Host: "a.b" }, expectedBody: "a.b" })), null);
    assert.equal(await ask(http(h2.port, { http2: true, path: "/other" })), "status 500");
    await eventually("no connection is left", () => h2.sessions.length === 0);
    await h2.close();
  });
});

describe("tcp", () => {
  test("whoever accepts is well", async () => assert.equal(await ask(tcp(silent.port)), null));
});

describe("grpc", () => {
  let server: Server;
  let port: number;
  const states = new Map([
    ["", 1],
    ["up", 1],
    ["down", 2],
    ["unsure", 0],
    ["a".repeat(300), 1],
  ]);
  before(async () => {
    const same = (bytes: Buffer) => bytes;
    const path = "/grpc.health.v1.Health/Check";
    const kinds = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    server = new Server();
    server.addService(
      { Check: { path, requestStream: false, responseStream: false, ...kinds } },
      {
        Check: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
          const state = states.get(nameIn(call.request));
          if (state === undefined) return done({ code: 5, details: "secret" });
          done(null, state === 0 ? Buffer.alloc(0) : Buffer.from([0x08, state]));
        },
      },
    );
    port = await new Promise((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (e, p) =>
        e === null ? resolve(p) : reject(e),
      ),
    );
  });
  after(() => server?.forceShutdown());

  for (const [service, verdict] of [
    ["", null],
    ["up", null],
    ["a".repeat(300), null],
    ["down", "NOT_SERVING"],
    ["unsure", "UNKNOWN"],
    ["nobody", "unknown service"],
  ] as const) {
    test(`"${service.slice(0, 10)}" of a real server: ${verdict ?? "healthy"}`, async () => {
      assert.equal(await ask(grpc(port, service)), verdict);
    });
  }

  describe("servers that answer something else", () => {
    let odd: Http2Backend;
    before(async () => {
      odd = await http2Backend(() => undefined);
    });
    after(() => odd?.close());
    for (const [name, answer, verdict] of [
      ["not implemented", (s) => trailersOnly(s, 12), "the health protocol is not implemented"],
      ["another status", (s) => trailersOnly(s, 14), "gRPC status 14"],
      [
        "no status",
        (s) => {
          s.respond({ ":status": 200 });
          s.end(framed(Buffer.from([8, 1])));
        },
        "gRPC status 2",
      ],
      [
        "an HTTP error",
        (s) => {
          s.respond({ ":status": 503 });
          s.end();
        },
        "status 503",
      ],
      ["no message", (s) => reply(s, []), "no HealthCheckResponse"],
      ["garbage", (s) => reply(s, ["garbage"]), "no HealthCheckResponse"],
      ["a status of the future", (s) => reply(s, [Buffer.from([8, 99])]), "UNKNOWN"],
    ] as [string, Http2Backend["answer"], string][]) {
      test(`${name}: ${verdict}`, async () => {
        odd.answer = answer;
        assert.equal(await ask(grpc(odd.port)), verdict);
      });
    }
  });
});

describe("exec", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gateway-exec-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const script = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const exec = (command: string, args: readonly string[] = [], env = {}) =>
    ask(execProbe(NETWORK.shortage, { command, args, env }));

  test("exit code 0 is well, another is not", async () => {
    assert.equal(await exec("/bin/true"), null);
    assert.equal(await exec(script("seven", "exit 7")), "exit code 7");
  });
  test("ended by a signal is not", async () => {
    assert.equal(await exec(script("suicide", "kill -9 $$")), "ended by SIGKILL");
  });
  test("a program that is not there is not", async () => {
    assert.equal(await exec(join(folder, "nobody")), "cannot be run: ENOENT");
  });
  test("a file that may not be run is not", async () => {
    const path = script("plain", "exit 0");
    chmodSync(path, 0o644);
    assert.equal(await exec(path), "cannot be run: EACCES");
  });
  test("arguments go to the program as they are, and to no shell", async () => {
    const out = join(folder, "args");
    await exec(script("args.sh", `printf '%s|' "$@" > ${out}`), ["a b", "$(touch x)", "; exit 3"]);
    assert.equal(readFileSync(out, "utf8"), "a b|$(touch x)|; exit 3|");
  });
  test("the program gets none of the gateway's environment", async () => {
    process.env.SECRET_OF_THE_GATEWAY = "1";
    const out = join(folder, "env");
    await exec(script("env.sh", `/usr/bin/env > ${out}`), [], { PORT: "1" });
    delete process.env.SECRET_OF_THE_GATEWAY;
    const names = readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]!);
    assert.deepEqual(names.filter((n) => !["PWD", "_", "SHLVL", "OLDPWD"].includes(n)).sort(), ["PATH", "PORT"]);
  });
  test("stopped, it takes its children with it", async () => {
    const out = join(folder, "pid");
    const stop = execProbe(NETWORK.shortage, {
      command: script("slow", `sleep 1000 &\necho $! > ${out}\nwait`),
      args: [],
      env: {},
    })(() => undefined);
    await eventually("the child", () => existsSync(out) && readFileSync(out, "utf8").endsWith("\n"));
    const pid = Number(readFileSync(out, "utf8"));
    stop();
    await eventually("the end of the child", () => !isAlive(pid));
  });
});

/** Whether a process runs; a zombie does not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** `HealthCheckRequest.service`. */
function nameIn(bytes: Buffer): string {
  if (bytes.length === 0) return "";
  return bytes.subarray(bytes[1]! < 0x80 ? 2 : 3).toString();
}
