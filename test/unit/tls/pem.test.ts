// Files of certificates and keys: read whole, or refused with the place of the damage.
import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { rootCertificates } from "node:tls";
import { certificatesOf, chainPem } from "../../../src/tls/certificate-chain.ts";
import { pairFault } from "../../../src/tls/key-pair.ts";
import { privateKeyOf } from "../../../src/tls/private-key.ts";
import { rootless, trustAnchors } from "../../../src/tls/trust-anchors.ts";
import type { Certificate } from "../../support/certificates.ts";
import { openssl, Pki, text } from "../../support/pki.ts";

let pki: Pki;
let root: Certificate;
let other: Certificate;
let leaf: Certificate;
before(() => {
  pki = new Pki();
  root = pki.authority("root");
  other = pki.authority("other", { key: "rsa" });
  leaf = pki.certificate("leaf", { signer: root });
});
after(() => pki.remove());

const failure = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
};
const anchorFault = (bundle: string) => failure(() => trustAnchors(bundle, Date.now()));

describe("a bundle of trust anchors", () => {
  test("is returned as certificates without comments, each once", () => {
    const readable = pki.path("readable");
    openssl("x509", "-in", root.cert, "-text", "-out", readable);
    const [one, two] = [text(root.cert), text(other.cert)];
    const comments = `\ufeff# ----- ours -----\nRoot & Söhne\n===========\n${text(readable)}\r\n`;
    const bundle = `${comments}${one}\n\n${two.replaceAll("\n", "\r\n")}${one}`;
    const { pem, warnings } = trustAnchors(bundle, Date.now());
    assert.equal(pem, one + two);
    assert.deepEqual(warnings, []);
  });
  test("is refused when it is empty or holds no certificate", () => {
    for (const bundle of ["", "\n", "# nothing yet\n", "hello"])
      assert.equal(anchorFault(bundle), "not a PEM certificate");
  });
  test("is refused when a part of it is damaged, however that happened", () => {
    const [one, two] = [text(root.cert), text(other.cert)];
    const lines = two.split("\n");
    const damage: readonly (readonly [string, RegExp])[] = [
      [two.replace("-----BEGIN", "----BEGIN"), /^line \d+ is part of a damaged PEM block$/],
      [two.replace("-----END", "----END"), /^the PEM block at line \d+ has no END line$/],
      [two.slice(0, 400), /^the PEM block at line \d+ has no END line$/],
      [two.slice(100), /^line \d+ is part of a damaged PEM block$/],
      [lines.toSpliced(3, 1).join("\n"), /^PEM block 2 is a damaged certificate$/],
      [two.replace("MII", "M!I"), /^the PEM block at line \d+ is damaged: it is not base64$/],
      [two.replace("CERTIFICATE-----\nMII", "CERTIFICATE-----\nMIJ"), /^PEM block 2 is a damaged certificate$/],
      ["-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", /is damaged: it is not base64$/],
      [text(root.key), /^PEM block 2 is not a certificate but "PRIVATE KEY"$/],
      ["\u0000\u0001", /^line \d+ is part of a damaged PEM block/],
    ];
    for (const [part, said] of damage) {
      assert.match(anchorFault(one + part), said);
      assert.notEqual(anchorFault(part + one), "none");
    }
  });
  test("warns of anchors that have expired, are not valid yet, or are not CAs", () => {
    const { warnings } = trustAnchors(text(root.cert) + text(leaf.cert), Date.now() + 40 * 24 * 3600e3);
    assert.deepEqual(warnings, [
      'certificates signed by expired CAs are refused: "CN=root,O=Test", "CN=leaf"',
      'certificates that are not CAs cannot sign others: "CN=leaf"',
    ]);
    const said = 'certificates signed by CAs that are not valid yet are refused until then: "CN=root,O=Test"';
    assert.deepEqual(trustAnchors(text(root.cert), 0).warnings, [said]);
  });
  test("warns once of many", () => {
    const { warnings } = trustAnchors(rootCertificates.join("\n"), Date.parse("2100-01-01"));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /are refused: ".*", ".*", ".*" and \d+ more$/);
  });
});

