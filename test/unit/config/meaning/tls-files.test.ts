// Certificates and keys that do not work: said at their line, by cause, before anything is started.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Certificate, makeAuthority } from "../../../support/certificates.ts";
import { load, withMore } from "../../../support/load.ts";
import { openssl, Pki, text } from "../../../support/pki.ts";

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

  const locked = () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }).toString();
    return file("locked.key", pem);
  };

  test("with its key is fine", () => assert.equal(errorsOf(one.cert, one.key), ""));
  test("with the key of another is refused", () => {
    assert.match(
      errorsOf(one.cert, other.key),
      /^t\.yaml:4:\d+: frontend\.http\.tls\.keyFile: ".*other.*" with ".*one.*": the key does not belong to the certificate$/,
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
  test("with an encrypted key needs its passphrase", () => {
    assert.match(errorsOf(one.cert, locked()), /keyFile: .*: the key is encrypted, and no passphrase is given$/);
    const tls = `{ enabled: true, certFile: ${one.cert}, keyFile: ${locked()}, passphrase: wrong }`;
    const { errors } = load(withMore(`  frontend: { http: { tls: ${tls} } }`));
    assert.match(errors.join(), /keyFile: .*: the passphrase does not open the key/);
  });
  test("that is a folder is called one", () => {
    assert.match(errorsOf(folder, one.key), /certFile: .*: this is a directory$/);
  });
  test("with unknown ciphers says so, and only that", () => {
    const tls = `{ enabled: true, certFile: ${one.cert}, keyFile: ${one.key}, cipherSuites: [ NOPE ] }`;
    const { errors } = load(withMore(`  frontend: { http: { tls: ${tls} } }`));
    assert.deepEqual(
      errors.map((e) => e.replace(/^t.yaml:4:\d+: /, "")),
      ["frontend.http.tls: cipherSuites contains no known cipher"],
    );
  });
  test("with an unknown cipher among others warns that it is left out", () => {
    const names = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, NOPE, ECDHE-RSA-AES128-GCM-SHA256, TLS_AES_128_GCM_SHA256";
    const tls = `{ enabled: true, certFile: ${one.cert}, keyFile: ${one.key}, cipherSuites: [ ${names} ] }`;
    const { errors, warnings } = load(withMore(`  frontend: { http: { tls: ${tls} } }`));
    assert.deepEqual(errors, []);
    assert.deepEqual(
      warnings.map((e) => e.replace(/^t.yaml:4:\d+: /, "")),
      [`frontend.http.tls: cipherSuites: "NOPE" is not known to this OpenSSL and is ignored`],
    );
  });
});

test("what is asked of clients is read once, however many certificates and listeners ask it", () => {
  const pki = new Pki();
  const ca = pki.authority("ca");
  const list = pki.write("list", pki.crl("crl", ca));
  const shown = ["a", "b"].map((name) => pki.certificate(name, { extensions: [`subjectAltName=DNS:${name}`] }));
  const certificates = shown.map(({ cert, key }) => `{ certFile: ${cert}, keyFile: ${key} }`).join(", ");
  const clients = `clientAuth: verify, clientCAFile: [ ${ca.cert} ], clientCRLFile: [ ${list} ]`;
  const tls = `{ enabled: true, ${clients}, certificates: [ ${certificates} ] }`;
  const listeners = `[ { name: one, port: 1001, tls: ${tls} }, { name: two, port: 1002, tls: ${tls} } ]`;
  const { config, errors } = load(withMore(`  frontend: { listeners: ${listeners} }`));
  pki.remove();
  assert.deepEqual(errors, []);
  const asked = config!.listeners.flatMap((each) => (each.tls === null ? [] : each.tls.certificates));
  assert.equal(asked.length, 4);
  assert.equal(new Set(asked.map(({ clients }) => clients.revocation)).size, 1);
});

describe("files towards services", () => {
  let pki: Pki;
  let root: Certificate;
  let middle: Certificate;
  before(() => {
    pki = new Pki();
    root = pki.authority("root", { days: 400 });
    middle = pki.authority("middle", { signer: root, days: 400 });
  });
  after(() => pki.remove());
  const said = (keys: string) => {
    const { errors, warnings } = load(withMore(`  backend: { http: { tls: { enabled: true, ${keys} } } }`));
    return { errors: errors.join("\n"), warnings: warnings.join("\n") };
  };
  const client = ({ cert, key }: Certificate) => `clientCertFile: ${cert}, clientKeyFile: ${key}`;

  test("are fine when they are whole and long in use", () => {
    const both = pki.write("both.pem", text(root.cert) + text(middle.cert));
    assert.deepEqual(said(`rootCAFile: ${both}, ${client(root)}`), { errors: "", warnings: "" });
  });
  test("may be one file of certificate and key", () => {
    const one = pki.write("one.pem", text(root.cert) + text(root.key));
    assert.deepEqual(said(client({ cert: one, key: one })), { errors: "", warnings: "" });
    assert.match(
      said(client({ cert: root.cert, key: root.cert })).errors,
      /clientKeyFile: .*not a PEM key but a certificate/,
    );
  });
  test("are refused when a part is damaged, and a key when nobody can open it", () => {
    const cut = pki.write("cut.pem", text(root.cert) + text(middle.cert).slice(0, 300));
    assert.match(
      said(`rootCAFile: ${cut}`).errors,
      /rootCAFile: ".*cut\.pem": the PEM block at line \d+ has no END line$/,
    );
    const key = pki.path("locked.key");
    openssl("pkcs8", "-topk8", "-in", root.key, "-out", key, "-passout", "pass:x");
    assert.match(
      said(client({ cert: root.cert, key })).errors,
      /clientKeyFile: .*is encrypted; decrypt it, for example/,
    );
  });
  test("are warned of when services will refuse them, or they will refuse services", () => {
    const brief = pki.certificate("brief", { days: 2, signer: root });
    const old = pki.certificate("old", { days: -1, signer: root });
    assert.equal(said(client(brief)).warnings, "");
    assert.match(said(client(old)).warnings, /clientCertFile: .*: the certificate expired on .*: services refuse it$/);
    assert.match(
      said(`rootCAFile: ${middle.cert}`).warnings,
      /without their root in the bundle are refused: "CN=middle,O=Test"$/,
    );
    const tls = `enabled: true, certFile: ${root.cert}, keyFile: ${root.key}, clientAuth: verify, clientCAFile`;
    const { warnings } = load(withMore(`  frontend: { http: { tls: { ${tls}: [ ${middle.cert} ] } } }`));
    assert.match(
      warnings.join(),
      /clientCAFile: certificates signed by CAs without their root in the bundle are refused/,
    );
    const apart = load(withMore(`  frontend: { http: { tls: { ${tls}: [ ${middle.cert}, ${root.cert} ] } } }`));
    assert.deepEqual(apart.warnings, []);
  });
});

test("half a client certificate for services is refused", () => {
  const { errors } = load(withMore("  backend: { http: { tls: { enabled: true, clientCertFile: a.pem } } }"));
  assert.ok(
    errors.some((e) => e.endsWith("backend.http.tls: clientCertFile and clientKeyFile must be set together")),
    errors.join("\n"),
  );
});
