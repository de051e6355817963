// One slow side: the other is made to wait, the gateway keeps next to nothing, and a standstill is ended in time.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { openRaw } from "../support/http2-client.ts";
import { FLAG, FRAME, fieldBlock, frame, requestFields } from "../support/http2-frames.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { type RawBackend, rawBackend } from "../support/raw.ts";
import { configText, eventually, residentBytes, soon } from "../support/setup.ts";

const LIMIT = { timeout: 90_000 };
const MB = 1024 * 1024;
const TOTAL = 200 * MB;
const PIECE = Buffer.alloc(64 * 1024, "x");
/** What kernels may hold on the way: send and receive buffers of two connections, each allowed to grow to several MB. */
const ON_THE_WAY = 40 * MB;

let backend: Backend;
/** Bytes the backend has written of the newest download. */
let written = 0;
/** Paths of downloads under way. */
const pouring = new Set<string>();
/** Reads nothing until told. */
let lazy: RawBackend;
let gateway: GatewayProcess;
let strict: GatewayProcess;

before(async () => {
  backend = await startBackend((request, response) => {
    if (request.url!.startsWith("/length")) response.setHeader("Content-Length", TOTAL);
    if (request.url!.startsWith("/events")) response.setHeader("Content-Type", "text/event-stream");
    pouring.add(request.url!);
    response.on("close", () => pouring.delete(request.url!));
    pour(response);
  });
  lazy = await rawBackend((socket) => socket.pause());
  const rules = [
    { id: "down", path: "/*", serviceName: "up", timeout: 0 },
    { id: "up", path: "/up", serviceName: "lazy", timeout: 0, maxRequestSize: 0 },
  ];
  const services = { up: backend.port, lazy: lazy.port };
  // What is poured has no line ends: one event, larger than any.
  const more = { metrics: { enabled: true }, backend: { sse: { maxEventSize: 0 } } };
  [gateway, strict] = await Promise.all([
    startGateway(configText({ rules, services, more })),
    startGateway(configText({ rules, services, more, front: { writeTimeout: "700ms" } })),
  ]);
});

after(async () => {
  await Promise.all([gateway?.kill(), strict?.kill()]);
  await backend?.close();
  await lazy?.close();
});

/** Writes {@link TOTAL} bytes as fast as they are taken. */
function pour(response: ServerResponse): void {
  written = 0;
  const more = () => {
    while (written < TOTAL && !response.destroyed) {
      written += PIECE.length;
      if (!response.write(PIECE)) return;
    }
    response.end();
  };
  response.on("drain", more);
  more();
}

/** Asks for `path`, reads a little and stops reading. */
async function stalled(port: number, path: string): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  await soon(once(socket, "readable"), "the beginning of the response");
  return socket;
}

/** Reads to the end. @returns bytes read */
function drained(socket: Socket): Promise<number> {
  let bytes = 0;
  return soon(
    new Promise((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      socket.on("close", () => resolve(bytes));
      socket.resume();
    }),
    "the end of the response",
  );
}

/** Waits until a number has not changed for half a second. */
async function standstill(what: string, value: () => number): Promise<number> {
  let last = value();
  let same = 0;
  await eventually(`${what} stands still`, () => {
    const now = value();
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= 25;
  });
  return last;
}

const active = async (g: GatewayProcess) => sumOf(await scrape(g.port), "gateway_http_requests_active");

function assertSmall(what: string, bytes: number, limit: number): void {
  assert.ok(bytes < limit, `${what}: ${Math.round(bytes / MB)} MB`);
}

