// Authentication in every protocol: refused in its own words, and let in with real clients.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { EventSource } from "eventsource";
import { WebSocket } from "ws";
import { keyDigest } from "../../src/auth/api-keys.ts";
import { ERRORS } from "../../src/core/errors.ts";
import { startGrpc } from "../../src/demo/grpc.ts";
import type { DemoServer } from "../../src/demo/server.ts";
import { call } from "../support/client.ts";
import { type EventBackend, eventBackend } from "../support/events.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { InteropClient, InteropServer } from "../support/grpc.ts";
import { ask, type Http2Reply, openSession } from "../support/http2-client.ts";
import { startTalkers, type Talkers } from "../support/protocols.ts";
import { accessLine, type Block, configText } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const KEY = "key-of-a-client-0123456789";
const gateways = new GatewayPool();
let interop: InteropServer;
let talkers: Talkers;
let greeter: DemoServer;
let events: EventBackend;
let gateway: GatewayProcess;

before(async () => {
  [interop, talkers, greeter, events] = await Promise.all([
    InteropServer.start(),
    startTalkers(),
    startGrpc(0),
    eventBackend(),
  ]);
  const grpc = (port: number): readonly Block[] => [{ address: "127.0.0.1", port, protocol: "grpc" }];
  const json = { enableTranscoding: true, protoFiles: ["protos/demo/greeter.proto"] };
  gateway = await gateways.take(
    configText({
      rules: [
        { id: "call", path: "/test.v1.Interop/*", serviceName: "interop", protocol: "grpc", requiredScopes: ["all"] },
        { id: "json", path: "/v1/*", serviceName: "greeter", grpc: json, requiredScopes: ["all"] },
        { id: "tunnel", path: "/tunnel/*", serviceName: "talkers" },
        { id: "events", path: "/events", serviceName: "events" },
      ],
      services: {
        interop: grpc(interop.port),
        greeter: grpc(greeter.port),
        talkers: talkers.http,
        events: events.port,
      },
      more: {
        auth: {
          required: true,
          failures: { max: 0 },
          apikey: {
            queryParam: "key",
            keys: {
              client: { hashedKey: keyDigest(KEY), scopes: ["all"] },
              past: { hashedKey: keyDigest("past-key"), scopes: ["all"], expiresAt: "2020-01-31" },
              poor: { hashedKey: keyDigest("poor-key") },
            },
          },
        },
      },
    }),
  );
});
after(async () => {
  await gateway?.kill();
  interop?.kill();
  await Promise.all([talkers?.close(), greeter?.stop(), events?.close()]);
});

function errorFrom(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => assert.fail("it was let in"),
    (error: ServiceError) => error,
  );
}

describe("a gRPC client", LIMIT, () => {
  test("without a key gets UNAUTHENTICATED, with one its answer, and the service knows who it is", async () => {
    const client = new InteropClient(gateway.port);
    const refused = await errorFrom(client.unary(Buffer.alloc(1)));
    assert.equal(refused.code, 16);
    assert.deepEqual(refused.metadata.get("www-authenticate"), ['ApiKey realm="gateway"']);
    const metadata = [
      ["x-api-key", KEY],
      ["x-auth-subject", "root"],
      ["x_auth_scopes", "everything"],
    ] as const;
    assert.equal((await client.unary(Buffer.alloc(1), { metadata })).status.code, 0);
    const seen = interop.calls.at(-1)!.metadata.getMap();
    assert.deepEqual([seen["x-auth-subject"], seen["x-auth-scopes"]], ["client", "all"]);
    assert.deepEqual([seen["x-api-key"], seen.x_auth_scopes], [undefined, undefined]);
    client.close();
  });
  test("of streams is refused before the first message", async () => {
    const client = new InteropClient(gateway.port);
    const before = interop.calls.length;
    const [error] = (await once(client.list(Buffer.alloc(1)), "error")) as [{ code: number }];
    assert.deepEqual([error.code, interop.calls.length], [16, before]);
    client.close();
  });
});

describe("a WebSocket", LIMIT, () => {
  test("is refused as any request, and opened with a key in the query, of which the service sees nothing", async () => {
    const address = `ws://127.0.0.1:${gateway.port}/tunnel/x`;
    const refused = new WebSocket(address);
    const [, response] = (await once(refused, "unexpected-response")) as [unknown, { statusCode: number }];
    assert.equal(response.statusCode, 401);
    refused.on("error", () => undefined).terminate();
    const headers = { "X-Request-ID": "websocket" };
    const socket = new WebSocket(`${address}?key=${KEY}`, { headers });
    await once(socket, "open");
    socket.close();
    await once(socket, "close");
    assert.equal((await accessLine(gateway, "websocket")).subject, "client");
  });
});

