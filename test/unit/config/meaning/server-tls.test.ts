// TLS of listeners as a configuration asks for it: what is read whole, what is refused, and what is not asked of clients.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { loadConfig } from "../../../../src/config/load.ts";
import { ConfigError } from "../../../../src/config/text/problem.ts";
import { Pki, text } from "../../../support/pki.ts";

const pki = new Pki();
after(() => pki.remove());
const ca = pki.authority("ca");
const server = pki.certificate("server", { signer: ca, extensions: ["subjectAltName=DNS:a.test,DNS:*.b.test"] });
const other = pki.certificate("other", { signer: ca, extensions: ["subjectAltName=DNS:a.test"] });
const crl = pki.write("ca.crl.pem", pki.crl("list", ca));
const files = { certFile: server.cert, keyFile: server.key };

/** What loading says about a TLS block, errors before warnings, each without its place. */
function said(tls: Record<string, unknown>, section = "http", auth = {}): string[] {
  const file = pki.path("gateway.yaml");
  const frontend = section === "http" ? { http: { port: 0, tls: { enabled: true, ...tls } } } : {};
  const management = section === "management" ? { enabled: true, port: 0, tls: { enabled: true, ...tls } } : {};
  const rules = [{ path: "/*", serviceName: "up" }];
  const services = [{ name: "up", instances: [{ address: "127.0.0.1", port: 1 }] }];
  writeFileSync(
    file,
    JSON.stringify({ gateway: { auth, frontend, management, router: { rules }, registry: { static: { services } } } }),
  );
  try {
    return loadConfig({ file, env: {} }).warnings.map(({ message }) => message.replaceAll(pki.folder, ""));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ message }) => message.replaceAll(pki.folder, ""));
  }
}

describe("what a TLS block needs", () => {
  test("is a certificate of its own, or one in the list", () => {
    assert.deepEqual(said({}), [
      "frontend.http.tls: enabled needs certFile and keyFile, pkcs12File, certificates or acme",
    ]);
    assert.deepEqual(said({ certFile: server.cert }), [
      "frontend.http.tls: needs certFile and keyFile, or only pkcs12File",
    ]);
    assert.deepEqual(said({ certificates: [files] }), []);
    assert.match(said({ acme: { domains: ["a.test"] } })[0]!, /acme needs enabled: true/);
    assert.match(said({ ...files, pkcs12File: "/x" })[0]!, /or only pkcs12File/);
    assert.deepEqual(said(files, "management"), []);
  });

  test("is a pair, with the passphrase that opens it, which no message repeats", () => {
    assert.deepEqual(said({ certFile: server.cert, keyFile: other.key }), [
      'frontend.http.tls.keyFile: "/other.key" with "/server.crt": the key does not belong to the certificate',
    ]);
    assert.deepEqual(said({ ...files, passphrase: "needless" }), [
      "frontend.http.tls: the key is not encrypted: passphrase has no effect",
    ]);
    const bundle = pki.write("bundle.p12", pki.pkcs12("made.p12", server, [], ["-passout", "pass:right"]));
    const [wrong] = said({ pkcs12File: bundle, passphrase: "open sesame" });
    assert.match(wrong!, /pkcs12File: "\/bundle.p12": .*passphrase/);
    assert.doesNotMatch(wrong!, /sesame/);
  });
});

test("a file that holds others than those that signed its certificate is told of", () => {
  const gap = pki.write("gap.pem", `${text(server.cert)}${text(pki.authority("stranger").cert)}`);
  assert.match(said({ ...files, certFile: gap })[0]!, /certFile: "\/gap\.pem": no other certificate/);
});

describe("certificates for the same name", () => {
  test("warn that only the first is shown", () => {
    const second = { certFile: other.cert, keyFile: other.key };
    assert.deepEqual(said({ ...files, certificates: [second] }), [
      'frontend.http.tls.certificates[0]: "/other.crt" is never used: for a.test "/server.crt" is used',
    ]);
    assert.deepEqual(said({ ...files, certificates: [{ ...second, hosts: ["c.test"] }] }), []);
  });

  test("must not make different demands on clients", () => {
    const second = { certFile: other.cert, keyFile: other.key, clientAuth: "verify", clientCAFile: [ca.cert] };
    assert.match(said({ ...files, certificates: [second] })[0]!, /has different client authentication, but for a.test/);
  });

  test("accept only valid host names", () => {
    assert.deepEqual(said({ certificates: [{ ...files, hosts: ["*.a.test", "a.*.test"] }] }), [
      'frontend.http.tls.certificates[0].hosts[1]: "a.*.test" is not a host name, nor one that begins with "*."',
    ]);
  });
});

