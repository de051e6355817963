// Forward authentication of WebSockets, event streams and gRPC in its forms, with real clients.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { EventSource } from "eventsource";
import { WebSocket } from "ws";
import { startGrpc } from "../../src/demo/grpc.ts";
import type { DemoServer } from "../../src/demo/server.ts";
import { type Answer, type Backend, startBackend, valuesOf } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type EventBackend, eventBackend } from "../support/events.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { errorOf, InteropClient, InteropServer } from "../support/grpc.ts";
import { startTalkers, type Talkers } from "../support/protocols.ts";
import { accessLine, type Block, configText } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();
let service: Backend;
let interop: InteropServer;
let talkers: Talkers;
let greeter: DemoServer;
let events: EventBackend;
let gateway: GatewayProcess;
let decide: Answer;
let checked: IncomingMessage | null = null;

/** Admits with an identity, and a session for the client. */
const admit: Answer = (_, response) =>
  void response
    .writeHead(200, ["X-User", "ann", "X-Scopes", "read write", "Set-Cookie", "a=1", "Set-Cookie", "b=2"])
    .end();
const deny =
  (status: number, fields: readonly string[] = []): Answer =>
  (_, response) =>
    void response.writeHead(status, [...fields, "Content-Type", "text/html"]).end("<p>no entry</p>");

before(async () => {
  [service, interop, talkers, greeter, events] = await Promise.all([
    startBackend((request, response) => {
      checked = request;
      decide(request, response);
    }),
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
        { id: "call", path: "/test.v1.Interop/*", serviceName: "interop", protocol: "grpc", requiredScopes: ["read"] },
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
        frontend: {
          http: { host: "127.0.0.1", port: 0 },
          websocket: { allowedOrigins: ["https://app.example.org"] },
        },
        auth: {
          required: true,
          forward: {
            url: `http://127.0.0.1:${service.port}/`,
            responseHeaders: ["X-User"],
            clientHeaders: ["Set-Cookie"],
            subjectHeader: "X-User",
            scopesHeader: "X-Scopes",
          },
        },
      },
    }),
  );
});
after(async () => {
  await gateway?.kill();
  interop?.kill();
  await Promise.all([service?.close(), talkers?.close(), greeter?.stop(), events?.close()]);
});
beforeEach(() => {
  decide = admit;
  checked = null;
});

const told = (name: string) => valuesOf(checked!.rawHeaders, name);

describe("a gRPC call", LIMIT, () => {
  test("is checked by its method, and the backend gets the identity and no other", async () => {
    const client = new InteropClient(gateway.port);
    const metadata = [
      ["x-user", "root"],
      ["x_user", "root"],
      ["x-auth-subject", "root"],
      ["authorization", "Bearer t"],
    ] as const;
    assert.equal((await client.unary(Buffer.alloc(1), { metadata })).status.code, 0);
    const seen = interop.calls.at(-1)!.metadata.getMap();
    assert.deepEqual([seen["x-user"], seen.x_user, seen["x-auth-subject"]], ["ann", undefined, "ann"]);
    assert.deepEqual([seen["x-auth-scopes"], seen["x-auth-provider"]], ["read,write", "forward"]);
    assert.deepEqual([checked!.method, told("X-Forwarded-Method")], ["GET", ["POST"]]);
    assert.match(told("X-Forwarded-Uri").join(), /^\/test\.v1\.Interop\/\w+$/);
    assert.deepEqual([told("Content-Type"), told("TE"), told("Authorization")], [[], [], ["Bearer t"]]);
    client.close();
  });

  test("that is denied ends with the status that corresponds, and without the page", async () => {
    const client = new InteropClient(gateway.port);
    const outcome = async (answer: Answer) => {
      decide = answer;
      const error = await client.unary(Buffer.alloc(1)).then(
        () => assert.fail("it was let in"),
        (e) => e as { code: number; message: string; metadata: { get(name: string): unknown[] } },
      );
      assert.doesNotMatch(error.message, /<p>/);
      return error;
    };
    const challenged = await outcome(deny(401, ["WWW-Authenticate", "Bearer realm=s"]));
    assert.deepEqual([challenged.code, challenged.metadata.get("www-authenticate")], [16, ["Bearer realm=s"]]);
    assert.equal((await outcome(deny(302, ["Location", "https://login.example.org/"]))).code, 16);
    assert.equal((await outcome(deny(403))).code, 7);
    assert.equal((await outcome(deny(404))).code, 7);
    assert.equal((await outcome(deny(429))).code, 8);
    assert.equal((await outcome(deny(500))).code, 14);
    client.close();
  });

  test("of a stream is denied before the first message", async () => {
    decide = deny(401);
    const client = new InteropClient(gateway.port);
    const before = interop.calls.length;
    assert.equal((await errorOf(client.list(Buffer.alloc(1)))).code, 16);
    assert.equal(interop.calls.length, before);
    client.close();
  });

  test("of gRPC-Web is denied by a status, of JSON by the answer itself", async () => {
    decide = deny(403);
    const headers = ["Content-Type", "application/grpc-web+proto"];
    const web = await call(gateway.port, {
      method: "POST",
      path: "/test.v1.Interop/Unary",
      headers,
      body: Buffer.alloc(5),
    });
    assert.deepEqual([web.status, web.headers["grpc-status"]], [200, "7"]);
    const json = await call(gateway.port, { path: "/v1/hello/ann" });
    assert.deepEqual([json.status, json.text], [403, "<p>no entry</p>"]);
    decide = admit;
    const metadata = ["Grpc-Metadata-X-User", "root", "Grpc-Metadata-X_User", "root"];
    assert.equal((await call(gateway.port, { path: "/v1/hello/ann", headers: metadata })).status, 200);
  });
});