describe("an event stream", LIMIT, () => {
  test("is refused with a status, and begins with a key", async () => {
    const source = new EventSource(`http://127.0.0.1:${gateway.port}/events`);
    const [error] = (await new Promise<[{ code?: number | undefined }]>((resolve) =>
      source.addEventListener("error", (e) => resolve([e])),
    )) as [{ code?: number | undefined }];
    assert.equal(error.code, 401);
    source.close();
    const known = new EventSource(`http://127.0.0.1:${gateway.port}/events?a=1&key=${KEY}`);
    const message = new Promise<string>((resolve) => known.addEventListener("message", (e) => resolve(e.data)));
    const opened = await events.next();
    assert.equal(opened.request.url, "/events?a=1");
    assert.equal(opened.request.headers["x-auth-subject"], "client");
    opened.start();
    opened.send("data: hello\n\n");
    assert.equal(await message, "hello");
    known.close();
  });
});

describe("JSON for gRPC", LIMIT, () => {
  test("takes a key in the query, which is no field of the message", async () => {
    const base = `http://127.0.0.1:${gateway.port}/v1/hello/ann`;
    const refused = await fetch(base);
    assert.equal(refused.status, 401);
    await refused.body?.cancel();
    const answer = await fetch(`${base}?key=${KEY}`);
    assert.equal(answer.status, 200, await answer.text());
    const smuggled = await fetch(base, { headers: { "X-API-Key": KEY, "Grpc-Metadata-X-Auth-Subject": "root" } });
    assert.equal(smuggled.status, 200);
    await smuggled.body?.cancel();
  });
});

/** What a client brings, and what it is told in the terms of HTTP and of gRPC. */
const REFUSALS = [
  ["no key", "", 401, "missing_credentials", 16],
  ["a wrong key", "wrong", 401, "invalid_credentials", 16],
  ["a key that has ended", "past-key", 401, "expired_credentials", 16],
  ["a key without the scope", "poor-key", 403, "insufficient_scope", 7],
] as const;
const CHALLENGE = 'ApiKey realm="gateway"';

/** Asks over both versions of HTTP. */
const ASK: Readonly<Record<string, (path: string, headers: Record<string, string>, body?: Buffer) => Promise<Asked>>> =
  {
    "HTTP/1.1": async (path, headers, body) => {
      const method = body === undefined ? "GET" : "POST";
      const fields = Object.entries(headers).flat();
      return call(gateway.port, { method, path, headers: fields, ...(body !== undefined && { body }) });
    },
    "HTTP/2": async (path, headers, body) => {
      const session = await openSession(gateway.port);
      const method = body === undefined ? "GET" : "POST";
      const reply = await ask(session, { ":method": method, ":path": path, ...headers }, body);
      session.close();
      return reply;
    },
  };
type Asked = Pick<Http2Reply, "status" | "headers" | "text">;

for (const [version, send] of Object.entries(ASK)) {
  describe(`a translated call over ${version} with`, LIMIT, () => {
    for (const [what, key, status, code, grpcStatus] of REFUSALS) {
      const { message } = ERRORS[code];
      const headers: Record<string, string> = key === "" ? {} : { "x-api-key": key };
      const challenges = status === 401 ? CHALLENGE : undefined;
      test(`${what} is refused in JSON, and its stream before it begins`, async () => {
        for (const accept of ["application/json", "application/x-ndjson", "text/event-stream"]) {
          const path = accept === "application/json" ? "/v1/hello/ann" : "/v1/greetings/ann";
          const reply = await send(path, { ...headers, accept });
          assert.deepEqual([reply.status, reply.headers["www-authenticate"]], [status, challenges]);
          const { error } = JSON.parse(reply.text) as { error: Record<string, string> };
          assert.deepEqual([error.code, error.message], [code, message]);
        }
      });
      test(`${what} is refused in gRPC-Web, by a status that stands with the head`, async () => {
        for (const type of ["application/grpc-web+proto", "application/grpc-web-text"]) {
          const asked = { ...headers, "content-type": type, "x-grpc-web": "1" };
          const reply = await send("/test.v1.Interop/List", asked, Buffer.alloc(5));
          assert.deepEqual([reply.status, reply.headers["content-type"], reply.text], [200, type, ""]);
          assert.equal(reply.headers["grpc-status"], String(grpcStatus));
          assert.equal(decodeURIComponent(String(reply.headers["grpc-message"])), message);
          assert.equal(reply.headers["www-authenticate"], challenges);
        }
      });
    }
  });
}