describe("CAs of clients", () => {
  const verify = (...clientCAFile: string[]) => said({ ...files, clientAuth: "verify", clientCAFile });

  test("are needed where clients are to be verified", () => {
    assert.deepEqual(verify(), ["frontend.http.tls: clientAuth verify needs clientCAFile"]);
  });

  test("do not stand there without effect, unless that is said", () => {
    const forgotten = /clientCAFile has no effect, .*; write clientAuth: verify, or none$/;
    const named = { ...files, clientCAFile: [ca.cert] };
    assert.match(said(named)[0]!, forgotten);
    assert.match(said({ ...files, clientCRLFile: [crl] })[0]!, forgotten);
    assert.match(said({ certificates: [{ ...named, hosts: ["c.test"] }] })[0]!, forgotten);
    assert.deepEqual(said({ ...named, clientAuth: "none" }), []);
    const strict = { ...files, hosts: ["c.test"], clientAuth: "verify" };
    assert.deepEqual(said({ clientCAFile: [ca.cert], certificates: [strict] }), []);
  });

  test("are refused when damaged in part, and an empty file does not mean the CAs of the system", () => {
    const [head, tail] = [text(ca.cert), text(server.cert)];
    const broken = pki.write("broken.pem", `${head}${tail.slice(0, tail.length / 2)}`);
    for (const file of [pki.write("empty.pem", ""), pki.write("text.pem", "none\n"), broken, pki.path("missing.pem")]) {
      const errors = verify(ca.cert, file);
      assert.equal(errors.length, 1, file);
      assert.match(errors[0]!, /^frontend\.http\.tls\.clientCAFile\[1\]: "/);
    }
    assert.deepEqual(verify(ca.cert), []);
  });
});

describe("revocation lists", () => {
  const verify = (clientCRLFile: string[], more = {}) =>
    said({ ...files, clientAuth: "verify", clientCAFile: [ca.cert], clientCRLFile, ...more });

  test("are refused when damaged in part", () => {
    const broken = pki.write("broken.crl", `${text(crl)}${text(crl).slice(0, 200)}`);
    for (const file of [pki.write("empty.crl", ""), broken, pki.path("missing.crl"), server.cert]) {
      const errors = verify([crl, file]);
      assert.equal(errors.length, 1, file);
      assert.match(errors[0]!, /^frontend\.http\.tls\.clientCRLFile\[1\]: "/);
    }
    assert.deepEqual(verify([crl]), []);
  });

  test("need CAs, and warn of a list whose CA is missing", () => {
    assert.match(
      said({ ...files, clientAuth: "require", clientCRLFile: [crl] })[0]!,
      /clientCRLFile needs clientCAFile/,
    );
    const unlisted = pki.authority("unlisted");
    assert.match(verify([crl], { clientCAFile: [ca.cert, unlisted.cert] }).join(), /unlisted.* has no revocation list/);
    const ended = pki.write("ended.crl", pki.crl("ended", ca, { from: "20200101000000Z", to: "20200201000000Z" }));
    assert.match(verify([ended]).join(), /expired on 2020-02-01.*refused/);
    assert.match(verify([ended], { expiredCRL: "warn" }).join(), /checked with the old/);
  });
});

test("HSTS needs maxAge, and with preload one that preload lists accept", () => {
  const hsts = (block: object) => said({ ...files, hsts: block });
  assert.match(hsts({ includeSubdomains: true })[0]!, /tls\.hsts: the header is not sent without maxAge/);
  assert.match(hsts({ maxAge: "1d", includeSubdomains: true, preload: true })[0]!, /require maxAge: 365d or more/);
  assert.match(hsts({ maxAge: "365d", preload: true })[0]!, /and includeSubdomains: true/);
  assert.deepEqual(hsts({ maxAge: "365d", includeSubdomains: true, preload: true }), []);
});

test("the modern profile excludes versions below TLS 1.3", () => {
  const ciphers = { ...files, cipherSuites: ["ECDHE-RSA-AES128-GCM-SHA256"] };
  assert.match(said({ ...ciphers, profile: "modern" })[0]!, /cipherSuites has no effect: only TLS 1\.3/);
  assert.match(said({ ...ciphers, minVersion: "1.3" })[0]!, /cipherSuites has no effect: only TLS 1\.3/);
  assert.deepEqual(said(ciphers), []);
  assert.match(
    said({ ...files, profile: "modern", minVersion: "1.2" })[0]!,
    /profile modern has no ciphers below TLS 1.3/,
  );
  assert.match(said({ ...files, minVersion: "1.3", maxVersion: "1.2" })[0]!, /minVersion is above maxVersion/);
});

describe("auth.mtls", () => {
  const auth = { mtls: true };
  const verifying = { clientAuth: "request", clientCAFile: [ca.cert] };
  test("is warned of where no listener verifies certificates", () => {
    for (const tls of [files, { ...files, clientAuth: "require" }, { ...files, clientAuth: "none" }])
      assert.match(said(tls, "http", auth).join(), /auth.mtls: no listener verifies client certificates/);
    assert.match(said({ ...files, ...verifying }, "management", auth).join(), /no listener verifies/);
  });
  test("is not where one does, for any of its names", () => {
    assert.deepEqual(said({ ...files, ...verifying }, "http", auth), []);
    const one = {
      ...files,
      certificates: [{ certFile: other.cert, keyFile: other.key, hosts: ["c.test"], ...verifying }],
    };
    assert.deepEqual(said(one, "http", auth), []);
    assert.deepEqual(said(files), []);
  });
});
