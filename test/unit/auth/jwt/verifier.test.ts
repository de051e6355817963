// Which tokens are accepted, and which are refused before or after their signature was looked at.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { describe, test } from "node:test";
import { CompactEncrypt } from "jose";
import type { AlgorithmName } from "../../../../src/auth/jwt/algorithms.ts";
import { type AcceptedToken, Issuer, type IssuerSettings } from "../../../../src/auth/jwt/issuer.ts";
import { type KeySource, keyOfSecret, keysOfPem, keysOfSet } from "../../../../src/auth/jwt/keys.ts";
import { StaticKeys } from "../../../../src/auth/jwt/static-keys.ts";
import type { TokenMeaning } from "../../../../src/auth/jwt/token-meaning.ts";
import { TokenVerifier } from "../../../../src/auth/jwt/verifier.ts";
import {
  nowS,
  PLAIN_ISSUER,
  part,
  type SigningKey,
  signed,
  signedWithSecret,
  signingKey,
} from "../../../support/tokens.ts";

const ISS = "https://id.example";
const SECRET = "a secret of at least thirty-two bytes";
const RSA = signingKey("RS256", "r1");
const EC = signingKey("ES256", "e1");

function pem(key: SigningKey): KeySource {
  return new StaticKeys(keysOfPem(key.pem), false);
}

function set(...jwks: unknown[]): KeySource {
  return new StaticKeys([...keysOfSet({ keys: jwks }).values()], true);
}

/** Verifies one token with one issuer. */
async function ask(token: string, keys: KeySource, settings: Partial<IssuerSettings> = {}, now = Date.now) {
  const verifier = new TokenVerifier([new Issuer({ ...PLAIN_ISSUER, ...settings }, keys)], (accepted) => accepted, now);
  return await verifier.verify(token);
}

async function accepted(...args: Parameters<typeof ask>): Promise<AcceptedToken & TokenMeaning> {
  const outcome = await ask(...args);
  if ("why" in outcome) assert.fail(outcome.why);
  return { ...outcome.accepted, ...outcome.accepted.meaning };
}

async function refused(...args: Parameters<typeof ask>): Promise<string> {
  const outcome = await ask(...args);
  if (!("why" in outcome)) assert.fail("it is accepted");
  assert.ok(!outcome.why.includes(args[0].slice(0, 20) || "eyJ"), "the reason quotes the token");
  return `${outcome.code}: ${outcome.why}`;
}

/** A token of any header and claims, signed by RSA whatever the header says. */
function forged(header: unknown, claims: unknown = { sub: "alice", exp: nowS() + 60 }, key = RSA.privateKey): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}

describe("signatures of jose are accepted", () => {
  const all: AlgorithmName[] = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
  ];
  for (const alg of all) {
    test(alg, async () => {
      const key = signingKey(alg, "k");
      const token = await signed(key);
      assert.equal((await accepted(token, pem(key), { algorithms: [alg] })).subject, "alice");
      assert.equal((await accepted(token, set(key.jwk), { algorithms: [alg] })).subject, "alice");
      assert.match(
        await refused(`${token.slice(0, -8)}AAAAAAAA`, pem(key), { algorithms: [alg] }),
        /^invalid_credentials/,
      );
    });
  }
  for (const alg of ["HS256", "HS384", "HS512"] as const) {
    test(alg, async () => {
      const secret = SECRET.padEnd(64, "!");
      const token = await signedWithSecret(secret, {}, alg);
      const keys = new StaticKeys([keyOfSecret(secret)], false);
      assert.equal((await accepted(token, keys, { algorithms: [alg] })).subject, "alice");
      assert.match(await refused(`${token.slice(0, -8)}AAAAAAAA`, keys, { algorithms: [alg] }), /^invalid_credentials/);
    });
  }
});

