// PKCS#12 bundles as tools make them, and as they should not be.
import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { certificatesOf } from "../../../src/tls/certificate-chain.ts";
import { pairFault } from "../../../src/tls/key-pair.ts";
import { openPkcs12 } from "../../../src/tls/pkcs12.ts";
import type { Certificate } from "../../support/certificates.ts";
import { openssl, Pki, text } from "../../support/pki.ts";

let pki: Pki;
let root: Certificate;
let middle: Certificate;
const leaves: Partial<Record<"ec" | "rsa" | "rsa-pss" | "ed25519", Certificate>> = {};
before(() => {
  pki = new Pki();
  root = pki.authority("root", { key: "rsa" });
  middle = pki.authority("middle", { signer: root });
  const extensions = ["subjectAltName=DNS:a.example,IP:::1,URI:urn:x", "keyUsage=critical,digitalSignature"];
  for (const key of ["ec", "rsa", "rsa-pss", "ed25519"] as const)
    leaves[key] = pki.certificate(`leaf-${key}`, { signer: middle, key, extensions, subject: "/O=Bücher, Ltd./CN=a" });
});
after(() => pki.remove());

const PROTECTIONS: Readonly<Record<string, readonly string[]>> = {
  "AES-256 and a MAC of SHA-256": [],
  "AES-128 and a MAC of SHA-512": ["-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC", "-macalg", "sha512"],
  "100 000 rounds": ["-iter", "100000"],
  "what old tools made: RC2 and 3DES, a MAC of SHA-1": ["-legacy"],
  "3DES of PKCS#12": ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
  "a key in the clear": ["-keypbe", "NONE", "-certpbe", "NONE"],
  "no MAC": ["-nomac"],
};
const failure = (bytes: Buffer, passphrase: string) => {
  try {
    openPkcs12(bytes, passphrase);
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
};

for (const key of ["ec", "rsa", "ed25519"] as const) {
  describe(`a bundle with a key of ${key}`, () => {
    for (const [name, options] of Object.entries(PROTECTIONS)) {
      test(`protected with ${name} gives key and chain, the leaf first and no root`, () => {
        const leaf = leaves[key]!;
        const bytes = pki.pkcs12("a.p12", leaf, [root.cert, middle.cert], ["-passout", "pass:sésame", ...options]);
        const pair = openPkcs12(bytes, "sésame");
        const expected = [leaf, middle].map(({ cert }) => new X509Certificate(text(cert)).raw);
        assert.deepEqual(
          certificatesOf(pair.cert).map(({ raw }) => raw),
          expected,
        );
        assert.ok(createPrivateKey(pair.key).equals(createPrivateKey(text(leaf.key))));
        assert.equal(pairFault(certificatesOf(pair.cert), createPrivateKey(pair.key)), null);
      });
    }
  });
}

describe("a bundle", () => {
  test("with a wrong passphrase, or none, says so", () => {
    for (const options of Object.values(PROTECTIONS)) {
      const bytes = pki.pkcs12("b.p12", leaves.ec!, [], ["-passout", "pass:right", ...options]);
      assert.match(failure(bytes, "wrong"), /^the passphrase does not open the bundle/);
      assert.match(failure(bytes, ""), /^the bundle cannot be opened without a passphrase$/);
    }
  });
  test("with an empty passphrase opens without one", () => {
    const bytes = pki.pkcs12("c.p12", leaves.ec!, [], ["-passout", "pass:"]);
    const { cert, key } = openPkcs12(bytes, "");
    assert.equal(pairFault(certificatesOf(cert), createPrivateKey(key)), null);
  });
  test("without a key, or without a certificate, says so", () => {
    const out = pki.path("d.p12");
    openssl("pkcs12", "-export", "-nokeys", "-in", root.cert, "-out", out, "-passout", "pass:x");
    assert.equal(failure(readOf(out), "x"), "the bundle contains no private key");
    openssl("pkcs12", "-export", "-nocerts", "-inkey", root.key, "-in", root.key, "-out", out, "-passout", "pass:x");
    assert.equal(failure(readOf(out), "x"), "the bundle contains no certificate");
  });
  test("with a key for RSA-PSS alone says what to do instead", () => {
    const bytes = pki.pkcs12("p.p12", leaves["rsa-pss"]!, [], ["-passout", "pass:x"]);
    assert.match(failure(bytes, "x"), /^RSA-PSS keys are not supported in bundles; use PEM files/);
  });
  test("protected in an unknown way says so", () => {
    const bytes = pki.pkcs12("e.p12", leaves.ec!, [], ["-passout", "pass:x", "-certpbe", "aes-256-ofb"]);
    assert.match(failure(bytes, "x"), /^the bundle is encrypted with an unknown algorithm/);
  });
  test("that would take for ever to open is refused at once", () => {
    const bytes = pki.pkcs12("f.p12", leaves.ec!, [], ["-passout", "pass:x", "-iter", "100000"]);
    const written = Buffer.from("02030186a0", "hex"); // 100 000, for each cipher and for the MAC
    for (const at of [bytes.indexOf(written), bytes.lastIndexOf(written)]) {
      const forever = Buffer.from(bytes);
      forever.write("7fffff", at + 2, "hex");
      assert.equal(failure(forever, "x"), "the bundle requires more than 2000000 iterations of key derivation");
    }
  });
  test("that is no bundle says so, whatever it is", () => {
    const der = Buffer.from(new X509Certificate(text(root.cert)).raw);
    for (const bytes of [Buffer.alloc(0), Buffer.from("hello"), Buffer.from(text(root.cert)), der])
      assert.equal(failure(bytes, "x"), "not a PKCS#12 bundle");
    assert.match(failure(Buffer.alloc(2 ** 20 + 1), "x"), /larger than 1048576 bytes/);
  });
  test("cut or changed anywhere is refused, in words that repeat nothing of it", () => {
    const bytes = pki.pkcs12("g.p12", leaves.rsa!, [middle.cert], ["-passout", "pass:topsecret", "-iter", "1"]);
    const good = openPkcs12(bytes, "topsecret");
    for (let at = 0; at < bytes.length; at += 37) {
      assert.doesNotMatch(failure(bytes.subarray(0, at), "topsecret"), /none|topsecret|undefined/);
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x41;
      const said = failure(changed, "topsecret");
      assert.doesNotMatch(said, /topsecret|undefined/);
      if (said === "none") assert.deepEqual(openPkcs12(changed, "topsecret"), good);
    }
  });
  test("of ten thousand nested elements is refused without much work", () => {
    let inner = Buffer.from([0x04, 0x00]);
    for (let i = 0; i < 10_000; i++) inner = wrap(i % 2 === 0 ? 0x30 : 0x04, inner);
    assert.equal(failure(inner, "x"), "not a PKCS#12 bundle");
  });
});

function readOf(file: string): Buffer {
  return readFileSync(file);
}

function wrap(tag: number, content: Buffer): Buffer<ArrayBuffer> {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([Buffer.from([tag, 0x84]), length, content]);
}
