// Browsers' way to gRPC through the gateway: real connect-web clients, and the text form by hand.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createFileRegistry, type DescService, fromBinary } from "@bufbuild/protobuf";

import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { startGrpc } from "../../src/demo/grpc.ts";
import type { DemoServer } from "../../src/demo/server.ts";
import { compileProtos } from "../../src/translators/grpc-json/proto/sources.ts";
import { call } from "../support/client.ts";
import { type GrpcGateway, grpcGateway, InteropServer, order } from "../support/grpc.ts";
import { framed } from "../support/http2-backend.ts";
import { readProto } from "../support/library.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { accessLine, eventually } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
type Loose = Record<
  string,
  (request: unknown, options?: unknown) => Promise<Record<string, unknown>> & AsyncIterable<Record<string, unknown>>
>;

const registry = createFileRegistry(
  fromBinary(
    FileDescriptorSetSchema,
    compileProtos({ files: ["demo/greeter.proto"], importPaths: ["protos"], read: readProto }),
  ),
);
const GREETER = registry.getService("demo.v1.Greeter") as DescService;

describe("gRPC-Web", LIMIT, () => {
  let demo: DemoServer;
  let raw: InteropServer;
  let gateway: GrpcGateway;
  let client: Loose;
  const clientOf = (path: string) => {
    const baseUrl = `http://127.0.0.1:${gateway.port}${path}`;
    return createClient(
      GREETER,
      createGrpcWebTransport({ baseUrl, useBinaryFormat: true }),
    ) as Client<DescService> as unknown as Loose;
  };

  before(async () => {
    demo = await startGrpc(0);
    raw = await InteropServer.start();
    gateway = await grpcGateway({
      rules: [
        { path: "/demo.v1.Greeter/*", serviceName: "demo", protocol: "grpc" },
        { path: "/web/*", serviceName: "demo", protocol: "grpc" },
        { path: "/test.v1.Interop/*", serviceName: "raw", protocol: "grpc", timeout: "700ms" },
        { path: "/dead/*", serviceName: "dead", protocol: "grpc" },
      ],
      services: { demo: demo.port, raw: raw.port, dead: NOBODYS_PORT },
    });
    client = clientOf("");
  });
  after(async () => {
    await gateway?.kill();
    raw?.kill();
    await demo?.stop();
  });

  const interop = (path: string, message: Buffer, headers: readonly string[] = [], text = false) => {
    const bytes = framed(message);
    const type = text ? "application/grpc-web-text+proto" : "application/grpc-web+proto";
    const body = text ? bytes.toString("base64") : bytes;
    return call(gateway.port, { method: "POST", path, headers: ["Content-Type", type, ...headers], body });
  };

  test("unary, by a real client, also below a prefix", async () => {
    for (const one of [client, clientOf("/web")]) {
      assert.equal((await one.sayHello!({ name: "Ann" })).message, "Hello, Ann!");
    }
  });
  test("server streaming, by a real client", async () => {
    const numbers: unknown[] = [];
    for await (const reply of client.listGreetings!({ name: "Ann", count: 50, intervalMs: 0 }))
      numbers.push(reply.number);
    assert.deepEqual(
      numbers,
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
  });
  test("messages of a stream come one by one", async () => {
    const started = performance.now();
    for await (const reply of client.listGreetings!({ name: "Ann", count: 3, intervalMs: 1500 })) {
      assert.equal(reply.number, 1);
      break;
    }
    assert.ok(performance.now() - started < 1400);
  });
  test("statuses reach the client, alone and behind messages", async () => {
    await assert.rejects(client.sayHello!({ name: "nobody" }), (e) => ConnectError.from(e).code === 5);
    await assert.rejects(
      client.sayHello!({ name: "" }),
      (e) => ConnectError.from(e).rawMessage === "name must not be empty",
    );
    const text = await interop("/test.v1.Interop/List", order({ count: 2, code: 9, message: "ü 100%" }));
    const trailers = text.text.slice(text.text.indexOf("grpc-status"));
    assert.match(trailers, /^grpc-status: 9\r\n/);
    assert.match(trailers, /grpc-message: %C3%BC(?: |%20)100%25\r\n/);
  });
  test("the gateway's own errors are told in gRPC-Web", async () => {
    await assert.rejects(clientOf("/dead").sayHello!({ name: "Ann" }), (e) => ConnectError.from(e).code === 14);
    await assert.rejects(clientOf("/nowhere").sayHello!({ name: "Ann" }), (e) => ConnectError.from(e).code === 12);
    const late = await interop("/test.v1.Interop/Unary", order({ sleep: true }));
    assert.deepEqual([late.status, late.headers["grpc-status"]], [200, "4"]);
  });
  test("the deadline of the client is heard", async () => {
    const started = performance.now();
    await assert.rejects(
      client.sayHello!({ name: "slow" }, { timeoutMs: 300 }),
      (e) => ConnectError.from(e).code === 4,
    );
    assert.ok(performance.now() - started < 3000);
  });
  test("metadata both ways", async () => {
    const metadata = ["X-Echo-Here", "there", "x-trail-bin", "AAH/"];
    const reply = await interop("/test.v1.Interop/Unary", Buffer.from("hi"), metadata);
    assert.equal(reply.headers["x-echo-here"], "there");
    assert.match(reply.text, /x-trail-bin: AAH\/\r\n/);
    assert.match(reply.text, /grpc-status: 0\r\n/);
  });
  test("text form: base64 both ways, in one piece or padded pieces", async () => {
    const reply = await interop("/test.v1.Interop/Unary", Buffer.from("hello"), [], true);
    assert.equal(reply.headers["content-type"], "application/grpc-web-text+proto");
    const groups = reply.text.match(/[^=]{4,}?(?:={1,2}|$)|[^=]+=*/g) ?? [];
    const bytes = Buffer.concat(groups.map((g) => Buffer.from(g, "base64")));
    assert.ok(bytes.subarray(0, 10).equals(framed("hello")));
    assert.equal(bytes[10], 0x80);
    assert.match(bytes.subarray(15).toString(), /^grpc-status: 0\r\n/);
    const wrong = await call(gateway.port, {
      method: "POST",
      path: "/test.v1.Interop/Unary",
      headers: ["Content-Type", "application/grpc-web-text"],
      body: "!!!!not base64!!!!",
    });
    assert.deepEqual([wrong.status, wrong.headers["grpc-status"]], [200, "3"]);
  });
  test("a browser that leaves cancels the call", async () => {
    raw.forget();
    const controller = new AbortController();
    const response = fetch(`http://127.0.0.1:${gateway.port}/test.v1.Interop/List`, {
      method: "POST",
      headers: { "content-type": "application/grpc-web" },
      body: new Uint8Array(framed(order({ count: 1, hang: true }))),
      signal: controller.signal,
    });
    response.catch(() => undefined);
    const seen = await raw.next();
    await (await response).body!.getReader().read();
    controller.abort();
    await seen.cancelled;
    await eventually("no call left", () => raw.active === 0);
  });
  test("the access log has the status of the call", async () => {
    for (const [message, status] of [
      ["hi", 0],
      [order({ code: 6 }), 6],
    ] as const) {
      const reply = await interop("/test.v1.Interop/Unary", Buffer.from(message));
      const line = await accessLine(gateway, String(reply.headers["x-request-id"]));
      assert.equal(line.grpcStatus, status);
    }
  });
  test("frontend.grpc.web: false leaves no gRPC-Web", async (t) => {
    const off = await grpcGateway({ services: { up: demo.port }, grpc: { web: false } });
    t.after(() => off.kill());
    const transport = createGrpcWebTransport({ baseUrl: `http://127.0.0.1:${off.port}` });
    const refused = createClient(GREETER, transport) as unknown as Loose;
    await assert.rejects(refused.sayHello!({ name: "Ann" }));
  });
});
