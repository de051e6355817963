// Names in certificates: which hosts one is good for, and who a client is by it.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { X509Certificate as Reference } from "@peculiar/x509";
import { certificateFields } from "../../../src/tls/certificate-fields.ts";
import { certificateNames } from "../../../src/tls/certificate-names.ts";
import { clientCertFields } from "../../../src/tls/client-cert-fields.ts";
import { clientCertificate } from "../../../src/tls/client-certificate.ts";
import { canonicalName, writtenName } from "../../../src/tls/distinguished-name.ts";
import { CA_EXTENSIONS, Pki, text } from "../../support/pki.ts";

let pki: Pki;
before(() => {
  pki = new Pki();
});
after(() => pki.remove());

let made = 0;
function make(subject: string, alternative?: string, more: readonly string[] = []): Buffer {
  const extensions = [...more, ...(alternative === undefined ? [] : [`subjectAltName=${alternative}`])];
  const { cert } = pki.certificate(`c${made++}`, { subject, extensions });
  return new X509Certificate(text(cert)).raw;
}

/** `subjectAltName` of raw names: tag and content. */
function rawNames(...names: readonly (readonly [number, Buffer])[]): string {
  const body = Buffer.concat(names.flatMap(([tag, content]) => [Buffer.from([tag, content.length]), content]));
  const der = Buffer.concat([Buffer.from([0x30, body.length]), body]).toString("hex");
  return `DER:${der.match(/../g)!.join(":")}`;
}

describe("the names a certificate is valid for", () => {
  test("are those of subjectAltName, in lower case, and not its common name", () => {
    const names = "DNS:A.Example.,DNS:*.b.example,DNS:a.example,IP:10.0.0.1,IP:2001:DB8:0:0::1,URI:urn:x,email:a@b";
    assert.deepEqual(certificateNames(make("/CN=c.example", names)), {
      dns: ["a.example", "*.b.example"],
      ips: ["10.0.0.1", "2001:db8::1"],
    });
    assert.deepEqual(certificateNames(make("/CN=c.example", "URI:urn:x")), { dns: [], ips: [] });
  });
  test("come from the common name where there is no such extension", () => {
    assert.deepEqual(certificateNames(make("/O=x/CN=C.example")), { dns: ["c.example"], ips: [] });
    assert.deepEqual(certificateNames(make("/CN=10.0.0.1")), { dns: [], ips: ["10.0.0.1"] });
    assert.deepEqual(certificateNames(make("/CN=Some body")), { dns: [], ips: [] });
  });
  test("do not include names that no client can request", () => {
    const raw = rawNames(
      [0x82, Buffer.from("a\0b.example")],
      [0x82, Buffer.from("a.*.example")],
      [0x82, Buffer.from("ok")],
    );
    assert.deepEqual(certificateNames(make("/CN=x", raw)).dns, ["ok"]);
  });
});