describe("hostile tokens are rejected", () => {
  const GOOD = { sub: "alice", exp: nowS() + 60 };
  const RAW = `${part({ alg: "RS256" })}.${part(GOOD)}`;
  const hmacOverPem = () => {
    const text = `${part({ alg: "HS256" })}.${part(GOOD)}`;
    return `${text}.${createHmac("sha256", RSA.pem).update(text).digest("base64url")}`;
  };
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const embedded = other.publicKey.export({ format: "jwk" });
  const rows: readonly (readonly [name: string, token: () => string, why: RegExp])[] = [
    ["nothing", () => "", /not a compact JWS/],
    ["no signature", () => `${RAW}.`, /not a compact JWS/],
    ["two parts", () => RAW, /not a compact JWS/],
    ["padding", () => `${forged({ alg: "RS256" })}=`, /not a compact JWS/],
    ["blanks in it", () => forged({ alg: "RS256" }).replace(".", ". "), /not a compact JWS/],
    ["a line break", () => `${forged({ alg: "RS256" })}\n`, /not a compact JWS/],
    ["standard base64", () => forged({ alg: "RS256" }).replace(".", "+/."), /not a compact JWS/],
    ["alg none", () => `${part({ alg: "none" })}.${part(GOOD)}.AA`, /unknown algorithm/],
    ["alg nOnE", () => `${part({ alg: "nOnE" })}.${part(GOOD)}.AA`, /unknown algorithm/],
    ["alg of a prototype", () => forged({ alg: "constructor" }), /unknown algorithm/],
    ["alg as a list", () => forged({ alg: ["RS256"] }), /unknown algorithm/],
    ["no alg", () => forged({}), /unknown algorithm/],
    ["the public key as a secret", hmacOverPem, /not accepted from this issuer/],
    ["an algorithm the key could do", () => forged({ alg: "PS256" }), /not accepted from this issuer/],
    [
      "a key of its own",
      () => forged({ alg: "RS256", jwk: embedded }, GOOD, other.privateKey),
      /not signed with a key/,
    ],
    [
      "an address of keys",
      () => forged({ alg: "RS256", jku: "http://127.0.0.1:1/" }, GOOD, other.privateKey),
      /not signed with a key/,
    ],
    [
      "a certificate",
      () => forged({ alg: "RS256", x5u: "http://127.0.0.1:1/", x5c: ["AAAA"] }, GOOD, other.privateKey),
      /not signed with a key/,
    ],
    ["crit", () => forged({ alg: "RS256", crit: ["exp"], exp: 1 }), /extension/],
    ["empty crit", () => forged({ alg: "RS256", crit: [] }), /extension/],
    ["b64 false", () => forged({ alg: "RS256", b64: false }), /not base64url-encoded/],
    ["kid as an object", () => forged({ alg: "RS256", kid: { $ne: "" } }), /invalid kid/],
    ["kid of a kilobyte", () => forged({ alg: "RS256", kid: "k".repeat(1000) }), /invalid kid/],
    ["a header that is a list", () => forged(["RS256"]), /not a JSON object/],
    ["a header that is no JSON", () => forged("{alg:RS256}"), /not a JSON object/],
    [
      "a header that is no UTF-8",
      () => `${Buffer.from([0x7b, 0xff, 0x7d]).toString("base64url")}.AA.AA`,
      /not a JSON object/,
    ],
    ["claims that are null", () => forged({ alg: "RS256" }, "null"), /claims are not a JSON object/],
    ["claims that are text", () => forged({ alg: "RS256" }, '"alice"'), /claims are not a JSON object/],
    ["8 KiB and more", () => forged({ alg: "RS256" }, { ...GOOD, pad: "x".repeat(6200) }), /too long/],
    ["a megabyte", () => "a".repeat(1024 * 1024), /too long/],
    ["claims nested deeply", () => forged({ alg: "RS256" }, nested(GOOD, 2000)), /nested too deeply/],
    ["a header nested deeply", () => forged(`{"alg":"RS256","x":${"[".repeat(2500)}`), /not a JSON object/],
    ["a header with a name twice", () => forged('{"alg":"none","alg":"RS256"}'), /not a JSON object/],
    ["a claim twice", () => forged({ alg: "RS256" }, twice('"sub":"root"')), /claims are not a JSON object/],
    [
      "a claim twice, once in escapes",
      () => forged({ alg: "RS256" }, twice('"s\\u0075b":"root"')),
      /claims are not a JSON object/,
    ],
    [
      "a claim twice, further in",
      () => forged({ alg: "RS256" }, twice('"a":[{"b":1,"b":{"c":2}}]')),
      /claims are not a JSON object/,
    ],
    ["a signature with bits that say nothing", () => respelled(forged({ alg: "RS256" })), /not in base64url/],
    ["a signature of one character", () => `${RAW}.A`, /not in base64url/],
    [
      "claims exchanged",
      () => forged({ alg: "RS256" }).replace(/\.[^.]+\./, `.${part({ sub: "root", exp: nowS() + 60 })}.`),
      /not signed with a key/,
    ],
  ];
  for (const [name, token, why] of rows) {
    test(name, async () => assert.match(await refused(token(), pem(RSA)), why));
  }
  test("an encrypted one", async () => {
    const jwe = await new CompactEncrypt(Buffer.from("{}"))
      .setProtectedHeader({ alg: "RSA-OAEP", enc: "A256GCM" })
      .encrypt(RSA.publicKey);
    assert.match(await refused(jwe, pem(RSA)), /not a compact JWS/);
  });
  test("a token of its own key pair with an ECDSA signature in DER", async () => {
    const text = `${part({ alg: "ES256" })}.${part(GOOD)}`;
    const der = sign("sha256", Buffer.from(text), EC.privateKey).toString("base64url");
    assert.match(await refused(`${text}.${der}`, pem(EC), { algorithms: ["ES256"] }), /not signed with a key/);
  });
  test("a signature of zeros (CVE-2022-21449)", async () => {
    const token = `${part({ alg: "ES256" })}.${part(GOOD)}.${Buffer.alloc(64).toString("base64url")}`;
    assert.match(await refused(token, pem(EC), { algorithms: ["ES256"] }), /not signed with a key/);
  });
});

