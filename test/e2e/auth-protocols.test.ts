// Authentication in every protocol: refused in its own words, and let in with real clients.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { EventSource } from "eventsource";
import { WebSocket } from "ws";
import { keyDigest } from "../../src/auth/api-keys.ts";
import { startGrpc } from "../../src/demo/grpc.ts";
import type { DemoServer } from "../../src/demo/server.ts";
import { type EventBackend, eventBackend } from "../support/events.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { InteropClient, InteropServer } from "../support/grpc.ts";
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
        { id: "call", path: "/test.v1.Interop/*", serviceName: "interop", protocol: "grpc" },
        { id: "json", path: "/v1/*", serviceName: "greeter", grpc: json },
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
          apikey: { queryParam: "key", keys: { client: { hashedKey: keyDigest(KEY), scopes: ["all"] } } },
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
