// What one client connection can do to the process and to the requests behind it: floods, CONNECT, stalls, TLS, file descriptors.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { makeAuthority } from "../support/certificates.ts";
import { configFor, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { exchange } from "../support/raw.ts";

let backend: Server;
let port: number;
let waiting: ServerResponse[] = [];
let seen: string[] = [];

before(async () => {
  backend = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers["accept-encoding"] ?? "-"}`);
    if (request.url === "/wait") return void waiting.push(response);
    if (request.url === "/half") {
      response.writeHead(200, { "Content-Length": "1000" });
      return void response.write("half", () => setImmediate(() => request.socket.destroy()));
    }
    request.resume();
    response.end("ok");
  });
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  port = (backend.address() as AddressInfo).port;
});

after(() => {
  backend.close();
  backend.closeAllConnections();
});

async function withGateway(yaml: string, body: (gateway: GatewayProcess) => Promise<void>): Promise<void> {
  waiting = [];
  seen = [];
  const gateway = await startGateway(yaml);
  try {
    await body(gateway);
    const surprises = gateway.lines.filter((l) => l.msg === "uncaught exception" || l.msg === "unhandled rejection");
    assert.deepEqual(surprises, []);
  } finally {
    await gateway.kill();
  }
}

function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}

test("a flood of pipelined requests behind a slow one is not read into memory", () =>
  withGateway(configFor(port), async (gateway) => {
    const before = rssOf(gateway.pid);
    const socket = connect(gateway.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    const flood = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20_000);
    let full = false;
    for (let i = 0; i < 100 && !full && !socket.destroyed; i++) {
      full = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), 500);
        socket.once("close", () => resolve(true));
        socket.write(flood, () => {
          clearTimeout(timer);
          resolve(false);
        });
      });
    }
    // Either reading stops, or, when one turn of the loop brought too much at once, the connection is closed.
    assert.ok(full || socket.destroyed, "the client could write without end");
    assert.ok(rssOf(gateway.pid) - before < 80e6, `grew by ${(rssOf(gateway.pid) - before) / 1e6} MB`);
    assert.ok(seen.length <= 1, "one at a time");
    socket.destroy();
    assert.match(
      await exchange(gateway.port, "GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      /^HTTP\/1.1 200/,
    );
  }));

test("CONNECT and an immediate reset surprise nobody", () =>
  withGateway(configFor(port), async (gateway) => {
    for (let i = 0; i < 50; i++) {
      const socket = connect(gateway.port, "127.0.0.1");
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.write("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", () => socket.resetAndDestroy());
      await once(socket, "close");
    }
    assert.match(
      await exchange(gateway.port, "GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      /^HTTP\/1.1 200/,
    );
  }));

test("over TLS, a backend that dies in the middle cuts the client off", () => {
  const { cert, key } = makeAuthority(mkdtempSync(join(tmpdir(), "gateway-tls-")), "localhost");
  const tls = `tls: { enabled: true, certFile: ${cert}, keyFile: ${key} }`;
  return withGateway(configFor(port).replace("port: 0,", `port: 0, ${tls},`), async (gateway) => {
    const socket = connectTls({ port: gateway.port, host: "127.0.0.1", rejectUnauthorized: false });
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", () => undefined);
    socket.write("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "close");
    assert.match(text, /Content-Length: 1000/);
    assert.ok(text.endsWith("half"));
  });
});

test("with one connection per host, a request that needs its own takes the place of an idle one", () =>
  withGateway(configFor(port, "  backend: { http: { maxConnsPerHost: 1 } }\n"), async (gateway) => {
    const ask = (more: string) =>
      exchange(gateway.port, `GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`, 2000);
    assert.match(await ask(""), /^HTTP\/1.1 200/);
    assert.match(await ask("Authorization: Negotiate YII=\r\n"), /^HTTP\/1.1 200/);
    assert.match(await ask(""), /^HTTP\/1.1 200/);
  }));

test("a reload changes what the connector itself was configured with", () =>
  withGateway(configFor(port), async (gateway) => {
    const ask = () =>
      exchange(gateway.port, "GET /ok HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    await ask();
    writeFileSync(gateway.file, configFor(port, "  backend: { http: { disableCompression: true } }\n"));
    await gateway.line((l) => l.msg === "Configuration reloaded successfully");
    await ask();
    assert.deepEqual(seen, ["GET /ok gzip", "GET /ok -"]);
  }));

test("reopening logs after their output has changed touches nobody else's descriptor", () =>
  withGateway(configFor(port), async (gateway) => {
    const output = (name: string) => `  telemetry: { logging: { output: ${join(gateway.folder, name)} } }\n`;
    for (const name of ["a.log", "b.log"]) {
      const reloads = gateway.lines.filter((l) => l.msg === "Configuration reloaded successfully").length;
      writeFileSync(gateway.file, configFor(port, output(name)));
      await gateway.line((l) => {
        return (
          l.msg === "Configuration reloaded successfully" &&
          gateway.lines.filter((x) => x.msg === l.msg).length > reloads
        );
      });
    }
    const sockets = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const socket = connect(gateway.port, "127.0.0.1");
        await once(socket, "connect");
        return socket;
      }),
    );
    renameSync(join(gateway.folder, "b.log"), join(gateway.folder, "b.log.1"));
    gateway.signal("SIGUSR1");
    await gateway.line((l) => l.msg === "Log files opened again");
    for (const socket of sockets) {
      socket.write("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
      const [chunk] = (await once(socket, "data")) as [Buffer];
      assert.match(chunk.toString(), /^HTTP\/1.1 200/);
      socket.destroy();
    }
  }));

test("a gateway whose log nobody reads can still be stopped", () =>
  withGateway(configFor(port), async (gateway) => {
    // The harness reads the pipe; a full device stands for the reader that is gone.
    writeFileSync(gateway.file, configFor(port, "  telemetry: { logging: { output: /dev/full } }\n"));
    await gateway.line((l) => l.msg === "Configuration reloaded successfully");
    await exchange(gateway.port, "GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await gateway.line((l) => String(l.msg).includes("log lines are being lost"));
    gateway.signal("SIGTERM");
    assert.equal(await gateway.exited, 0);
  }));
