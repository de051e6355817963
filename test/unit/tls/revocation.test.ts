// Revocation lists: read whole or refused, and asked about the whole chain of a client.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { pack, Unpacker } from "../../../src/control/pack.ts";
import {
  listProblems,
  type Revocation,
  revocationLists,
  revocationOf,
  revoked,
  withoutLists,
} from "../../../src/tls/revocation.ts";
import type { Certificate } from "../../support/certificates.ts";
import { Pki, text } from "../../support/pki.ts";

let pki: Pki;
let root: Certificate;
let middle: Certificate;
let other: Certificate;
let leaf: Certificate;
let sibling: Certificate;
before(() => {
  pki = new Pki();
  root = pki.authority("root", { key: "rsa" });
  middle = pki.authority("middle", { signer: root });
  other = pki.authority("other");
  leaf = pki.certificate("leaf", { signer: middle });
  sibling = pki.certificate("sibling", { signer: middle });
});
after(() => pki.remove());

const derOf = ({ cert }: Certificate) => new X509Certificate(text(cert)).raw;
const serialOf = ({ cert }: Certificate) => new X509Certificate(text(cert)).serialNumber;
const bundleOf = (...all: readonly Certificate[]) => all.map(({ cert }) => text(cert)).join("");
const failure = (bytes: Buffer, ...bundle: readonly Certificate[]) => {
  try {
    revocationLists(bytes, bundleOf(...bundle));
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
};
function revocation(files: readonly Buffer[], bundle: readonly Certificate[], refuseWhenEnded = true): Revocation {
  const pem = bundleOf(...bundle);
  return revocationOf(
    files.flatMap((bytes) => revocationLists(bytes, pem).lists),
    pem,
    refuseWhenEnded,
  );
}

describe("a client", () => {
  test("is refused when its certificate was revoked, and not when another was", () => {
    const all = revocation([pki.crl("middle", middle, { serials: [serialOf(leaf)] })], [root, middle]);
    const said = `certificate ${serialOf(leaf).toLowerCase()} was revoked by "CN=middle,O=Test"`;
    assert.equal(revoked([derOf(leaf), derOf(middle)], all, Date.now()), said);
    assert.equal(revoked([derOf(leaf)], all, Date.now()), said);
    assert.equal(revoked([derOf(sibling), derOf(middle)], all, Date.now()), null);
  });
  test("is refused when an intermediate was revoked, whether the client sends it or the bundle contains it", () => {
    const lists = [pki.crl("root", root, { serials: [serialOf(middle)] })];
    const sent = revocation(lists, [root]);
    assert.match(revoked([derOf(leaf), derOf(middle)], sent, Date.now())!, /was revoked by "CN=root,O=Test"/);
    assert.match(
      revoked([derOf(leaf)], revocation(lists, [root, middle]), Date.now())!,
      /was revoked by "CN=root,O=Test"/,
    );
  });
  test("of another CA with the same serial number is not", () => {
    const all = revocation([pki.crl("other", other, { serials: [serialOf(leaf)] })], [root, middle, other]);
    assert.equal(revoked([derOf(leaf), derOf(middle)], all, Date.now()), null);
  });
  test("of a CA without a list is accepted, with a warning", () => {
    const pem = bundleOf(root, middle, other);
    const all = revocation([pki.crl("root", root)], [root, middle, other]);
    assert.deepEqual(withoutLists(all, pem), ['"CN=middle,O=Test"', '"CN=other,O=Test"']);
    assert.equal(revoked([derOf(leaf), derOf(middle)], all, Date.now()), null);
  });
  test("is refused when the list of its CA, or of one above, has expired, unless expiredCRL is warn", () => {
    const ended = pki.crl("ended", root, { from: "20250101000000Z", to: "20250201000000Z" });
    const all = revocation([ended, pki.crl("middle", middle)], [root, middle]);
    const why = 'the revocation list of "CN=root,O=Test" expired on 2025-02-01T00:00:00.000Z';
    assert.equal(revoked([derOf(leaf), derOf(middle)], all, Date.now()), why);
    assert.equal(revoked([derOf(leaf), derOf(middle)], all, Date.parse("2025-01-31T00:00:00Z")), null);
    assert.deepEqual(listProblems(all, Date.now()), [`${why}: its clients are refused`]);
    const lax = revocation([ended, pki.crl("middle", middle)], [root, middle], false);
    assert.equal(revoked([derOf(leaf), derOf(middle)], lax, Date.now()), null);
    assert.deepEqual(listProblems(lax, Date.now()), [`${why}: its clients are checked with the old list`]);
  });
  test("gets a warning before the list of its CA expires", () => {
    const list = pki.crl("week", root, { from: "20260101000000Z", to: "20260108000000Z" });
    const at = (day: string) => listProblems(revocation([list], [root]), Date.parse(`${day}T00:00:00Z`));
    assert.deepEqual(at("2026-01-05"), []);
    const name = 'the revocation list of "CN=root,O=Test"';
    assert.deepEqual(at("2026-01-06"), [
      `${name} expires in 2 days, on 2026-01-08: from then on its clients are refused`,
    ]);
    assert.deepEqual(at("2026-01-08"), [`${name} expired on 2026-01-08T00:00:00.000Z: its clients are refused`]);
  });
  test("is checked with the newer of two lists, and with what both say", () => {
    const old = pki.crl("old", middle, { serials: [serialOf(leaf)], from: "20250101000000Z", to: "20250201000000Z" });
    const all = revocation([Buffer.concat([old, pki.crl("new", middle)])], [root, middle]);
    assert.equal(revoked([derOf(sibling)], all, Date.now()), null);
    assert.match(revoked([derOf(leaf)], all, Date.now())!, /was revoked/);
  });
  test("is refused when one of several lists of its CA has expired", () => {
    const part = (name: string) => [
      `issuingDistributionPoint=critical,@${name}`,
      `[${name}]`,
      `fullname=URI:http://x/${name}`,
    ];
    const one = pki.crl("one", middle, { extensions: part("one") });
    const two = pki.crl("two", middle, { extensions: part("two"), from: "20250101000000Z", to: "20250201000000Z" });
    const all = revocation([one, two], [root, middle]);
    assert.match(revoked([derOf(leaf)], all, Date.now())!, /expired on 2025-02-01/);
  });
  test("whose CA writes its name in another way in its list is found in it", () => {
    const shouting = pki.authority("shouting", { subject: "/O=TEST/CN=MIDDLE" });
    const list = pki.crl("shouting", shouting, { serials: [serialOf(leaf)] });
    const all = revocation([list], [root, shouting]);
    assert.match(revoked([derOf(leaf)], all, Date.now())!, /was revoked by "CN=MIDDLE,O=TEST"/);
  });
  test("whose certificate cannot be read is refused", () => {
    assert.equal(revoked([Buffer.from("x")], revocation([], [root]), 0), "a certificate of the client cannot be read");
  });
  test("is checked with lists that were copied as plain data", () => {
    const all = revocation([pki.crl("middle", middle, { serials: [serialOf(leaf)] })], [root, middle]);
    const unpacker = new Unpacker();
    for (const piece of pack(all)) unpacker.add(structuredClone(piece));
    assert.match(revoked([derOf(leaf)], unpacker.value as Revocation, Date.now())!, /was revoked/);
  });
  test("cannot hide a CA that was revoked behind the order in which it sends its certificates", async () => {
    const all = revocation([pki.crl("root", root, { serials: [serialOf(middle)] })], [root]);
    const options = { cert: text(root.cert), key: text(root.key), ca: text(root.cert), requestCert: true };
    const server = createServer({ ...options, rejectUnauthorized: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const cert = bundleOf(leaf, other, middle);
    const client = connect({ port, host: "127.0.0.1", cert, key: text(leaf.key), rejectUnauthorized: false });
    const [socket] = (await once(server, "secureConnection")) as [TLSSocket];
    const chain: Buffer[] = [];
    for (let at = socket.getPeerX509Certificate(); at !== undefined; at = at.issuerCertificate) chain.push(at.raw);
    assert.deepEqual(chain, [leaf, other, middle].map(derOf));
    assert.match(revoked(chain, all, Date.now())!, /was revoked by "CN=root,O=Test"/);
    for (const end of [client, socket]) end.destroy();
    server.close();
  });
});

describe("a file of lists", () => {
  test("may contain any number of lists in PEM, or one in DER", () => {
    const lists = [pki.crl("a", root, { serials: ["0A"] }), pki.crl("b", middle, { serials: ["0B", "00FF"] })];
    const read = revocationLists(Buffer.concat([Buffer.from("# ours\n"), ...lists]), bundleOf(root, middle)).lists;
    assert.deepEqual(
      read.map(({ issuerName, serials }) => [issuerName, ...serials]),
      [
        ["CN=root,O=Test", "0a"],
        ["CN=middle,O=Test", "0b", "ff"],
      ],
    );
    const der = pki.crl("c", other, { format: "DER", serials: ["7F"] });
    assert.deepEqual([...revocationLists(der, bundleOf(other)).lists[0]!.serials], ["7f"]);
  });
  test("of nothing, or of something else, is refused", () => {
    for (const empty of ["", "# none\n", "hello"])
      assert.match(failure(Buffer.from(empty), root), /^not a revocation list, neither in PEM nor in DER$/);
    assert.equal(failure(Buffer.from(text(root.cert)), root), 'PEM block 1 is not a revocation list but "CERTIFICATE"');
    assert.match(failure(derOf(root), root), /DER|signed/);
  });
  test("damaged anywhere is refused", () => {
    const good = pki.crl("good", root, { serials: ["01", "02"] });
    const der = pki.crl("good", root, { serials: ["01", "02"], format: "DER" });
    assert.equal(failure(der, root), "none");
    for (let at = 0; at < der.length; at += 5) {
      const changed = Buffer.from(der);
      changed[at]! ^= 0x01;
      // Where the name of the CA was changed it is that of another, which nobody knows.
      if (failure(changed, root) === "none")
        assert.match(
          revocationLists(changed, bundleOf(root)).warnings.join(),
          /the signature of its list was not checked/,
        );
      assert.notEqual(failure(der.subarray(0, at), root), "none");
    }
    const text = good.toString();
    assert.match(failure(Buffer.from(text + text.slice(0, 200)), root), /^the PEM block at line \d+ has no END line$/);
    assert.match(failure(Buffer.from(text + text.slice(40)), root), /is part of a damaged PEM block$/);
  });
  test("must be signed by the CA that it names, with any algorithm in use", () => {
    const sha1 = ["-md", "sha1"];
    const pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20", "-md", "sha384"];
    const edwards = pki.authority("edwards", { key: "ed25519" });
    const pssOnly = pki.authority("pss-only", { key: "rsa-pss" });
    for (const [ca, signing] of [
      [root, []],
      [root, sha1],
      [root, ["-md", "sha512"]],
      [root, pss],
      [middle, ["-md", "sha384"]],
      [edwards, []],
      [pssOnly, []],
    ] as const)
      assert.equal(failure(pki.crl("signed", ca, { signing }), ca, other), "none");
    const namesake = pki.authority("namesake", { subject: "/O=Test/CN=root" });
    const said = 'the revocation list of "CN=root,O=Test" is not signed by that CA';
    assert.equal(failure(pki.crl("forged", namesake), root), said);
    assert.equal(failure(pki.crl("forged", namesake), root, namesake), "none");
  });
  test("of a CA that is not in the bundle is used, with a warning that its signature was not checked", () => {
    const { lists, warnings } = revocationLists(pki.crl("middle", middle), bundleOf(root));
    assert.equal(lists.length, 1);
    assert.deepEqual(warnings, [
      'the CA "CN=middle,O=Test" is not in the bundle: the signature of its list was not checked',
    ]);
  });
  test("that is a delta or indirect list is refused with the reason", () => {
    const withExtension = (...extensions: string[]) => failure(pki.crl("special", root, { extensions }), root);
    const point = (what: string) => withExtension("issuingDistributionPoint=critical,@p", "[p]", what);
    assert.match(withExtension("2.5.29.27=critical,DER:02:01:01"), /is a delta list/);
    assert.match(point("indirectCRL=TRUE"), /is indirect: it lists certificates of other CAs/);
    assert.match(point("onlyAA=TRUE"), /lists only attribute certificates/);
    assert.match(point("onlysomereasons=keyCompromise"), /lists only some reasons of revocation/);
    assert.equal(point("onlyuser=TRUE"), "none");
    assert.match(withExtension("1.2.3.4=critical,DER:05:00"), /has an unknown critical extension/);
    assert.equal(withExtension("1.2.3.4=DER:05:00"), "none");
  });
  test("of 100 000 certificates is read whole", () => {
    const first = 0x1000_0000_0000_0000_0000n;
    const serials = Array.from({ length: 100_000 }, (_, i) => (first + 7919n * BigInt(i)).toString(16));
    const all = revocation([pki.crl("large", middle, { serials: [...serials, serialOf(leaf)] })], [root, middle]);
    assert.equal([...all.issuers.values()][0]!.serials[0]!.size, 100_001);
    assert.match(revoked([derOf(leaf)], all, Date.now())!, /was revoked/);
    assert.equal(revoked([derOf(sibling)], all, Date.now()), null);
  });
});
