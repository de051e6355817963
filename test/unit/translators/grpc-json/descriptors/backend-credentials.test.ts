// The gRPC library with the TLS of a backend: whom it believes, what it shows, and which keys it accepts.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { BackendCredentials } from "../../../../../src/translators/grpc-json/descriptors/backend-credentials.ts";
import { reflect } from "../../../../../src/translators/grpc-json/descriptors/reflection.ts";
import { DEFAULT_TLS, type UpstreamTls } from "../../../../../src/wire/secure.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../../../../support/certificates.ts";
import { pinOf } from "../../../../support/tls-backend.ts";

const folder = mkdtempSync(join(tmpdir(), "credentials-"));
const server = new Server();
let port: number;
let ours: Certificate;
let theirs: Certificate;
let shown: Certificate;
let client: Certificate;

before(async () => {
  ours = makeAuthority(folder, "ours");
  theirs = makeAuthority(folder, "theirs");
  shown = makeCertificate(folder, "shown", ours, ["DNS:inner.example"]);
  client = makeCertificate(folder, "client", ours);
  const pair = { cert_chain: readFileSync(shown.cert), private_key: readFileSync(shown.key) };
  const credentials = ServerCredentials.createSsl(readFileSync(ours.cert), [pair], true);
  port = await new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
});
after(() => {
  server.forceShutdown();
  rmSync(folder, { recursive: true, force: true });
});

const pem = (path: string) => readFileSync(path, "utf8");
const pin = (of: Certificate) => pinOf(of).replace("sha256//", "");
const settings = (more: Partial<UpstreamTls> = {}): UpstreamTls => ({
  ...DEFAULT_TLS,
  serverName: "inner.example",
  material: { ca: pem(ours.cert), cert: pem(client.cert), key: pem(client.key) },
  ...more,
});

/** Why the server could not be asked; it has no reflection, and says so once TLS stands. */
async function outcome(tls: UpstreamTls): Promise<string> {
  const credentials = new BackendCredentials("127.0.0.1", tls);
  const asked = reflect({ address: `127.0.0.1:${port}`, credentials, deadlineMs: 5000 });
  return asked.then(
    () => "answered",
    (error: Error) => error.message,
  );
}
const REACHED = /the server offers no reflection/;

describe("a server over TLS", () => {
  test("is asked under its name, and shown the client certificate", async () =>
    assert.match(await outcome(settings()), REACHED));
  test("of an unknown authority is not asked", async () => {
    const material = { ...settings().material, ca: pem(theirs.cert) };
    assert.match(await outcome(settings({ material })), /reflection failed: .*certificate/);
  });
  test("of another name is not asked", async () => {
    assert.match(
      await outcome(settings({ serverName: "other.example" })),
      new RegExp(`reflection failed: ${status.UNAVAILABLE}.*`),
    );
  });
  for (const verify of [true, false]) {
    test(`is asked only with a key that is pinned, with verify ${verify}`, async () => {
      assert.match(await outcome(settings({ verify, pins: [pin(client), pin(shown)] })), REACHED);
      assert.match(await outcome(settings({ verify, pins: [pin(client)] })), /is none of the pins/);
    });
  }
});
