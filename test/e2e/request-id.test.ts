// `middleware.tracking`: where a request gets its id from, under which name, and whether the service is told.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Backend, mirror, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { startGateway } from "../support/gateway.ts";
import { InteropClient, InteropServer } from "../support/grpc.ts";
import { type Block, configText } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };

let backend: Backend;
let greeter: InteropServer;
before(async () => {
  backend = await startBackend(mirror);
  greeter = await InteropServer.start();
});
after(async () => {
  greeter?.kill();
  await backend?.close();
});

/** What a client hears and a service sees as the id of a request under the name `X-Trace`. */
interface Ids {
  readonly client: string | undefined;
  readonly service: string | undefined;
  readonly grpcService: string | undefined;
}

/** Asks a gateway with these settings over HTTP/1.1 and gRPC. @param id sent by the client; "" = none */
async function idsWith(tracking: Block, id: string): Promise<Ids> {
  const gateway = await startGateway(
    configText({
      rules: [
        { path: "/x", serviceName: "up" },
        { path: "/*", serviceName: "greeter", protocol: "grpc" },
      ],
      services: { up: backend.port, greeter: greeter.port },
      more: {
        frontend: { http: { host: "127.0.0.1", port: 0 }, grpc: { enabled: true, port: 0 } },
        middleware: { tracking: { headerName: "X-Trace", ...tracking } },
      },
    }),
  );
  const client = new InteropClient(Number((await gateway.line((l) => l.listener === "grpc")).port));
  try {
    const reply = await call(gateway.port, { path: "/x", headers: id === "" ? [] : ["X-Trace", id] });
    const seen = JSON.parse(reply.text) as { headers: readonly string[] };
    const at = seen.headers.findIndex((name) => name.toLowerCase() === "x-trace");
    await client.unary(Buffer.from("hi"), { metadata: id === "" ? [] : [["x-trace", id]] });
    return {
      client: reply.headers["x-trace"] as string | undefined,
      service: at === -1 ? undefined : seen.headers[at + 1],
      grpcService: greeter.calls.at(-1)!.metadata.get("x-trace")[0] as string | undefined,
    };
  } finally {
    client.close();
    await gateway.kill();
  }
}

describe("a request id", LIMIT, () => {
  test("is made where the client sent none, told to both sides under headerName", async () => {
    const { client, service, grpcService } = await idsWith({}, "");
    assert.match(client!, /^[0-9a-f]{12}-/);
    assert.equal(service, client);
    assert.match(grpcService!, /^[0-9a-f]{12}-/);
  });
  test("is the client's own where it sent one", async () =>
    assert.deepEqual(await idsWith({}, "mine-1"), { client: "mine-1", service: "mine-1", grpcService: "mine-1" }));

  const none = { client: undefined, service: undefined, grpcService: undefined };
  test("is not made with generateIfMissing: false", async () =>
    assert.deepEqual(await idsWith({ generateIfMissing: false }, ""), none));
  test("of a client is kept with generateIfMissing: false", async () =>
    assert.deepEqual((await idsWith({ generateIfMissing: false }, "mine-2")).service, "mine-2"));
  test("stays with the client and the logs with propagateToBackend: false", async () =>
    assert.deepEqual(await idsWith({ propagateToBackend: false }, "mine-3"), { ...none, client: "mine-3" }));
});