describe("a bundle without a root", () => {
  test("gets a warning, because certificates of its CAs are refused", () => {
    const middle = pki.authority("middle", { signer: root });
    assert.equal(rootless(text(root.cert) + text(middle.cert)), null);
    const said = 'certificates signed by CAs without their root in the bundle are refused: "CN=middle,O=Test"';
    assert.equal(rootless(text(middle.cert) + text(other.cert)), said);
  });
  test("is one with it where a root was signed by another, too", () => {
    const crossed = pki.path("crossed.crt");
    openssl("x509", "-in", root.cert, "-CA", other.cert, "-CAkey", other.key, "-set_serial", "9", "-out", crossed);
    assert.equal(rootless(text(crossed) + text(root.cert)), null);
    assert.match(rootless(text(crossed))!, /"CN=root,O=Test"$/);
  });
});

describe("a file of certificates", () => {
  test("may hold their key and its parameters", () => {
    const parameters = pki.path("parameters");
    openssl("ecparam", "-name", "prime256v1", "-out", parameters);
    const file = text(parameters) + text(leaf.key) + text(leaf.cert) + text(root.cert);
    assert.equal(chainPem(certificatesOf(file)), text(leaf.cert) + text(root.cert));
    assert.equal(pairFault(certificatesOf(file), privateKeyOf(file, "").key), null);
  });
  test("in another format than PEM says so", () => {
    const der = new X509Certificate(text(root.cert)).raw.toString();
    assert.match(
      failure(() => certificatesOf(der)),
      /^line 1 is binary: PEM is text; .* -inform der, .* pkcs12File$/,
    );
    assert.match(
      failure(() => privateKeyOf(der, null)),
      /^line 1 is binary: /,
    );
  });
  test("without certificates says what it is", () => {
    assert.equal(
      failure(() => certificatesOf("hello")),
      "not a PEM certificate",
    );
    assert.match(
      failure(() => certificatesOf(text(leaf.key))),
      /^not a PEM certificate but a key; are the two .* swapped\?$/,
    );
  });
  test("with the certificate of the key behind another says where it is", () => {
    const cert = text(root.cert) + text(leaf.cert);
    assert.match(
      pairFault(certificatesOf(cert), privateKeyOf(text(leaf.key), "").key)!,
      /^the key belongs to certificate 2 of the file/,
    );
    assert.equal(
      pairFault(certificatesOf(cert), privateKeyOf(text(other.key), "").key),
      "the key does not belong to the certificate",
    );
  });
});

describe("a private key", () => {
  const locked = (name: string, ...options: string[]) => {
    openssl(...options, "-in", leaf.key, "-out", pki.path(name), "-passout", "pass:sésame");
    return text(pki.path(name));
  };
  test("opens with its passphrase, in current and traditional formats", () => {
    for (const pem of [
      locked("pbes2", "pkcs8", "-topk8", "-v2", "aes-256-cbc"),
      locked("scrypt", "pkcs8", "-topk8", "-scrypt"),
      locked("sec1", "ec", "-aes128"),
    ]) {
      const { pem: opened, encrypted } = privateKeyOf(text(leaf.cert) + pem, "sésame");
      assert.ok(encrypted);
      assert.ok(createPrivateKey(opened).equals(createPrivateKey(text(leaf.key))));
      assert.equal(
        failure(() => privateKeyOf(pem, "")),
        "the key is encrypted, and no passphrase is given",
      );
      assert.match(
        failure(() => privateKeyOf(pem, "wrong")),
        /^the passphrase does not open the key/,
      );
    }
  });
  test("that is encrypted with an obsolete algorithm says so", () => {
    const pem = locked("des", "pkcs8", "-topk8", "-v1", "PBE-MD5-DES", "-provider", "legacy", "-provider", "default");
    assert.match(
      failure(() => privateKeyOf(pem, "sésame")),
      /encrypted with an algorithm that this OpenSSL no longer supports$/,
    );
  });
  test("that is not encrypted is returned unchanged", () => {
    const { pem, encrypted } = privateKeyOf(text(leaf.key), "");
    assert.deepEqual([pem, encrypted], [text(leaf.key), false]);
  });
  test("must exist, once, without damage", () => {
    assert.equal(
      failure(() => privateKeyOf("hello", "")),
      "not a PEM key",
    );
    assert.match(
      failure(() => privateKeyOf(text(leaf.cert), "")),
      /^not a PEM key but a certificate; are .* swapped\?$/,
    );
    assert.equal(
      failure(() => privateKeyOf(text(leaf.key) + text(root.key), "")),
      "it contains more than one key",
    );
    const [first, second, ...rest] = text(leaf.key).split("\n");
    const damaged = [first, second!.replace("M", "N"), ...rest].join("\n");
    assert.equal(
      failure(() => privateKeyOf(damaged, "")),
      "not a PEM key that this OpenSSL can read",
    );
  });
});