/** Good claims with a further member. */
function twice(member: string): string {
  return `{"sub":"alice","exp":${nowS() + 60},${member}}`;
}

/** The same signature with another last character: of its six bits only the first ones count. */
function respelled(token: string): string {
  const last = token.at(-1)!;
  const other = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].find(
    (c) => c !== last && Buffer.from(`AA${c}`, "base64url").equals(Buffer.from(`AA${last}`, "base64url")),
  );
  return token.slice(0, -1) + other;
}

function nested(claims: object, levels: number): string {
  return `${JSON.stringify(claims).slice(0, -1)},"x":${"[".repeat(levels)}${"]".repeat(levels)}}`;
}

test("a token with any changed character in header or claims is rejected", async () => {
  const token = await signed(EC, { iss: ISS });
  for (let i = 0; i < token.lastIndexOf("."); i++) {
    const other = token[i] === "A" ? "B" : "A";
    await refused(token.slice(0, i) + other + token.slice(i + 1), pem(EC), { algorithms: ["ES256"] });
  }
});

test("claims with colons, quotes and escapes are not taken for duplicates", async () => {
  const texts = { a: '"b":', 'c":"d': "\\", "e\\": '\\":', f: { a: '{"a":1,"a":2}' }, g: [{ a: 1 }, { a: 2 }] };
  const token = await signed(EC, texts);
  assert.equal((await accepted(token, pem(EC), { algorithms: ["ES256"] })).subject, "alice");
});

