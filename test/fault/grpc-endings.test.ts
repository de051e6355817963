// Every way a call can end while its client still sends: the client gets the status, on both HTTP/2 ports, and may go on with
// its next call on the same connection.
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { framed } from "../support/http2-backend.ts";
import {
  dataFrame,
  FLAG,
  frameBackend,
  GRPC_HEAD,
  goawayFrame,
  headersFrame,
  resetFrame,
} from "../support/http2-frames.ts";
import type { RawBackend } from "../support/raw.ts";
import { configText } from "../support/setup.ts";
import { TappedSession } from "../support/tapped-session.ts";

const HI = framed("hi");
const BIG = framed(Buffer.alloc(300_000, 120));
const write = (socket: Socket, ...frames: Buffer[]) => socket.write(Buffer.concat(frames));
const head = (stream: number) => headersFrame(stream, GRPC_HEAD);
const status = (stream: number, code: number) => headersFrame(stream, { "grpc-status": String(code) }, FLAG.endStream);

/** DATA frames no larger than the default of 16 KiB. */
const pieces = (stream: number, bytes: Buffer): Buffer[] => {
  const frames = [];
  for (let at = 0; at < bytes.length; at += 16_384) frames.push(dataFrame(stream, bytes.subarray(at, at + 16_384)));
  return frames;
};

interface Way {
  readonly name: string;
  readonly backend: (socket: Socket, stream: number) => void;
  readonly status: number;
  readonly body: Buffer;
  readonly timeout?: string;
}

const NOTHING = Buffer.alloc(0);
const WAYS: readonly Way[] = [
  {
    name: "a status alone",
    backend: (s, n) => write(s, headersFrame(n, { ...GRPC_HEAD, "grpc-status": "9" }, 1)),
    status: 9,
    body: NOTHING,
  },
  { name: "a head, then a status", backend: (s, n) => write(s, head(n), status(n, 9)), status: 9, body: NOTHING },
  {
    name: "a message, then OK",
    backend: (s, n) => write(s, head(n), dataFrame(n, HI), status(n, 0)),
    status: 0,
    body: HI,
  },
  {
    name: "a message, then an error",
    backend: (s, n) => write(s, head(n), dataFrame(n, HI), status(n, 7)),
    status: 7,
    body: HI,
  },
  {
    name: "a large message, then OK",
    backend: (s, n) => write(s, head(n), ...pieces(n, BIG), status(n, 0)),
    status: 0,
    body: BIG,
  },
  {
    name: "OK and a reset without error behind it",
    backend: (s, n) => write(s, head(n), dataFrame(n, HI), status(n, 0), resetFrame(n, 0)),
    status: 0,
    body: HI,
  },
  {
    name: "a reset without error before any answer",
    backend: (s, n) => write(s, resetFrame(n, 0)),
    status: 14,
    body: NOTHING,
  },
  {
    name: "a reset without error behind a message",
    backend: (s, n) => write(s, head(n), dataFrame(n, HI), resetFrame(n, 0)),
    status: 14,
    body: HI,
  },
  {
    name: "a reset with an error behind a message",
    backend: (s, n) => write(s, head(n), dataFrame(n, HI), resetFrame(n, 2)),
    status: 14,
    body: HI,
  },
  {
    name: "the loss of the connection behind a message",
    backend: (s, n) => s.end(Buffer.concat([head(n), dataFrame(n, HI)])),
    status: 14,
    body: HI,
  },
  {
    name: "GOAWAY and the end of the connection behind a message",
    backend: (s, n) => s.end(Buffer.concat([head(n), dataFrame(n, HI), goawayFrame(n, 2)])),
    status: 14,
    body: HI,
  },
  { name: "no answer before the deadline", backend: () => undefined, status: 4, body: NOTHING, timeout: "60m" },
  {
    name: "no end before the deadline",
    backend: (s, n) => write(s, head(n), dataFrame(n, HI)),
    status: 4,
    body: HI,
    timeout: "60m",
  },
];

describe("calls that end while their client sends", { timeout: 60_000 }, () => {
  let way: Way = WAYS[0]!;
  let backend: RawBackend;
  let gateway: GatewayProcess;
  const ports: number[] = [];
  before(async () => {
    backend = await frameBackend((socket, stream) => way.backend(socket, stream));
    const instance = { id: "up-1", address: "127.0.0.1", port: backend.port };
    gateway = await startGateway(
      configText({
        rules: [{ path: "/*", serviceName: "up", protocol: "grpc" }],
        services: { up: [instance] },
        more: {
          frontend: { http: { host: "127.0.0.1", port: 0 }, grpc: { enabled: true, port: 0 } },
          backend: { grpc: { maxMessageSize: 0 } },
        },
      }),
    );
    const own = await gateway.line((line) => line.listener === "grpc");
    ports.push(gateway.port, own.port as number);
  });
  after(async () => {
    await gateway?.kill();
    await backend?.close();
  });

  for (const each of WAYS) {
    test(`${each.name}: the client gets ${each.status}`, async () => {
      way = each;
      for (const port of ports) {
        const client = await TappedSession.to(port);
        for (let round = 0; round < 2; round++) {
          const fields = { "content-type": "application/grpc", te: "trailers" };
          const timeout = each.timeout === undefined ? {} : { "grpc-timeout": each.timeout };
          const call = { ":method": "POST", ":path": "/a.B/C", ...fields, ...timeout };
          const reply = await client.ask(call, framed("first"), true);
          assert.equal(reply.ending, "whole");
          const got = reply.trailers["grpc-status"] ?? reply.headers["grpc-status"];
          assert.deepEqual([got, reply.body.length], [String(each.status), each.body.length]);
        }
        client.close();
      }
    });
  }
});
