// How gRPC-Web calls end after their answer has begun: with a status in the body, or cut where half a message was sent.
import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
import { after, before, describe, test } from "node:test";
import { Base64Decoder } from "../../src/translators/grpc-web/base64-stream.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { framed, type Http2Backend, http2Backend } from "../support/http2-backend.ts";
import { ask, openSession } from "../support/http2-client.ts";
import { accessLine, configText } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const PARALLEL = { ...LIMIT, concurrency: true };
const HEAD = { ":status": 200, "content-type": "application/grpc" };
const MESSAGES = Buffer.concat([framed("one"), framed(""), framed("three")]);
const LARGE = framed(Buffer.alloc(200_000, 7));

/** What the service does, by the method called. */
const METHODS: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
  Hang: (stream) => void stream.write(MESSAGES),
  HalfHang: (stream) => void stream.write(Buffer.concat([MESSAGES, framed("four").subarray(0, 7)])),
  LargeHang: (stream) => void stream.write(Buffer.concat([MESSAGES, LARGE.subarray(0, 100_000)])),
  Reset: (stream) => stream.write(MESSAGES, () => setImmediate(() => stream.close(2))),
  TooLarge: (stream) => stream.write(MESSAGES, () => setImmediate(() => stream.write(framed("").fill(0x7f, 1)))),
  NoStatus: (stream) => void stream.end(MESSAGES),
  HalfOk: (stream) => ended(stream, Buffer.concat([MESSAGES, framed("four").subarray(0, 7)]), 0),
  HalfFailed: (stream) => ended(stream, Buffer.concat([MESSAGES, framed("four").subarray(0, 7)]), 9),
  LargeFailed: (stream) => ended(stream, Buffer.concat([MESSAGES, LARGE.subarray(0, 100_000)]), 9),
};

function ended(stream: ServerHttp2Stream, bytes: Buffer, status: number): void {
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status) }));
  stream.end(bytes);
}

let backend: Http2Backend;
/** Calls on one connection are lost together: the one that is lost has a backend of its own. */
let dying: Http2Backend;
let gateway: GatewayProcess;

before(async () => {
  dying = await http2Backend((stream) => {
    stream.resume();
    stream.respond(HEAD);
    stream.write(MESSAGES, () => setImmediate(() => stream.session?.destroy()));
  });
  backend = await http2Backend((stream, headers) => {
    stream.resume();
    const method = String(headers[":path"]).split("/").at(-1)!;
    const at = /^At(\d+)$/.exec(method);
    stream.respond(HEAD, { waitForTrailers: method.includes("Half") || method === "LargeFailed" });
    if (at === null) METHODS[method]!(stream);
    else stream.write(MESSAGES.subarray(0, Number(at[1])), () => setImmediate(() => stream.close(2)));
  });
  gateway = await startGateway(
    configText({
      rules: [
        { path: "/*", serviceName: "up", protocol: "grpc" },
        { path: "/lost/*", serviceName: "dying", protocol: "grpc" },
        { path: "/short/*", serviceName: "up", protocol: "grpc", timeout: "500ms" },
      ],
      services: { up: backend.port, dying: dying.port },
      more: { backend: { grpc: { maxMessageSize: "1mb" } } },
    }),
  );
});
after(async () => {
  await gateway?.kill();
  await Promise.all([backend?.close(), dying?.close()]);
});

interface Answer {
  readonly status: number;
  /** Decoded, where it was text. */
  readonly body: Buffer;
  readonly requestId: string;
}

type Client = (method: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

/** @throws Error when the answer is cut */
function clientOf(version: "HTTP/1.1" | "HTTP/2", text: boolean): Client {
  const type = text ? "application/grpc-web-text+proto" : "application/grpc-web+proto";
  const request = text ? framed("hi").toString("base64") : framed("hi");
  const decoded = (body: Buffer) => (text ? new Base64Decoder().push(body)! : body);
  return async (path, headers = {}) => {
    if (version === "HTTP/1.1") {
      const fields = Object.entries({ "Content-Type": type, ...headers }).flat();
      const reply = await call(gateway.port, { method: "POST", path, headers: fields, body: request });
      return { status: reply.status, body: decoded(reply.body), requestId: String(reply.headers["x-request-id"]) };
    }
    const session = await openSession(gateway.port);
    try {
      const head = { ":method": "POST", ":path": path, "content-type": type, ...headers };
      const reply = await ask(session, head, request);
      return { status: reply.status, body: decoded(reply.body), requestId: String(reply.headers["x-request-id"]) };
    } finally {
      session.close();
    }
  };
}

/** Asserts that a body is `messages` and a frame of trailers behind them. @returns the status among those */
function statusBehind(messages: Buffer, { status, body }: Answer): number {
  assert.equal(status, 200);
  assert.deepEqual(body.subarray(0, messages.length), messages);
  const frame = body.subarray(messages.length);
  assert.equal(frame[0], 0x80);
  assert.equal(frame.readUInt32BE(1), frame.length - 5);
  const lines = /^grpc-status: (\d+)\r\n(?:grpc-message: [\x20-\x7e]*\r\n)?$/.exec(frame.subarray(5).toString());
  assert.ok(lines, JSON.stringify(frame.subarray(5).toString()));
  return Number(lines[1]);
}

for (const version of ["HTTP/1.1", "HTTP/2"] as const) {
  for (const text of [false, true]) {
    const client = clientOf(version, text);
    describe(`a call in ${text ? "text" : "binary"} over ${version} that has begun to be answered`, PARALLEL, () => {
      for (const [how, path, status, headers] of [
        ["the deadline of the client passes", "/s.S/Hang", 4, { "grpc-timeout": "500m" }],
        ["the timeout of the rule passes", "/short/s.S/Hang", 4],
        ["the deadline passes in the middle of a message", "/s.S/HalfHang", 4, { "grpc-timeout": "500m" }],
        ["the service resets it", "/s.S/Reset", 14],
        ["the connection to the service is lost", "/lost/s.S/Lost", 14],
        ["a message is too large", "/s.S/TooLarge", 8],
        ["the service ends it without a status", "/s.S/NoStatus", 14],
        ["the service ends it inside of a message, and says that all is well", "/s.S/HalfOk", 14],
        ["the service fails it inside of a message", "/s.S/HalfFailed", 9],
      ] as const) {
        test(`ends with a status behind whole messages when ${how}`, LIMIT, async () => {
          const answer = await client(path, headers);
          assert.equal(statusBehind(MESSAGES, answer), status);
          assert.equal((await accessLine(gateway, answer.requestId)).grpcStatus, status);
        });
      }
      for (const [how, path, headers] of [
        ["the deadline passes", "/s.S/LargeHang", { "grpc-timeout": "500m" }],
        ["the service fails it", "/s.S/LargeFailed"],
      ] as const) {
        test(`is cut when ${how} in the middle of a large message`, LIMIT, async () => {
          await assert.rejects(client(path, headers), (error: Error) => !(error instanceof assert.AssertionError));
        });
      }
      test("has a status behind whole messages wherever its service is lost", LIMIT, async () => {
        const ends = [0, 8, 13, 23];
        for (let at = 0; at <= MESSAGES.length; at++) {
          const end = ends.findLast((e) => e <= at)!;
          const answer = await client(`/s.S/At${at}`);
          assert.equal(statusBehind(MESSAGES.subarray(0, end), answer), 14, `at ${at}`);
        }
      });
    });
  }
}