describe("claims", () => {
  const rows: readonly (readonly [claims: Record<string, unknown>, settings: Partial<IssuerSettings>, why: RegExp])[] =
    [
      [{ exp: undefined }, {}, /^invalid_credentials: exp is missing/],
      [{ exp: "9999999999" }, {}, /exp has the wrong type/],
      [{ exp: null }, {}, /exp has the wrong type/],
      [{ exp: null }, { validateExp: false }, /exp has the wrong type/],
      [{ nbf: "1" }, {}, /nbf has the wrong type/],
      [{ iat: true }, {}, /iat has the wrong type/],
      [{ iss: [ISS] }, {}, /iss has the wrong type/],
      [{ sub: 7 }, {}, /sub has the wrong type/],
      [{ sub: "" }, {}, /subject is missing/],
      [{ sub: undefined }, {}, /subject is missing/],
      [{ sub: "alice\r\nX-Auth-Subject: root" }, {}, /control characters/],
      [{ aud: 7 }, {}, /aud has the wrong type/],
      [{ aud: ["api", 7] }, { audience: ["api"] }, /aud has the wrong type/],
      [{ aud: { api: true } }, {}, /aud has the wrong type/],
      [{ aud: "web" }, { audience: ["api"] }, /audience is not accepted/],
      [{ aud: [] }, { audience: ["api"] }, /audience is not accepted/],
      [{}, { audience: ["api"] }, /audience is not accepted/],
      [{ aud: "api" }, { audience: ["api"], audienceClaim: "client_id" }, /audience is not accepted/],
      [{ iss: `${ISS}/` }, { issuers: { [ISS]: "" } }, /issuer is not configured/],
      [{}, { issuers: { [ISS]: "" } }, /issuer is not configured/],
      [{ iss: "__proto__" }, { issuers: { [ISS]: "" } }, /issuer is not configured/],
      [{ scope: 7 }, {}, /scopes have the wrong type/],
      [{ scope: ["a", {}] }, {}, /scopes have the wrong type/],
      [{ dept: null }, { requiredClaims: ["dept"] }, /required claim/],
      [{ a: { b: {} } }, { requiredClaims: ["a.b.c"] }, /required claim/],
      [{ iss: ISS, tid: "t2" }, { issuers: { [ISS]: "t1" } }, /tid is not the tenant/],
      [{ email: "a@example" }, { subjectClaim: "email" }, /subject is missing/],
      [{ email: "a@example", email_verified: "true" }, { subjectClaim: "email" }, /subject is missing/],
      [{ email: "a@b@example", email_verified: true }, { subjectClaim: "email" }, /subject is missing/],
    ];
  for (const [claims, settings, why] of rows) {
    test(`${JSON.stringify(claims)} with ${JSON.stringify(settings)}: ${why.source}`, async () => {
      const all = { sub: "alice", exp: nowS() + 60, ...claims };
      assert.match(await refused(forged({ alg: "RS256" }, all), pem(RSA), settings), why);
    });
  }

  test("are accepted and mapped", async () => {
    const claims = { iss: ISS, aud: ["web", "api"], scope: "read  write", typ: "service", groups: ["staff"] };
    const settings = { issuers: { [ISS]: "" }, audience: ["api", "app"] };
    const token = await accepted(await signed(RSA, claims), pem(RSA), settings);
    assert.deepEqual([token.scopes, token.type, token.groups], [["read", "write"], "service", ["staff"]]);
  });
  test("are rejected from the second in which they expire", async () => {
    const token = await signed(RSA, { exp: 1_000_000 });
    const at = (now: number, clockSkewMs = 0) => ask(token, pem(RSA), { clockSkewMs }, () => now);
    assert.ok("accepted" in (await at(999_999_999)));
    assert.equal((await refused(token, pem(RSA), {}, () => 1_000_000_000)).split(":")[0], "expired_credentials");
    assert.ok("accepted" in (await at(1_000_029_999, 30_000)));
    assert.ok("why" in (await at(1_000_030_000, 30_000)));
  });
  test("are rejected until the second of nbf", async () => {
    const token = await signed(RSA, { nbf: 1_000_000, exp: 2_000_000 });
    const at = (now: number, settings = {}) => ask(token, pem(RSA), settings, () => now);
    assert.ok("why" in (await at(999_999_999)));
    assert.ok("accepted" in (await at(1_000_000_000)));
    assert.ok("accepted" in (await at(999_970_000, { clockSkewMs: 30_000 })));
    assert.ok("accepted" in (await at(1, { validateNbf: false })));
  });
  test("need no exp if it is not validated, and then never expire", async () => {
    const token = await accepted(await signed(RSA, { exp: undefined }), pem(RSA), { validateExp: false });
    assert.equal(token.expiresAt, 0);
  });
  test("with a literal name take precedence over those at a path", async () => {
    const claims = {
      "https://app.example/roles": ["a"],
      realm: { roles: ["deep"] },
      "x.y": "literal",
      x: { y: "deep" },
    };
    const attributes = { roles: "https://app.example/roles", groups: "realm.roles", xy: "x.y" };
    const token = await accepted(await signed(RSA, claims), pem(RSA), { attributes });
    assert.deepEqual([token.roles, token.groups, token.claims.xy], [["a"], ["deep"], "literal"]);
  });
  test("do not include an unverified e-mail address", async () => {
    const shown = async (claims: object) => (await accepted(await signed(RSA, { ...claims }), pem(RSA))).claims.email;
    assert.equal(await shown({ email: "a@example" }), undefined);
    assert.equal(await shown({ email: "a@example", email_verified: true }), "a@example");
  });
  test("named like members of prototypes are absent", async () => {
    const settings = { attributes: { roles: "constructor.name", other: "toString" } };
    const token = await accepted(await signed(RSA), pem(RSA), settings);
    assert.deepEqual([token.roles, Object.hasOwn(token.claims, "other")], [[], false]);
  });
});

