// The profiles of TLS, seen by clients of all kinds.
import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { type ConnectionOptions, connect, createSecureContext, createServer, type Server } from "node:tls";
import { secureFault } from "../../../src/tls/key-pair.ts";
import { profileOptions, TLS_PROFILES } from "../../../src/tls/profiles.ts";
import { Pki, text } from "../../support/pki.ts";

let pki: Pki;
const servers: Partial<Record<"modern" | "intermediate", Server>> = {};
before(async () => {
  pki = new Pki();
  const { cert, key } = pki.certificate("server", { extensions: ["subjectAltName=DNS:server"] });
  for (const profile of TLS_PROFILES) {
    const minVersion = profile === "modern" ? "TLSv1.3" : "TLSv1.2";
    const server = createServer({ ...profileOptions(profile), minVersion, cert: text(cert), key: text(key) });
    server.on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers[profile] = server;
  }
});
after(() => {
  for (const server of Object.values(servers)) server.close();
  pki.remove();
});

/** What a handshake agrees on, or the code of why it fails. */
async function agreed(profile: "modern" | "intermediate", options: ConnectionOptions): Promise<readonly unknown[]> {
  const { port } = servers[profile]!.address() as AddressInfo;
  const socket = connect({
    port,
    host: "127.0.0.1",
    ca: text(pki.path("server.crt")),
    servername: "server",
    ...options,
  });
  try {
    await once(socket, "secureConnect");
    const group = (socket.getEphemeralKeyInfo() as { name?: string }).name;
    return [socket.getProtocol(), socket.getCipher().name, group];
  } catch (error) {
    return [(error as NodeJS.ErrnoException).code];
  } finally {
    socket.destroy();
  }
}

describe("profiles of TLS", () => {
  test("speak TLS 1.3 by default, with a group that is safe", async () => {
    for (const profile of TLS_PROFILES) {
      const [version, , group] = await agreed(profile, { ecdhCurve: "X25519" });
      assert.deepEqual([version, group], ["TLSv1.3", "X25519"]);
    }
  });
  test("modern refuses TLS 1.2, intermediate takes it with forward secrecy and authenticated ciphers alone", async () => {
    const options = { maxVersion: "TLSv1.2" } as const;
    assert.equal((await agreed("modern", options))[0], "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    const ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
    assert.deepEqual((await agreed("intermediate", { ...options, ciphers })).slice(0, 2), ["TLSv1.2", ciphers]);
    const old = { ...options, ciphers: "ECDHE-ECDSA-AES128-SHA256:AES128-SHA" };
    assert.match(String((await agreed("intermediate", old))[0]), /HANDSHAKE_FAILURE/);
    const older = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" } as const;
    assert.match(String((await agreed("intermediate", older))[0]), /PROTOCOL_VERSION/);
  });
  test("name only ciphers and groups that this OpenSSL knows", () => {
    const { ciphers, ecdhCurve } = profileOptions("intermediate");
    for (const name of ciphers.split(":")) createSecureContext({ ciphers: name });
    for (const group of ecdhCurve.split(":")) createSecureContext({ ecdhCurve: group });
  });
  test("offer the hybrid group first where OpenSSL has it", () => {
    const [major, minor] = process.versions.openssl.split(".").map(Number);
    const known = major! > 3 || (major === 3 && minor! >= 5);
    assert.equal(profileOptions("modern").ecdhCurve, `${known ? "X25519MLKEM768:" : ""}X25519:prime256v1:secp384r1`);
  });
});

test("groups that OpenSSL lacks do not make the next key unreadable", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  assert.notEqual(secureFault({ ecdhCurve: "no-such-group" }), null);
  assert.equal(createPrivateKey(pem).asymmetricKeyType, "ec");
});