describe("a client that does not read", LIMIT, () => {
  for (const path of ["/length", "/chunked"]) {
    test(`makes the backend of ${path} wait, costs no memory, and gets all of it later`, async () => {
      const before = residentBytes(gateway.pid);
      const socket = await stalled(gateway.port, path);
      const sent = await standstill("the backend", () => written);
      assertSmall("written by the backend", sent, ON_THE_WAY);
      assertSmall("growth of the gateway", residentBytes(gateway.pid) - before, 60 * MB);
      const bytes = await drained(socket);
      assert.equal(written, TOTAL);
      assert.ok(bytes > TOTAL && bytes < TOTAL * 1.01, `${bytes} bytes`);
      assertSmall("growth of the gateway", residentBytes(gateway.pid) - before, 60 * MB);
      await eventually("the gauge is back at zero", async () => (await active(gateway)) === 0);
    });
  }

  test("twenty at once cost little more than one", async () => {
    const before = residentBytes(gateway.pid);
    const sockets = await Promise.all(Array.from({ length: 20 }, () => stalled(gateway.port, "/chunked")));
    await standstill("the backend", () => written);
    assertSmall("growth of the gateway", residentBytes(gateway.pid) - before, 60 * MB);
    for (const socket of sockets) socket.destroy();
    await eventually("the backend's requests end", () => backend.active === 0);
    await eventually("the gauge is back at zero", async () => (await active(gateway)) === 0);
  });

  test("is cut off after writeTimeout, and everything is let go of", async () => {
    const socket = await stalled(strict.port, "/length");
    await eventually("the backend's request ends", () => backend.active === 0);
    await eventually("the gauge is back at zero", async () => (await active(strict)) === 0);
    assert.ok((await drained(socket)) < TOTAL);
  });

  test("over HTTP/2 with a window that never ends is let go of after writeTimeout, also when no reset can leave", async () => {
    const client = await openRaw(strict.port);
    client.socket.pause();
    const endless = Buffer.from([0x7f, 0, 0, 0]);
    client.send(frame(FRAME.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), endless])));
    client.send(frame(FRAME.window, 0, 0, endless));
    client.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, fieldBlock(requestFields("/length"))));
    await eventually("the request has begun", async () => (await active(strict)) === 1);
    await eventually("the gauge is back at zero", async () => (await active(strict)) === 0);
    assert.equal(client.ended, false);
    client.close();
  });

  test("is cut off after writeTimeout also when all that is left is in the gateway", async (t) => {
    // The backend is done with a body that fits on the way, so only the gateway can notice.
    const finished = await startBackend((_request, response) => void response.end(Buffer.alloc(8 * MB)));
    t.after(() => finished.close());
    const rules = [{ path: "/*", serviceName: "up" }];
    const more = { metrics: { enabled: true } };
    const services = { up: finished.port };
    const own = await startGateway(configText({ rules, services, more, front: { writeTimeout: "700ms" } }));
    t.after(() => own.kill());
    const sockets = await Promise.all(Array.from({ length: 3 }, () => stalled(own.port, "/x")));
    await eventually("the gauge is back at zero", async () => (await active(own)) === 0);
    assert.equal(finished.active, 0);
    for (const socket of sockets) socket.destroy();
  });

  test("is not cut off while it reads, however slowly", async () => {
    const socket = await stalled(strict.port, "/length");
    let bytes = 0;
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes % (2 * MB) < chunk.length) socket.pause();
    };
    socket.on("data", count);
    // Slower than the backend by far, but what the kernels hold moves on well within the timeout.
    for (let i = 0; i < 20; i++) {
      socket.resume();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    socket.off("data", count);
    bytes += await drained(socket);
    assert.ok(bytes > TOTAL, `${bytes} bytes`);
  });

  test("of an event stream is not held to writeTimeout", async () => {
    const events = await stalled(strict.port, "/events");
    const plain = await stalled(strict.port, "/length");
    // By the time the plain one has been cut off, the stream has stood still at least as long.
    await eventually("the plain download is cut off", () => !pouring.has("/length"));
    plain.destroy();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.ok(pouring.has("/events"));
    events.destroy();
    await eventually("the stream ends with its client", () => backend.active === 0);
  });
});

describe("a backend that does not read", LIMIT, () => {
  for (const framing of [`Content-Length: ${TOTAL}`, "Transfer-Encoding: chunked"]) {
    test(`makes an upload with ${framing} wait, costs no memory, and gets all of it later`, async () => {
      const before = residentBytes(gateway.pid);
      const socket = connect({ port: gateway.port, host: "127.0.0.1" });
      let response = "";
      socket.on("data", (chunk) => {
        response += chunk;
      });
      let sent = 0;
      const chunked = framing.includes("chunked");
      socket.write(`POST /up HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
      const piece = chunked ? Buffer.concat([Buffer.from("10000\r\n"), PIECE, Buffer.from("\r\n")]) : PIECE;
      const more = () => {
        while (sent < TOTAL) {
          sent += PIECE.length;
          if (!socket.write(piece)) return;
        }
        socket.off("drain", more);
        if (chunked) socket.write("0\r\n\r\n");
      };
      socket.on("drain", more);
      more();
      const stuck = await standstill("the client", () => sent);
      assertSmall("sent by the client", stuck, ON_THE_WAY);
      assertSmall("growth of the gateway", residentBytes(gateway.pid) - before, 60 * MB);
      const [upstream] = [...lazy.sockets];
      let received = 0;
      upstream!.on("data", (chunk: Buffer) => {
        received += chunk.length;
        if (received < TOTAL || response !== "") return;
        // The last bytes of a chunked body and its end may come in one read or in several.
        if (!chunked || chunk.subarray(-5).toString() === "0\r\n\r\n") {
          upstream!.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nall");
        }
      });
      upstream!.resume();
      await eventually("the answer", () => response.endsWith("\r\n\r\nall"));
      assert.ok(received > TOTAL && received < TOTAL * 1.01, `${received} bytes`);
      assertSmall("growth of the gateway", residentBytes(gateway.pid) - before, 60 * MB);
      socket.destroy();
      await eventually("the gauge is back at zero", async () => (await active(gateway)) === 0);
    });
  }

  test("and a client that gives up: the backend's connection is closed", async () => {
    const socket = connect({ port: gateway.port, host: "127.0.0.1" });
    socket.write(`POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`);
    socket.write(Buffer.alloc(30 * MB));
    await eventually("the gateway connects", () => lazy.sockets.size === 1);
    socket.destroy();
    for (const upstream of lazy.sockets) upstream.resume();
    await eventually("the backend's connection is closed", () => lazy.sockets.size === 0);
    await eventually("the gauge is back at zero", async () => (await active(gateway)) === 0);
  });
});