describe("keys", () => {
  test("are looked up only at the issuer of the token", async () => {
    const other = signingKey("RS256", "r1");
    const issuers = [
      new Issuer({ ...PLAIN_ISSUER, name: "a", issuers: { "https://a.example": "" } }, set(RSA.jwk)),
      new Issuer({ ...PLAIN_ISSUER, name: "b", issuers: { "https://b.example": "" } }, set(other.jwk)),
    ];
    const verifier = new TokenVerifier(issuers, ({ provider }) => provider);
    const outcome = async (key: SigningKey, iss: string) => verifier.verify(await signed(key, { iss }));
    assert.deepEqual(await outcome(RSA, "https://a.example"), { accepted: "a" });
    assert.deepEqual(await outcome(other, "https://b.example"), { accepted: "b" });
    assert.ok("why" in (await outcome(other, "https://a.example")));
    assert.ok("why" in (await outcome(RSA, "https://b.example")));
  });
  test("of a set are used only with their published algorithm", async () => {
    const token = await signed({ ...RSA, alg: "PS256" });
    assert.match(await refused(token, set(RSA.jwk), { algorithms: ["RS256", "PS256"] }), /not signed with a key/);
  });
  test("of a set without algorithm are used with those configured, not with any in a token", async () => {
    const { alg: _, ...jwk } = RSA.jwk;
    assert.ok(await accepted(await signed(RSA), set(jwk)));
    assert.match(await refused(await signed({ ...RSA, alg: "PS256" }), set(jwk)), /not accepted from this issuer/);
  });
  test("of a set that are secrets or for encryption are ignored", async () => {
    const oct = { kty: "oct", kid: "s", alg: "HS256", k: Buffer.from(SECRET).toString("base64url") };
    assert.match(
      await refused(await signedWithSecret(SECRET), set(oct), { algorithms: ["HS256"] }),
      /not signed with a key/,
    );
    assert.match(await refused(await signed(RSA), set({ ...RSA.jwk, use: "enc" })), /not signed with a key/);
    assert.match(await refused(await signed(RSA), set({ ...RSA.jwk, key_ops: ["encrypt"] })), /not signed with a key/);
  });
  test("are tried in turn for a token without kid, at most eight", async () => {
    const others = Array.from({ length: 8 }, (_, i) => signingKey("ES256", `o${i}`).jwk);
    const settings: Partial<IssuerSettings> = { algorithms: ["ES256"] };
    const token = await signed({ ...EC, kid: "" });
    assert.ok(await accepted(token, set(...others.slice(1), EC.jwk), settings));
    assert.match(await refused(token, set(...others, EC.jwk), settings), /not signed with a key/);
  });
  test("are only found by kid, whatever it contains", async () => {
    for (const kid of ["R1", "../r1", "r1' OR '1'='1", "__proto__"]) {
      assert.match(await refused(await signed(RSA, {}, { kid }), set(RSA.jwk)), /not signed with a key/);
    }
  });
  test("of fewer than 2048 bits are rejected", async () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const text = publicKey.export({ type: "spki", format: "pem" }).toString();
    assert.throws(() => keysOfPem(text), /1024 bits/);
    assert.equal(keysOfSet({ keys: [publicKey.export({ format: "jwk" })] }).size, 0);
  });
  test("that are private are rejected in place of public ones", () => {
    const text = RSA.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    assert.throws(
      () => keysOfPem(text),
      (error: Error) => /private key/.test(error.message) && !error.message.includes(text.slice(40, 60)),
    );
  });
  test("that are malformed are rejected", () => {
    assert.throws(() => keysOfPem("hello"), /not a PEM public key/);
    assert.throws(() => keysOfSet({}), /not a JWK set/);
    assert.throws(() => keysOfSet([]), /not a JWK set/);
    assert.equal(
      keysOfSet({ keys: [null, 7, "x", {}, { kty: "RSA" }, { kty: "EC", crv: "P-256", x: "AA", y: "AA" }] }).size,
      0,
    );
  });
});

