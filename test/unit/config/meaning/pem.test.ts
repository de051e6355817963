// Certificates and keys that do not work: said at their line, by cause, before anything is started.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Certificate, makeAuthority } from "../../../support/certificates.ts";
import { load, withMore } from "../../../support/load.ts";

describe("a listener's certificate", () => {
  let folder: string;
  let one: Certificate;
  let other: Certificate;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gateway-pem-"));
    one = makeAuthority(folder, "one");
    other = makeAuthority(folder, "other");
  });
  after(() => rmSync(folder, { recursive: true }));

  const errorsOf = (cert: string, key: string) =>
    load(withMore(`  frontend: { http: { tls: { enabled: true, certFile: ${cert}, keyFile: ${key} } } }`)).errors.join(
      "\n",
    );
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  test("with its key is fine", () => assert.equal(errorsOf(one.cert, one.key), ""));
  test("with the key of another is refused", () => {
    assert.match(
      errorsOf(one.cert, other.key),
      /^t\.yaml:4:\d+: frontend\.http\.tls: the key does not belong to the certificate$/,
    );
  });
  test("with a key of another kind is refused", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = file("rsa.key", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    assert.match(errorsOf(one.cert, key), /the key does not belong to the certificate$/);
  });
  test("in the place of the key is told from a file that is neither", () => {
    const swapped = errorsOf(one.key, one.cert);
    assert.match(swapped, /certFile: .*not a PEM certificate but a key; are the two files swapped\?/);
    assert.match(swapped, /keyFile: .*not a PEM key but a certificate; are the two files swapped\?/);
    assert.match(errorsOf(file("text", "hello"), one.key), /certFile: .*: not a PEM certificate$/);
  });
  test("with an encrypted key says that nobody can ask for the password", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }).toString();
    assert.match(errorsOf(one.cert, file("locked.key", pem)), /keyFile: .*the key is encrypted; decrypt it/);
  });
  test("that is a folder is called one", () => {
    assert.match(errorsOf(folder, one.key), /certFile: .*: this is a directory$/);
  });
  test("with unknown ciphers says so, and only that", () => {
    const tls = `{ enabled: true, certFile: ${one.cert}, keyFile: ${one.key}, cipherSuites: [ NOPE ] }`;
    const { errors } = load(withMore(`  frontend: { http: { tls: ${tls} } }`));
    assert.deepEqual(
      errors.map((e) => e.replace(/^t.yaml:4:\d+: /, "")),
      ["frontend.http.tls: cipherSuites names no known cipher"],
    );
  });
  test("with an unknown cipher among others warns that it is left out", () => {
    const names = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, NOPE, ECDHE-RSA-AES128-GCM-SHA256, TLS_AES_128_GCM_SHA256";
    const tls = `{ enabled: true, certFile: ${one.cert}, keyFile: ${one.key}, cipherSuites: [ ${names} ] }`;
    const { errors, warnings } = load(withMore(`  frontend: { http: { tls: ${tls} } }`));
    assert.deepEqual(errors, []);
    assert.deepEqual(
      warnings.map((e) => e.replace(/^t.yaml:4:\d+: /, "")),
      [`frontend.http.tls: cipherSuites: "NOPE" is no cipher that this OpenSSL knows; it is left out`],
    );
  });
});

test("half a client certificate for services is refused", () => {
  const { errors } = load(withMore("  backend: { http: { tls: { enabled: true, clientCertFile: a.pem } } }"));
  assert.ok(
    errors.some((e) => e.endsWith("backend.http.tls: clientCertFile and clientKeyFile belong together")),
    errors.join("\n"),
  );
});
