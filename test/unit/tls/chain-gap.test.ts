// What is missing of a chain, and what only seems to be.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, test } from "node:test";
import { chainGap } from "../../../src/tls/chain-gap.ts";
import type { Certificate } from "../../support/certificates.ts";
import { Pki, text } from "../../support/pki.ts";

const pki = new Pki();
after(() => pki.remove());
const root = pki.authority("root");
const between = pki.authority("between", { signer: root });
const access = "authorityInfoAccess=caIssuers;URI:http://ca.test/between.der,OCSP;URI:http://ca.test/ocsp";
const known = pki.certificate("known", { signer: between, extensions: [access] });
const own = pki.certificate("own", { signer: root });

const gapIn = (...files: Certificate[]) => chainGap(files.map(({ cert }) => new X509Certificate(text(cert))));

test("a certificate alone lacks its signer where it says that this is to be fetched", () => {
  assert.match(gapIn(known)!, /the authority that signed it is missing: .*fullchain\.pem/);
  assert.equal(gapIn(own), null);
  assert.equal(gapIn(root), null);
});

test("a chain has the signer of its first certificate", () => {
  assert.match(gapIn(known, root)!, /no other certificate in it has signed the first/);
  assert.equal(gapIn(known, between), null);
  assert.equal(gapIn(known, root, between), null);
});