describe("verified tokens are cached", () => {
  const counted = (remembered?: number) => {
    let made = 0;
    let now = Date.now();
    const [key] = keysOfSet({ keys: [RSA.jwk] }).values();
    const issuer = new Issuer(PLAIN_ISSUER, new StaticKeys([key!], true));
    const verifier = new TokenVerifier(
      [issuer],
      () => ++made,
      () => now,
      remembered,
    );
    return { verifier, key: key!, later: (ms: number) => (now += ms) };
  };
  test("until they expire", async () => {
    const { verifier, later } = counted();
    const token = await signed(RSA, { exp: nowS() + 60 });
    assert.deepEqual([verifier.verify(token), verifier.verify(token)], [{ accepted: 1 }, { accepted: 1 }]);
    later(61_000);
    assert.ok("why" in verifier.verify(token));
  });
  test("for five minutes at most", async () => {
    const { verifier, later } = counted();
    const token = await signed(RSA, { exp: nowS() + 3600 });
    await verifier.verify(token);
    later(299_000);
    assert.deepEqual(verifier.verify(token), { accepted: 1 });
    later(1_000);
    assert.deepEqual(verifier.verify(token), { accepted: 2 });
  });
  test("until their key is no longer published", async () => {
    const { verifier, key } = counted();
    const token = await signed(RSA);
    await verifier.verify(token);
    key.retired = true;
    assert.deepEqual(verifier.verify(token), { accepted: 2 });
  });
  test("as a whole: a token with the same claims and another signature is verified again", async () => {
    const { verifier } = counted();
    const token = await signed(RSA);
    await verifier.verify(token);
    const last = token.at(-1) === "A" ? "B" : "A";
    assert.ok("why" in verifier.verify(token.slice(0, -3) + last.repeat(3)));
  });
  test("up to a limit, beyond which the least recently used is dropped", async () => {
    const { verifier } = counted(2);
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((sub) => signed(RSA, { sub })));
    const outcomes = [a!, b!, a!, c!, a!, b!].map((token) => verifier.verify(token));
    assert.deepEqual(
      outcomes,
      [1, 2, 1, 3, 1, 4].map((accepted) => ({ accepted })),
    );
  });
});
