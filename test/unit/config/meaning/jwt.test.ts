// auth.jwt as it is written: what is refused, what is warned of, and what of it is never shown.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { load, loadFine, withMore } from "../../../support/load.ts";
import type { Block } from "../../../support/setup.ts";
import { signingKey } from "../../../support/tokens.ts";

const folder = mkdtempSync(join(tmpdir(), "jwt-test-"));
after(() => rmSync(folder, { recursive: true }));

const RSA = signingKey("RS256", "k1");
const EC = signingKey("ES256", "k2");
const SECRET = "a secret of at least thirty-two bytes";
const BASE = { issuer: "https://id.example", audience: "api" };
const GOOD = { ...BASE, publicKey: RSA.pem };

function text(jwt: Block): string {
  return withMore(`  auth: ${JSON.stringify({ required: false, jwt })}\n`);
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** Messages without their places. */
function said(jwt: Block): { errors: readonly string[]; warnings: readonly string[] } {
  const bare = (lines: readonly string[]) => lines.map((line) => line.replace(/^t\.yaml:\d+:\d+: /, ""));
  const { errors, warnings } = load(text(jwt));
  return { errors: bare(errors), warnings: bare(warnings) };
}

function secretOf(bits: number): string {
  return generateKeyPairSync("rsa", { modulusLength: bits })
    .publicKey.export({ type: "spki", format: "pem" })
    .toString();
}

describe("auth.jwt", () => {
  test("accepts each kind of key", () => {
    const kinds = [
      GOOD,
      { ...BASE, publicKeyFile: file("key.pem", RSA.pem) },
      { ...BASE, publicKey: RSA.pem + EC.pem, signingMethod: ["RS256", "PS512", "ES256"] },
      { ...BASE, jwksFile: file("set.json", { keys: [RSA.jwk] }) },
      { ...BASE, jwksEndpoint: "https://id.example/keys" },
      { ...BASE, secret: SECRET, signingMethod: "HS256" },
      { providers: [{ name: "a", ...GOOD }] },
      { ...GOOD, providers: [{ name: "b", ...GOOD, issuer: "https://other.example" }] },
    ];
    for (const jwt of kinds) assert.deepEqual(said(jwt), { errors: [], warnings: [] });
  });

  const refused: readonly (readonly [jwt: Block, error: RegExp])[] = [
    [BASE, /auth\.jwt: set exactly one of publicKey/],
    [{ ...GOOD, secret: SECRET }, /one of .*, and not publicKey and secret/],
    [{ ...GOOD, signingMethod: "none" }, /signingMethod: "none" is not a signature algorithm/],
    [{ ...GOOD, signingMethod: "RS265" }, /"RS265" is not a supported algorithm; did you mean.*RS256/],
    [{ ...GOOD, signingMethod: "rsa" }, /"rsa" is not a supported algorithm; (did you mean|algorithms are: .*RS256)/],
    [{ ...GOOD, signingMethod: [] }, /needs at least one algorithm/],
    [{ ...GOOD, signingMethod: "HS256" }, /HS algorithms need secret, not publicKey/],
    [
      { ...BASE, jwksEndpoint: "https://id.example/k", signingMethod: "HS256" },
      /HS algorithms need secret, not jwksEndpoint/,
    ],
    [{ ...GOOD, signingMethod: ["RS256", "HS256"] }, /use one kind per issuer/],
    [{ ...BASE, secret: SECRET }, /secret is only valid for HS256/],
    [{ ...BASE, secret: "${NO_SUCH_SECRET}", signingMethod: "HS256" }, /secret: the variable in it is not set/],
    [{ ...GOOD, signingMethod: ["RS256", "ES256"] }, /no key in it fits ES256/],
    [{ ...BASE, publicKey: "hello" }, /publicKey: not a PEM public key/],
    [{ ...BASE, publicKey: secretOf(1024) }, /1024 bits; at least 2048/],
    [{ ...BASE, publicKeyFile: join(folder, "none.pem") }, /publicKeyFile: .*no such file/],
    [{ ...BASE, jwksFile: file("bad.json", "{") }, /jwksFile: .*not JSON/],
    [{ ...BASE, jwksFile: file("empty.json", { keys: [] }) }, /it contains no key that/],
    [{ ...BASE, jwksFile: file("oct.json", { keys: [{ kty: "oct", k: "AAAA" }] }) }, /it contains no key that/],
    [{ ...BASE, jwksEndpoint: "http://id.example/keys" }, /must be https, or http on this machine/],
    [{ ...BASE, jwksEndpoint: "https://u:pw@id.example/keys" }, /"https:\/\/\*\*\*@id\.example\/keys"/],
    [{ ...BASE, jwksEndpoint: "https://id.example/k", jwksCacheDuration: "10ms" }, /at least one second/],
    [{ ...BASE, jwksEndpoint: "https://id.example/k", caFile: join(folder, "none.pem") }, /caFile: .*no such file/],
    [{ ...GOOD, caFile: "x.pem" }, /caFile: has no effect without jwksEndpoint/],
    [{ ...GOOD, issuer: "https://l/{tenantid}" }, /needs allowedTenants/],
    [{ ...GOOD, allowedTenants: ["t"] }, /has no effect/],
    [{ ...GOOD, headerName: "Cookie" }, /"Cookie" cannot contain a token/],
    [{ ...GOOD, headerName: "X-Auth-Subject" }, /"X-Auth-Subject" cannot contain a token/],
    [{ ...GOOD, headerName: "a b" }, /"a b" cannot contain a token/],
    [{ ...GOOD, bearerPrefix: "Basic" }, /Basic is for user names/],
    [{ ...GOOD, cookieName: "a=b" }, /"a=b" is not a valid name/],
    [{ ...GOOD, headerName: "" }, /tokens need a header/],
    [{ providers: [{ name: "", ...GOOD }] }, /name: must not be empty/],
    [{ providers: ["a", "b"].map((name) => ({ name, ...GOOD })) }, /is configured twice/],
    [{ ...GOOD, providers: [{ name: "b", ...GOOD, issuer: "" }] }, /each needs "issuer"; "b" has none/],
  ];
  for (const [jwt, error] of refused) {
    test(`is rejected: ${error.source}`, () => {
      const { errors } = said(jwt);
      assert.match(errors.join("\n"), error);
      assert.equal(errors.length, 1, errors.join("\n"));
    });
  }

  const warned: readonly (readonly [jwt: Block, warning: RegExp])[] = [
    [{ ...GOOD, audience: [] }, /without audience, tokens for other recipients/],
    [{ ...GOOD, issuer: "" }, /without issuer, the iss of tokens is not checked/],
    [{ ...BASE, secret: "short", signingMethod: "HS256" }, /fewer than 32 bytes/],
  ];
  for (const [jwt, warning] of warned) {
    test(`causes a warning: ${warning.source}`, () => {
      const { errors, warnings } = said(jwt);
      assert.deepEqual([errors, warnings.length], [[], 1]);
      assert.match(warnings[0]!, warning);
    });
  }

  test("a private key in place of a public one is rejected, and not quoted", () => {
    const pem = RSA.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const { errors } = load(text({ ...BASE, publicKey: pem }));
    assert.match(errors.join(), /this is a private key/);
    assert.ok(!errors.join().includes(pem.split("\n")[1]!.slice(0, 20)));
  });
  test("the secret is not shown, but the names of places are", () => {
    const shown = printConfiguration(
      loadFine(text({ ...BASE, secret: SECRET, signingMethod: "HS256", tokenQuery: "at", cookieName: "ck" })),
    );
    assert.ok(!shown.includes(SECRET));
    assert.match(shown, /tokenQuery: at/);
    assert.match(shown, /cookieName: ck/);
  });
  test("accepts older spellings", () => {
    const old = {
      ...BASE,
      algorithm: "ES256",
      publicKeyPath: file("ec.pem", EC.pem),
      tokenHeader: "X-Token",
      tokenCookie: "ck",
    };
    const { auth } = loadFine(text(old));
    assert.deepEqual(auth.jwt!.places, {
      header: "x-token",
      prefix: "bearer",
      cookie: "ck",
      query: "",
      subprotocol: true,
    });
    assert.deepEqual(auth.jwt!.issuers[0]!.algorithms, ["ES256"]);
  });
  test("changed keys change the configuration", () => {
    const hash = (name: string, key: typeof RSA) => {
      const path = file("turning.pem", key.pem);
      return loadFine(text({ ...BASE, publicKeyFile: path, signingMethod: name })).hash;
    };
    assert.notEqual(hash("RS256", RSA), hash("RS256", signingKey("RS256")));
  });
});
