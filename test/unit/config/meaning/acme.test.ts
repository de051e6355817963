// `tls.acme`: which certificates are ordered, with which account, and for which listener.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Config } from "../../../../src/config/config.ts";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { acmeAccounts } from "../../../../src/snapshot/acme-settings.ts";
import { type Certificate, makeAuthority } from "../../../support/certificates.ts";
import { load, loadFine, withMore } from "../../../support/load.ts";

let folder: string;
let authority: Certificate;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "acme-config-"));
  authority = makeAuthority(folder, "authority");
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A configuration with a secure listener for each block of `acme`, and more sections. */
const text = (blocks: readonly string[], more = "") => {
  const listeners = blocks.map(
    (acme, i) => `{ name: l${i}, port: ${9000 + i}, tls: { enabled: true, acme: ${acme} } }`,
  );
  return withMore(`  frontend: { listeners: [ ${listeners.join(", ")} ] }\n${more}`);
};
const accounts = (blocks: readonly string[], more?: string) => acmeAccounts(loadFine(text(blocks, more)));
const issued = ({ listeners }: Config) => listeners.map(({ tls }) => tls?.issued);

describe("blocks of tls.acme", () => {
  test("with equal settings share one account, and order a name set once", () => {
    const config = loadFine(
      text([
        "{ enabled: true, domains: [ a.example.org, B.example.org. ] }",
        "{ enabled: true, certificates: [ { domains: [ b.example.org, a.example.org ] }, { domains: [ c.example.org ] } ] }",
      ]),
    );
    assert.deepEqual(
      acmeAccounts(config).map(({ sets }) => sets),
      [[["a.example.org", "b.example.org"], ["c.example.org"]]],
    );
    assert.deepEqual(issued(config), [
      [["a.example.org", "b.example.org"]],
      [["b.example.org", "a.example.org"], ["c.example.org"]],
    ]);
  });
  test("with different settings are accounts of their own", () => {
    const one = "enabled: true, domains: [ a.example.org ]";
    const blocks = [
      `{ ${one} }`,
      `{ ${one}, email: ops@example.org }`,
      `{ ${one}, keyType: rsa-2048 }`,
      `{ ${one}, cacheDir: x }`,
    ];
    assert.equal(accounts(blocks).length, 4);
  });
  test("that are off order nothing", () => {
    assert.deepEqual(accounts(["{ enabled: true, domains: [ a.example.org ] }"]).length, 1);
    assert.deepEqual(
      loadFine(withMore("  frontend: { http: { tls: { acme: { domains: [ a.example.org ] } } } }")).acme,
      [],
    );
  });
  test("have the defaults of the documentation", () => {
    const [account] = accounts(["{ enabled: true, domains: [ a.example.org ] }"]);
    assert.deepEqual(account!.settings, {
      directory: "https://acme-v02.api.letsencrypt.org/directory",
      ca: "",
      email: "",
      eab: null,
      challenge: "auto",
      keyType: "ecdsa-p256",
      store: { kind: "folder", folder: "./data/acme" },
    });
  });
  test("carry the anchors of caFile, whose change is a change of the configuration", () => {
    const block = `{ enabled: true, domains: [ a.example.org ], caFile: ${authority.cert} }`;
    const before = loadFine(text([block]));
    assert.match(acmeAccounts(before)[0]!.settings.ca, /^-----BEGIN CERTIFICATE-----/);
    makeAuthority(folder, "authority");
    assert.notEqual(loadFine(text([block])).hash, before.hash);
  });
  test("keep names of other scripts as they go over the wire", () => {
    assert.deepEqual(accounts(["{ enabled: true, domains: [ Bücher.example ] }"])[0]!.sets, [
      ["xn--bcher-kva.example"],
    ]);
  });
  test("take a store in Redis by its name", () => {
    const block = (store: string) => `{ enabled: true, domains: [ a.example.org ], store: ${store} }`;
    const redis =
      "  redis: { host: r1 }\n  rateLimitStorage: { stores: { shared: { redis: { host: r2, port: 7000 } } } }\n";
    const stores = accounts([block("redis"), block("shared")], redis).map(({ settings }) => settings.store);
    assert.deepEqual(
      stores.map((store) => (store.kind === "redis" ? [store.name, store.redis.nodes] : store)),
      [
        ["redis", [{ host: "r1", port: 6379 }]],
        ["shared", [{ host: "r2", port: 7000 }]],
      ],
    );
  });
});

test("more than a hundred names are refused", () => {
  const domains = Array.from({ length: 101 }, (_, i) => `n${i}.example.org`).join(", ");
  const { errors } = load(text([`{ enabled: true, domains: [ ${domains} ] }`]));
  assert.match(errors.join(), /a certificate has at most 100 names/);
});

test("the key of an external account is shown to nobody", () => {
  const block = (hmacKey: string) =>
    `{ enabled: true, domains: [ a.example.org ], eab: { keyId: k, hmacKey: "${hmacKey}" } }`;
  assert.ok(!printConfiguration(loadFine(text([block("c2VjcmV0LWtleQ")]))).includes("c2VjcmV0LWtleQ"));
  assert.ok(
    !load(text([block("not base64url")]))
      .errors.join()
      .includes("not base64url!"),
  );
});
