// WebSockets over TLS: `wss` from the client and to the service, alone and together.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { startGateway } from "../support/gateway.ts";
import { configText, eventually, soon } from "../support/setup.ts";
import { closeOf, echo, noise } from "../support/websocket.ts";
import { assertCalm, MODES } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000 };
let folder: string;
let authority: Certificate;
let server: Certificate;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-wss-"));
  authority = makeAuthority(folder, "authority");
  server = makeCertificate(folder, "server", authority, ["IP:127.0.0.1", "DNS:localhost"]);
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe("over TLS on both sides", LIMIT, () => {
  for (const mode of MODES) {
    test(`in mode ${mode} messages pass, a slow reader holds the writer back, and ends are ends`, async (t) => {
      const https = createServer({ cert: readFileSync(server.cert), key: readFileSync(server.key) });
      const sockets = new WebSocketServer({ server: https });
      const seen: WebSocket[] = [];
      let proto: string | string[] | undefined;
      sockets.on("connection", (s, request) => {
        proto = request.headers["x-forwarded-proto"];
        seen.push(s);
        s.on("error", () => undefined);
        echo(s);
      });
      https.listen(0, "127.0.0.1");
      await once(https, "listening");
      t.after(() => {
        for (const client of sockets.clients) client.terminate();
        https.close();
      });
      const { port } = https.address() as AddressInfo;
      const gateway = await startGateway(
        configText({
          rules: [{ path: "/*", serviceName: "up", websocket: { mode } }],
          services: { up: [{ id: "up-1", address: "127.0.0.1", port, scheme: "https" }] },
          more: {
            frontend: {
              http: { host: "127.0.0.1", port: 0, tls: { enabled: true, certFile: server.cert, keyFile: server.key } },
            },
            backend: { http: { tls: { enabled: true, rootCAFile: authority.cert } } },
          },
        }),
      );
      t.after(async () => {
        await gateway.kill();
        assertCalm(gateway);
      });
      const open = async () => {
        const client = new WebSocket(`wss://127.0.0.1:${gateway.port}/x`, { ca: readFileSync(authority.cert) });
        client.on("error", () => undefined);
        await soon(once(client, "open"), "open");
        return client;
      };
      const client = await open();
      assert.equal(proto, "https");
      const piece = noise(256 * 1024);
      const total = 160;
      let got = 0;
      client.on("message", (data: Buffer) => {
        assert.ok(data.equals(piece));
        got++;
      });
      client.pause();
      for (let i = 0; i < total; i++) client.send(piece);
      setImmediate(() => client.resume());
      await eventually("all echoes", () => got === total);
      const closed = closeOf(client);
      seen[0]!.close(4004, "enough");
      assert.deepEqual(await closed, { code: 4004, reason: "enough" });
      const second = await open();
      const gone = closeOf(seen[1]!);
      second.terminate();
      assert.ok([1001, 1006].includes((await gone).code));
      const third = await open();
      const cut = closeOf(third);
      seen[2]!.terminate();
      assert.equal((await cut).code, 1011);
    });
  }
});
