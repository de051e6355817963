// Which ciphers of TLS 1.2 the gateway agrees on: at each of its listeners, and towards services.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { InteropClient } from "../support/grpc.ts";
import { reply } from "../support/http2-backend.ts";
import { configText, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
/** Three suites that fit the certificates; the second is configured by its name at IANA. */
const [FIRST, SECOND, OTHER] = [
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
] as const;
const SECOND_AT_IANA = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";

let folder: string;
let authority: Certificate;
let server: Certificate;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-ciphers-"));
  authority = makeAuthority(folder, "authority");
  server = makeCertificate(folder, "server", authority, ["IP:127.0.0.1"]);
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** The cipher agreed on with a listener, in a TLS 1.2 handshake that offers `ciphers`; "" when it fails. */
async function agreed(port: number, ...ciphers: string[]): Promise<string> {
  const socket = connect({
    ...{ host: "127.0.0.1", port, ca: readFileSync(authority.cert) },
    ...{ ciphers: ciphers.join(":"), maxVersion: "TLSv1.2" },
  });
  socket.on("error", () => undefined);
  await soon(Promise.race([once(socket, "secureConnect"), once(socket, "close")]), "a handshake").catch(
    () => undefined,
  );
  const name = socket.authorized ? socket.getCipher().name : "";
  socket.destroy();
  return name;
}

for (const preferServerCipher of [false, true]) {
  describe(`a listener with cipherSuites and preferServerCipher ${preferServerCipher}`, LIMIT, () => {
    let gateway: GatewayProcess;
    before(async () => {
      const files = { certFile: server.cert, keyFile: server.key };
      const tls = { enabled: true, ...files, cipherSuites: [FIRST, SECOND_AT_IANA], preferServerCipher };
      const listener = { host: "127.0.0.1", port: 0, tls };
      gateway = await startGateway(
        configText({
          rules: [{ path: "/*", serviceName: "up" }],
          services: { up: 1 },
          more: {
            frontend: {
              http: listener,
              websocket: { ...listener, enabled: true },
              grpc: { ...listener, enabled: true },
            },
            management: { ...listener, enabled: true, auth: { type: "token", token: "secret" } },
          },
        }),
      );
    });
    after(() => gateway?.kill());

    for (const listener of ["http", "websocket", "grpc", "management"]) {
      test(`${listener}: takes those alone, in the order of ${preferServerCipher ? "the gateway" : "the client"}`, async () => {
        const line = await soon(
          gateway.line((l) => l.listener === listener),
          "the listener",
        );
        const port = Number(line.port);
        assert.equal(await agreed(port, SECOND, FIRST), preferServerCipher ? FIRST : SECOND);
        assert.equal(await agreed(port, OTHER, SECOND), SECOND);
        assert.equal(await agreed(port, OTHER), "");
      });
    }
  });
}

describe("towards a service", LIMIT, () => {
  /** TLS settings that allow one suite, by its name at IANA. */
  const tls = () => ({ enabled: true, rootCAFile: authority.cert, maxVersion: "1.2", cipherSuites: [SECOND_AT_IANA] });

  /** The backend prefers others to the one suite that the gateway may use. */
  const material = () => ({
    cert: readFileSync(server.cert),
    key: readFileSync(server.key),
    ciphers: [OTHER, FIRST, SECOND].join(":"),
    honorCipherOrder: true,
  });

  test("backend.http.tls.cipherSuites are all that is offered to an https instance", async (t) => {
    const backend = createServer(material(), (_, response) => response.end("fine"));
    const ciphers: string[] = [];
    backend.on("secureConnection", (socket: TLSSocket) => ciphers.push(socket.getCipher().name));
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    const { port } = backend.address() as AddressInfo;
    const gateway = await startGateway(
      configText({
        rules: [{ path: "/*", serviceName: "up" }],
        services: { up: [{ address: "127.0.0.1", port, scheme: "https" }] },
        back: { tls: tls() },
      }),
    );
    t.after(async () => {
      await gateway.kill();
      backend.closeAllConnections();
      backend.close();
    });
    assert.equal((await call(gateway.port)).text, "fine");
    assert.deepEqual(ciphers, [SECOND]);
  });

  test("backend.grpc.tls.cipherSuites are all that is offered to a gRPC instance", async (t) => {
    const backend = createSecureServer(material());
    const ciphers: string[] = [];
    backend.on("secureConnection", (socket: TLSSocket) => ciphers.push(socket.getCipher().name));
    backend.on("stream", (stream) => reply(stream, ["fine"]));
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    const { port } = backend.address() as AddressInfo;
    const gateway = await startGateway(
      configText({
        rules: [{ path: "/*", serviceName: "up", protocol: "grpc" }],
        services: { up: port },
        more: {
          frontend: { http: { host: "127.0.0.1", port: 0 }, grpc: { enabled: true, port: 0 } },
          backend: { grpc: { tls: tls() } },
        },
      }),
    );
    const line = await gateway.line((l) => l.listener === "grpc");
    const client = new InteropClient(Number(line.port));
    t.after(async () => {
      client.close();
      await gateway.kill();
      backend.close();
    });
    assert.equal((await client.unary(Buffer.from("hi"))).value.toString(), "fine");
    assert.deepEqual(ciphers, [SECOND]);
  });
});
