// gRPC over TLS with the settings of one service: calls, health checks and reflection.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { call } from "../support/client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { librarySet } from "../support/library.ts";
import { type Block, configText, eventually } from "../support/setup.ts";
import { pinOf } from "../support/tls-backend.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();
const folder = mkdtempSync(join(tmpdir(), "grpc-tls-"));
const server = new Server();
let port: number;
let authority: Certificate;
let shown: Certificate;

before(async () => {
  authority = makeAuthority(folder, "ca");
  shown = makeCertificate(folder, "shown", authority, ["DNS:inner.example"]);
  new ReflectionService(loadFileDescriptorSetFromBuffer(Buffer.from(librarySet()))).addToServer(server);
  const pair = { cert_chain: readFileSync(shown.cert), private_key: readFileSync(shown.key) };
  port = await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createSsl(null, [pair]), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
});
after(() => {
  server.forceShutdown();
  rmSync(folder, { recursive: true, force: true });
});

async function gatewayWith(t: TestContext, tls: Block, more: Block = {}): Promise<GatewayProcess> {
  const gateway = await gateways.take(
    configText({
      rules: [{ path: "/*", serviceName: "up", grpc: { enableTranscoding: true } }],
      services: { up: [{ address: "127.0.0.1", port, protocol: "grpc", ...more }] },
      more: { backend: { services: { up: { grpc: { enableReflection: true, tls } } } } },
    }),
  );
  t.after(() => gateway.kill());
  return gateway;
}

const asked = (gateway: GatewayProcess) =>
  call(gateway.port, { method: "POST", path: "/test.library.v1.Library/Echo", body: "{}" });

describe("gRPC of a service with TLS of its own", LIMIT, () => {
  test("is described and called with its authority, name and pins", async (t) => {
    const tls = { rootCAFile: authority.cert, serverName: "inner.example", pins: pinOf(shown) };
    const gateway = await gatewayWith(t, tls);
    // The server describes the method by reflection, and does not have it.
    await eventually("a call", async () => (await asked(gateway)).status === 501);
  });
  test("is not described by a server with another key", async (t) => {
    const gateway = await gatewayWith(t, { insecureSkipVerify: true, pins: pinOf(authority) });
    const line = await gateway.line(({ msg }) => msg === "gRPC descriptors could not be fetched");
    assert.match(String(line.reason), /is none of the pins/);
    assert.ok([502, 503].includes((await asked(gateway)).status));
  });
  test("is not found healthy with another name", async (t) => {
    const tls = { rootCAFile: authority.cert, serverName: "other.example" };
    const gateway = await gatewayWith(t, tls, { health: { type: "grpc", interval: "50ms", unhealthyThreshold: 1 } });
    const line = await gateway.line(({ msg }) => msg === "Health check fails");
    assert.equal(line.reason, "ERR_TLS_CERT_ALTNAME_INVALID");
  });
});
