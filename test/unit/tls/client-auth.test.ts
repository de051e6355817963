// What a certificate of a client proves: also when its session is resumed, which OpenSSL does not look at again.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { connect, createServer, type SecureVersion, type Server, type TLSSocket } from "node:tls";
import { clientProof } from "../../../src/tls/client-auth.ts";
import type { ClientAuth } from "../../../src/tls/server-tls.ts";
import type { Certificate } from "../../support/certificates.ts";
import { Pki, text } from "../../support/pki.ts";

const DAY_MS = 86_400_000;
const LIMIT = { timeout: 20_000 };

describe("a client that resumes its session", LIMIT, () => {
  const pki = new Pki();
  let ca: Certificate;
  let own: Certificate;
  let client: Certificate;
  before(() => {
    ca = pki.authority("ca");
    own = pki.certificate("server", { signer: ca });
    client = pki.certificate("client", { signer: ca, days: 2 });
  });
  after(() => pki.remove());

  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`is verified until its certificate expires (${version})`, async (t) => {
      const shown = { cert: text(own.cert), key: text(own.key) };
      const server = createServer({ ...shown, ca: text(ca.cert), requestCert: true }).listen(0, "127.0.0.1");
      t.after(() => server.close());
      await once(server, "listening");
      const first = await meet(server, version);
      const second = await meet(server, version, first.session);
      assert.equal(second.accepted.isSessionReused(), true);
      const clients: ClientAuth = { mode: "verify", ca: text(ca.cert), revocation: null, key: "" };
      const proof = (days: number) => clientProof(second.accepted, clients, Date.now() + days * DAY_MS);
      assert.equal("verified" in proof(1), true);
      assert.deepEqual(proof(3), { fault: "client_certificate_refused", detail: "CERT_HAS_EXPIRED" });
    });
  }

  async function meet(server: Server, version: SecureVersion, session?: Buffer) {
    const { port } = server.address() as AddressInfo;
    const show = { cert: text(client.cert), key: text(client.key), minVersion: version, maxVersion: version };
    const resume = session === undefined ? {} : { session };
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...show, ...resume });
    const met = once(server, "secureConnection") as Promise<[TLSSocket]>;
    // Of a resumed session of TLS 1.2 there is no other.
    const kept = session ?? once(socket, "session").then(([given]) => given as Buffer);
    const [accepted] = await met;
    accepted.on("error", () => undefined).resume();
    accepted.write("x"); // a session of TLS 1.3 is read with what follows it
    socket.on("error", () => undefined).resume();
    const given = await kept;
    socket.destroy();
    return { accepted, session: given };
  }
});