describe("a WebSocket", LIMIT, () => {
  const open = (headers: Readonly<Record<string, string>> = {}, origin?: string) =>
    new WebSocket(`ws://127.0.0.1:${gateway.port}/tunnel/x`, { headers, ...(origin && { origin }) });
  const refusal = async (socket: WebSocket) => {
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    socket.on("error", () => undefined).terminate();
    return response;
  };

  test("is checked as the GET it is, and its handshake has the cookies of the answer", async () => {
    const socket = open({ "X-Request-ID": "tunnel" });
    const [[response]] = (await Promise.all([once(socket, "upgrade"), once(socket, "open")])) as [
      [IncomingMessage],
      [],
    ];
    assert.deepEqual(response.headers["set-cookie"], ["a=1", "b=2"]);
    assert.deepEqual([checked!.method, told("X-Forwarded-Method"), told("Upgrade")], ["GET", ["GET"], []]);
    assert.ok(!checked!.rawHeaders.some((name) => /^sec-websocket/i.test(name)));
    socket.close();
    await once(socket, "close");
    assert.deepEqual((await accessLine(gateway, "tunnel")).subject, "ann");
  });

  test("that is denied gets the answer in place of its handshake", async () => {
    decide = deny(401, ["WWW-Authenticate", "Bearer realm=s"]);
    const response = await refusal(open());
    assert.deepEqual([response.statusCode, response.headers["www-authenticate"]], [401, "Bearer realm=s"]);
    decide = deny(500);
    assert.equal((await refusal(open())).statusCode, 503);
  });

  test("with a cookie must come from a page that is allowed", async () => {
    const cookie = { Cookie: "session=1" };
    const both = { ...cookie, Authorization: "Bearer t" };
    const foreign = "https://evil.example.org";
    assert.equal((await refusal(open(cookie, foreign))).statusCode, 403);
    assert.equal((await refusal(open(cookie))).statusCode, 403);
    assert.equal((await refusal(open(both, foreign))).statusCode, 403);
    assert.equal(checked, null);
    const opened = async (...given: Parameters<typeof open>) => {
      const socket = open(...given);
      await once(socket, "open");
      socket.close();
      await once(socket, "close");
    };
    await opened(cookie, "https://app.example.org");
    await opened(cookie, `http://127.0.0.1:${gateway.port}`);
    await opened(both);
    await opened({}, foreign);
  });
});

describe("an event stream", LIMIT, () => {
  test("is denied with a status, and begins once it is admitted", async () => {
    decide = deny(403);
    const url = `http://127.0.0.1:${gateway.port}/events`;
    const source = new EventSource(url);
    const status = await new Promise((resolve) => source.addEventListener("error", (e) => resolve(e.code)));
    assert.equal(status, 403);
    source.close();
    decide = admit;
    const admitted = new EventSource(url);
    const message = new Promise<string>((resolve) => admitted.addEventListener("message", (e) => resolve(e.data)));
    const opened = await events.next();
    assert.equal(opened.request.headers["x-auth-subject"], "ann");
    opened.start();
    opened.send("data: hello\n\n");
    assert.equal(await message, "hello");
    admitted.close();
  });
});
