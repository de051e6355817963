// Interoperation of real gRPC clients and servers through the gateway: every kind of call, on every port that takes gRPC.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ChannelCredentials, credentials, type ServiceError } from "@grpc/grpc-js";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { GatewayPool } from "../support/gateway.ts";
import {
  all,
  errorOf,
  type GrpcGateway,
  grpcGateway,
  grpcText,
  InteropClient,
  InteropServer,
  order,
  withGrpcPort,
} from "../support/grpc.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { eventually, nextLine, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };

const gateways = new GatewayPool();

let folder: string;
let authority: Certificate;
let certificate: Certificate;
let backend: InteropServer;
let plain: GrpcGateway;
let secure: GrpcGateway;
let trusting: ChannelCredentials;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-grpc-"));
  authority = makeAuthority(folder, "ours");
  certificate = makeCertificate(folder, "server", authority, ["IP:127.0.0.1"]);
  trusting = credentials.createSsl(readFileSync(authority.cert));
  backend = await InteropServer.start();
  const tls = { enabled: true, certFile: certificate.cert, keyFile: certificate.key };
  plain = await grpcGateway({ services: { up: backend.port } });
  secure = await grpcGateway({ services: { up: backend.port }, http: { tls }, grpc: { tls } });
});

after(async () => {
  await plain?.kill();
  await secure?.kill();
  backend?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const ports: Record<string, () => InteropClient> = {
  "the main port, prior knowledge": () => new InteropClient(plain.port),
  "the main port, TLS and ALPN": () => new InteropClient(secure.port, { secure: trusting }),
  "the gRPC port, plain": () => new InteropClient(plain.grpcPort),
  "the gRPC port, TLS": () => new InteropClient(secure.grpcPort, { secure: trusting }),
};

for (const [name, connect] of Object.entries(ports)) {
  describe(`gRPC on ${name}`, LIMIT, () => {
    let client: InteropClient;
    before(() => {
      client = connect();
    });
    after(() => client.close());

    test("empty unary", async () => {
      const { value, status } = await client.unary(Buffer.alloc(0));
      assert.equal(value.length, 0);
      assert.equal(status.code, 0);
    });
    test("large unary, 3 MB both ways", async () => {
      const message = Buffer.alloc(3 * 1024 * 1024, "x");
      assert.ok((await client.unary(message)).value.equals(message));
    });
    test("client streaming", async () => {
      const answer = new Promise<Buffer>((resolve, reject) => {
        const call = client.collect((error, value) => (error === null ? resolve(value!) : reject(error)));
        for (let i = 0; i < 500; i++) call.write(Buffer.alloc(i, "a"));
        call.end();
      });
      assert.deepEqual(JSON.parse((await answer).toString()), { messages: 500, bytes: (499 * 500) / 2 });
    });
    test("server streaming", async () => {
      const messages = await all(client.list(order({ count: 1000, size: 3 })));
      assert.equal(messages.length, 1000);
      assert.ok(messages.every((m, i) => m.equals(Buffer.alloc(3, i))));
    });
    test("ping-pong: each message is answered before the next is sent", async () => {
      const chat = client.chat();
      for (const size of [27182, 8, 1828, 45904, 0]) {
        chat.write(Buffer.alloc(size, "p"));
        const [reply] = (await soon(once(chat, "data"), "the pong")) as [Buffer];
        assert.equal(reply.length, size);
      }
      chat.end();
      await once(chat.resume(), "end");
    });
    test("empty stream", async () => {
      const chat = client.chat();
      chat.end();
      assert.deepEqual(await all(chat), []);
      assert.deepEqual(await all(client.list(order({ count: 0 }))), []);
    });
    test("metadata both ways, binary and repeated", async () => {
      const bytes = Buffer.from([0, 1, 0xff, 0xab]);
      const before_ = backend.calls.length;
      const { head, status } = await client.unary(Buffer.alloc(0), {
        metadata: [
          ["x-echo-one", "first value"],
          ["x-echo-bin", bytes],
          ["x-echo-bin", Buffer.from("second")],
          ["x-trail-bin", bytes],
          ["x-trail-text", "a, b"],
          ["x-many", "1"],
          ["x-many", "2"],
          ["__proto__", "harmless"],
        ],
      });
      assert.deepEqual(head.get("x-echo-one"), ["first value"]);
      assert.deepEqual(head.get("x-echo-bin"), [bytes, Buffer.from("second")]);
      assert.deepEqual(status.metadata.get("x-trail-bin"), [bytes]);
      assert.deepEqual(status.metadata.get("x-trail-text"), ["a, b"]);
      assert.equal(backend.calls[before_]!.metadata.get("x-many").join(", "), "1, 2");
    });
    test("every status, with a message that is not ASCII", async () => {
      const message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈, 100% %41\t\n";
      for (let code = 1; code <= 16; code++) {
        await assert.rejects(client.unary(order({ code, message })), { code, details: message });
      }
    });
    test("a status after messages, and one alone", async () => {
      const some = client.list(order({ count: 2, code: 9, message: "enough" }));
      let count = 0;
      some.on("data", () => count++);
      assert.equal((await errorOf(some)).code, 9);
      assert.equal(count, 2);
      const none = client.list(order({ code: 5, message: "nothing" }));
      none.resume();
      assert.deepEqual(pick(await errorOf(none)), [5, "nothing"]);
      const chat = client.chat();
      chat.write(order({ code: 10, message: "not so" }));
      chat.resume();
      assert.deepEqual(pick(await errorOf(chat)), [10, "not so"]);
    });
    test("unimplemented method and service", async () => {
      for (const asking of [{ method: "Nope" }, { service: "no.Such" }]) {
        await assert.rejects(client.unary(Buffer.alloc(0), asking), { code: 12 });
      }
    });
    test("cancelled before the first message", async () => {
      await settle();
      const error = new Promise<ServiceError | null>((resolve) => {
        const call = client.begin(order({ sleep: true }), resolve);
        void backend.next().then(async (seen) => {
          call.cancel();
          await soon(seen.cancelled, "the backend to hear of the cancellation");
        });
      });
      assert.equal((await error)?.code, 1);
      await eventually("no call left", () => backend.active === 0);
    });
    test("cancelled after the first message", async () => {
      await settle();
      const call = client.list(order({ count: 1, hang: true }));
      const seen = await backend.next();
      await once(call, "data");
      call.cancel();
      assert.equal((await errorOf(call)).code, 1);
      await soon(seen.cancelled, "the backend to hear of the cancellation");
      await eventually("no call left", () => backend.active === 0);
    });
    test("a client stream cancelled before and after its first message", async () => {
      for (const first of [false, true]) {
        await settle();
        const result = new Promise<ServiceError | null>((resolve) => {
          const call = client.collect(resolve);
          if (first) call.write(Buffer.from("some"));
          void backend.next().then((seen) => {
            call.cancel();
            return soon(seen.cancelled, "cancellation");
          });
        });
        assert.equal((await result)?.code, 1);
        await eventually("no call left", () => backend.active === 0);
      }
    });
    test("the deadline of a client passes on a sleeping server", async () => {
      await settle();
      const started = performance.now();
      await assert.rejects(client.unary(order({ sleep: true }), { within: 400 }), { code: 4 });
      assert.ok(performance.now() - started < 3000);
      const seen = await backend.next();
      assert.ok(seen.leftMs > 0 && seen.leftMs <= 400, `the backend got ${seen.leftMs} ms`);
      await soon(seen.cancelled, "the backend to stop");
    });
    test("100 calls at once over one connection", async () => {
      const replies = await Promise.all(Array.from({ length: 100 }, (_, i) => client.unary(Buffer.from(`#${i}`))));
      replies.forEach(({ value }, i) => {
        assert.equal(value.toString(), `#${i}`);
      });
    });
  });
}

describe("what the gateway adds to gRPC", LIMIT, () => {
  const withGateway = async (
    setup: Parameters<typeof grpcGateway>[0],
    run: (gateway: GrpcGateway, client: InteropClient) => Promise<void>,
    prefix = "",
  ) => {
    const gateway = await withGrpcPort(await gateways.take(typeof setup === "string" ? setup : grpcText(setup)));
    const client = new InteropClient(gateway.grpcPort, { prefix });
    try {
      await run(gateway, client);
    } finally {
      client.close();
      await gateway.kill();
    }
  };
  const up = () => ({ up: backend.port });

  test("messages over 4 MB are RESOURCE_EXHAUSTED in both directions", async () => {
    const client = new InteropClient(plain.grpcPort);
    await assert.rejects(client.unary(Buffer.alloc(4 * 1024 * 1024 + 1)), { code: 8 });
    await assert.rejects(client.unary(order({ size: 4 * 1024 * 1024 + 1 })), { code: 8 });
    assert.equal((await client.unary(order({ size: 4 * 1024 * 1024 }))).value.length, 4 * 1024 * 1024);
    const stream = client.list(order({ count: 2, size: 5 * 1024 * 1024 })).resume();
    assert.equal((await errorOf(stream)).code, 8);
    client.close();
    await eventually("no call left", () => backend.active === 0);
  });
  test("and pass where the limit is raised, or taken away", async () => {
    for (const back of [{ maxMessageSize: "10mb" }, { maxMessageSize: 0 }]) {
      await withGateway({ services: up(), back }, async (_, client) => {
        const message = Buffer.alloc(6 * 1024 * 1024, "y");
        assert.ok((await client.unary(message)).value.equals(message));
      });
    }
  });
  test("limits of one direction", async () => {
    const back = { maxCallSendMsgSize: 1000, maxCallRecvMsgSize: 2000 };
    await withGateway({ services: up(), back }, async (_, client) => {
      await assert.rejects(client.unary(Buffer.alloc(1001)), { code: 8 });
      assert.equal((await client.unary(Buffer.alloc(1000))).value.length, 1000);
      assert.equal((await client.unary(order({ size: 2000 }))).value.length, 2000);
      await assert.rejects(client.unary(order({ size: 2001 })), { code: 8 });
    });
  });
  test("a timeout in the file shortens the deadline of the client, and is the deadline of who has none", async () => {
    const rules = [{ path: "/*", serviceName: "up", protocol: "grpc", timeout: "500ms" }];
    await settle();
    await withGateway({ services: up(), rules }, async (_, client) => {
      for (const within of [10_000, null]) {
        await assert.rejects(client.unary(order({ sleep: true }), { within }), { code: 4 });
        const seen = await backend.next();
        if (within !== null) assert.ok(seen.leftMs <= 500, `the backend got ${seen.leftMs} ms`);
        await soon(seen.cancelled, "the backend to stop");
      }
    });
  });
  test("a stream without deadline outlives the timeout of its route as long as it says something", async () => {
    const rules = [{ path: "/*", serviceName: "up", protocol: "grpc", timeout: "600ms" }];
    await withGateway({ services: up(), rules }, async (_, client) => {
      const chat = client.chat({ within: null });
      const end = performance.now() + 1500;
      while (performance.now() < end) {
        chat.write(Buffer.from("still here"));
        await once(chat, "data");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      chat.end();
      await once(chat.resume(), "end");
    });
  });
  test("the gRPC service type makes a rule a gRPC rule", async () => {
    const text = JSON.stringify({
      gateway: {
        frontend: { http: { host: "127.0.0.1", port: 0 }, grpc: { enabled: true, port: 0 } },
        router: { rules: [{ path: "/*", serviceName: "up" }] },
        registry: {
          static: {
            services: [{ name: "up", type: "grpc", instances: [{ address: "127.0.0.1", port: backend.port }] }],
          },
        },
      },
    });
    await withGateway(text, async (_, client) => {
      assert.equal((await client.unary(Buffer.from("hi"))).value.toString(), "hi");
    });
  });
  test("the port in the metadata of an instance is that of gRPC", async () => {
    const services = { up: [{ address: "127.0.0.1", port: 9, metadata: { grpcPort: backend.port } }] };
    await withGateway({ services }, async (_, client) => {
      assert.equal((await client.unary(Buffer.from("hi"))).value.toString(), "hi");
    });
  });
  test("a prefix is removed", async () => {
    const rules = [{ path: "/api/grpc/*", serviceName: "up", protocol: "grpc" }];
    await withGateway(
      { services: up(), rules },
      async (_, client) => {
        assert.equal((await client.unary(Buffer.from("hi"))).value.toString(), "hi");
        await assert.rejects(client.unary(Buffer.from("hi"), { method: "Nope" }), { code: 12 });
      },
      "/api/grpc",
    );
  });
  test("protocols.grpc.services routes what no rule has; the rest is UNIMPLEMENTED", async () => {
    const more = { protocols: { grpc: { services: [{ name: "test.v1.Interop", backend: "up" }] } } };
    const rules = [{ path: "/elsewhere", serviceName: "up" }];
    await withGateway({ services: up(), rules, more }, async (_, client) => {
      assert.equal((await client.unary(Buffer.from("hi"))).value.toString(), "hi");
      await assert.rejects(client.unary(Buffer.from("hi"), { service: "other.Service" }), {
        code: 12,
        details: "No route matches this request.",
      });
    });
  });
  test("what is refused by a limit of the route has the status that says so", async () => {
    const rules = [{ path: "/*", serviceName: "up", protocol: "grpc", maxRequestSize: 100 }];
    await withGateway({ services: up(), rules }, async (_, client) => {
      await assert.rejects(client.unary(Buffer.alloc(200)), { code: 8 });
      assert.equal((await client.unary(Buffer.alloc(90))).value.length, 90);
    });
  });
  test("access log and metrics know the status of gRPC", async () => {
    const rules = [{ path: "/test.v1.Interop/*", serviceName: "up", protocol: "grpc" }];
    await withGateway({ services: up(), rules, more: { metrics: { enabled: true } } }, async (gateway, client) => {
      const told = (path: string) =>
        nextLine(gateway, "access line", (l) => l.msg === "request" && l.path === `/test.v1.Interop/${path}`);
      let line = told("Unary");
      await assert.rejects(client.unary(order({ code: 7 })), { code: 7 });
      assert.equal((await line).grpcStatus, 7);
      line = told("List");
      await all(client.list(order({ count: 3 })));
      assert.deepEqual([(await line).grpcStatus, (await line).status], [0, 200]);
      line = told("Unary");
      await assert.rejects(client.unary(order({ sleep: true }), { within: 200 }), { code: 4 });
      // Whose clock is first is luck.
      assert.ok((await line).error === "upstream_timeout" || (await line).status === 499);
      const series = await scrape(gateway.port);
      assert.ok(sumOf(series, "gateway_http_requests_total", { path: "/test.v1.Interop/*" }) >= 2);
      assert.equal(sumOf(series, "gateway_http_requests_active"), 0);
    });
  });
});

function pick(error: ServiceError): unknown[] {
  return [error.code, error.details];
}

/** Forgets the calls the backend has seen so far. */
async function settle(): Promise<void> {
  await eventually("no call left", () => backend.active === 0);
  backend.forget();
}