describe("the subject of a client", () => {
  const subjectOf = (subject: string, alternative?: string) => clientCertificate(make(subject, alternative)).subject;
  test("is its first URI, else DNS name, else e-mail, else common name, else its whole name", () => {
    const all = "email:a@b.example,DNS:D.example,IP:10.0.0.1,URI:spiffe://x/api,URI:urn:2,DNS:e.example";
    assert.equal(subjectOf("/CN=cn", all), "spiffe://x/api");
    assert.equal(subjectOf("/CN=cn", "email:a@b.example,DNS:D.example"), "d.example");
    assert.equal(subjectOf("/CN=cn", "email:A@b.example,IP:10.0.0.1"), "A@b.example");
    assert.equal(subjectOf("/CN=cn", "IP:10.0.0.1"), "cn");
    assert.equal(subjectOf("/O=Acme/OU=it"), "OU=it,O=Acme");
    assert.equal(subjectOf("/O=Acme/CN=one/CN=two"), "CN=two,CN=one,O=Acme");
  });
  test("cannot be forged by a name that looks like several", () => {
    assert.equal(subjectOf("/CN=a, URI:spiffe:\\/\\/x\\/admin"), "a\\, URI:spiffe://x/admin");
    assert.equal(subjectOf('/CN= x\\+y=z"<>;\\\\ '), String.raw`\ x\+y=z\"\<\>\;\\\ `);
    assert.equal(
      subjectOf("/CN=cn", rawNames([0x82, Buffer.from("x, URI:spiffe://x/admin")])),
      "x, uri:spiffe://x/admin",
    );
  });
  test("is an error if a name has a control character, or bytes that its type forbids", () => {
    for (const bytes of ["a\0b", "a\nb", "\u007f"])
      for (const tag of [0x81, 0x82, 0x86]) {
        const names = rawNames([0x86, Buffer.from("urn:ok")], [tag, Buffer.from(bytes)]);
        assert.throws(() => subjectOf("/CN=x", names), /has a control character$/);
      }
    assert.throws(() => subjectOf("/CN=x", rawNames([0x82, Buffer.from("ä")])), /bytes that its type does not allow$/);
    assert.throws(() => subjectOf("/CN=a\u0001b"), /control character/);
    assert.throws(() => subjectOf("/O=a\u0085b", "DNS:ok"), /control character/);
  });
  test("is an error without a name", () => {
    assert.throws(() => subjectOf("/"), /^Error: the client certificate has no name$|has no name/);
  });
  test("comes with the other fields of the certificate", () => {
    const root = pki.authority("issuer");
    const extensions = ["subjectAltName=URI:urn:a,DNS:B.example,IP:::1,email:c@d,dirName:dir", "[dir]", "CN=dir"];
    const { cert } = pki.certificate("told", { signer: root, extensions });
    const known = new X509Certificate(text(cert));
    const { notAfter, ...rest } = clientCertificate(known.raw);
    assert.deepEqual(rest, {
      subject: "urn:a",
      names: ["URI:urn:a", "DNS:B.example", "IP:::1", "email:c@d"],
      fingerprint: known.fingerprint256.replaceAll(":", "").toLowerCase(),
      serial: known.serialNumber.toLowerCase(),
      issuer: "CN=issuer,O=Test",
    });
    assert.equal(notAfter, Date.parse(known.validTo));
  });
  test("cannot be read from anything but one whole certificate", () => {
    const der = make("/CN=x", "DNS:a");
    for (let length = 0; length < der.length; length += 7)
      assert.throws(() => clientCertificate(der.subarray(0, length)), /DER/);
    assert.throws(() => clientCertificate(Buffer.concat([der, Buffer.alloc(1)])), /DER/);
  });
});

describe("a distinguished name", () => {
  const fieldsOf = (subject: string) => certificateFields(make(subject)).subject;
  test("is written with its most specific part first, and special characters escaped", () => {
    assert.equal(writtenName(fieldsOf("/C=DE/O=Bücher, Ltd./CN=a\\+b")), "CN=a\\+b,O=Bücher\\, Ltd.,C=DE");
    assert.equal(writtenName(fieldsOf("/DC=org/DC=example/UID=me+CN=#1")), "CN=\\#1+UID=me,DC=example,DC=org");
    assert.equal(writtenName(fieldsOf("/emailAddress=a@b")), "1.2.840.113549.1.9.1=#1603614062");
    assert.equal(writtenName(fieldsOf("/")), "");
  });
  test("is the same with other cases and spaces, and another with another letter or order", () => {
    const same = canonicalName(fieldsOf("/O=Acme  Inc/CN=Root"));
    assert.equal(canonicalName(fieldsOf("/O= acme inc /CN=rOOT")), same);
    for (const other of [
      "/O=Acme Inc/CN=Roots",
      "/CN=Root/O=Acme Inc",
      "/O=AcmeInc/CN=Root",
      "/O=Acme Inc+CN=Root",
      "/OU=Acme Inc/CN=Root",
    ])
      assert.notEqual(canonicalName(fieldsOf(other)), same);
  });
  test("does not mix up what separates its parts", () => {
    assert.notEqual(canonicalName(fieldsOf('/O=a","0603/CN=b')), canonicalName(fieldsOf("/O=a/CN=b")));
  });
});

describe("the fields that forward a certificate", () => {
  test("are byte sequences, the chain in order", () => {
    const [leaf, one, two] = [Buffer.from("leaf"), Buffer.from("one"), Buffer.from("two!")];
    assert.deepEqual(clientCertFields(leaf, [one, two]), { cert: ":bGVhZg==:", chain: ":b25l:, :dHdvIQ==:" });
    assert.deepEqual(clientCertFields(leaf, []), { cert: ":bGVhZg==:", chain: "" });
  });
  test("are left out if they would be too long for a head", () => {
    assert.notEqual(clientCertFields(Buffer.alloc(6000), [Buffer.alloc(6000)]), null);
    assert.equal(clientCertFields(Buffer.alloc(6000), [Buffer.alloc(7000)]), null);
  });
});

test("what another library reads of a certificate is what is read here", () => {
  const raw = make("/CN=x", "DNS:a.example,URI:urn:x,IP:::2,email:e@f", CA_EXTENSIONS);
  const reference = new Reference(raw);
  const { serial, notAfter } = certificateFields(raw);
  assert.equal(serial, reference.serialNumber.replace(/^(00)+/, ""));
  assert.equal(notAfter, reference.notAfter.getTime());
});
