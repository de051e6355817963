// Tokens that nobody may enter with, for a gateway that trusts three issuers: one by a key, one by a published set, one by a secret.
import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { CompactEncrypt } from "jose";
import { nowS, part, type SigningKey, signingKey } from "./tokens.ts";

/** Issuers, as `iss` names them. */
export const ISSUERS = {
  key: "https://key.example",
  set: "https://set.example",
  secret: "https://secret.example",
} as const;
export const AUDIENCE = "api";
export const SECRET = "the shared secret of the third issuer, 48 bytes.";

/** The keys of the three: those that are in use, and those that a set may hold and nobody may use. */
export interface IssuerKeys {
  readonly rsa: SigningKey;
  readonly ec: SigningKey;
  readonly ed: SigningKey;
  /** RSA of 1024 bits. */
  readonly weak: SigningKey;
}

/** Makes them. */
export function issuerKeys(): IssuerKeys {
  return {
    rsa: signingKey("RS256", "rsa"),
    ec: signingKey("ES256", "ec"),
    ed: signingKey("EdDSA", "ed"),
    weak: weakKey(),
  };
}

/** Members of the published set that must count for nothing. */
export function uselessMembers({ weak }: IssuerKeys): readonly unknown[] {
  return [
    weak.jwk,
    { kty: "oct", kid: "oct", alg: "HS256", k: Buffer.from(SECRET).toString("base64url") },
    { ...signingKey("RS256", "enc").jwk, use: "enc" },
    { kty: "EC", kid: "nowhere", crv: "P-256", x: "AA", y: "AA" },
    null,
  ];
}

/** `auth.jwt` of a gateway that trusts all three. @param jwksEndpoint of the published set */
export function trusting({ rsa }: IssuerKeys, jwksEndpoint: string): Readonly<Record<string, unknown>> {
  const audience = [AUDIENCE];
  return {
    providers: [
      { name: "key", issuer: ISSUERS.key, publicKey: rsa.pem, audience },
      {
        name: "set",
        issuer: ISSUERS.set,
        jwksEndpoint,
        signingMethod: ["RS256", "PS256", "ES256", "EdDSA"],
        audience,
      },
      { name: "secret", issuer: ISSUERS.secret, secret: SECRET, signingMethod: "HS256", audience },
    ],
  };
}

/** What each of the three would sign. */
export function claimsOf(issuer: keyof typeof ISSUERS, more: object = {}): Readonly<Record<string, unknown>> {
  return { iss: ISSUERS[issuer], aud: AUDIENCE, sub: "alice", exp: nowS() + 300, ...more };
}

/** A hostile token, what is hostile about it, and the error it must be answered with. */
export type HostileToken = readonly [name: string, token: string, code: "invalid_credentials" | "expired_credentials"];

const INVALID = "invalid_credentials";

/** All of them. @param trap URL that nobody may fetch anything from */
export async function hostileTokens(keys: IssuerKeys, trap: string): Promise<readonly HostileToken[]> {
  const plain = [
    ...unsigned(keys),
    ...confused(keys),
    ...misnamed(keys),
    ...embedded(trap),
    ...malformed(keys),
    ...twisted(keys),
    ...borrowed(keys),
  ].map(([name, token]) => [name, token, INVALID] as const);
  const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify(claimsOf("key"))))
    .setProtectedHeader({ alg: "RSA-OAEP", enc: "A256GCM" })
    .encrypt(keys.rsa.publicKey);
  return [...plain, ["an encrypted token", jwe, INVALID], ...untimely(keys)];
}

type Named = readonly [name: string, token: string];

/** Signed with any key, whatever the header says. @param header and claims: values, or their JSON */
function forged(header: unknown, claims: unknown, key: KeyObject, hash: string | null = "sha256"): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${sign(hash, Buffer.from(text), key).toString("base64url")}`;
}

function maced(header: unknown, claims: unknown, secret: string | Buffer): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

function unsigned({ rsa }: IssuerKeys): readonly Named[] {
  const claims = part(claimsOf("key"));
  const signature = forged({ alg: "RS256" }, claimsOf("key"), rsa.privateKey).split(".")[2]!;
  const algs = ["none", "None", "NONE", "nOnE", "", " none", null, undefined, 0, ["RS256"], { RS256: 1 }, "__proto__"];
  return [
    ...algs.flatMap((alg): Named[] => [
      [`alg ${JSON.stringify(alg)} without a signature`, `${part({ alg })}.${claims}.`],
      [`alg ${JSON.stringify(alg)} with one`, `${part({ alg })}.${claims}.${signature}`],
    ]),
    ["a signature of nothing", `${part({ alg: "RS256" })}.${claims}.AAAA`],
    ["detached claims", `${part({ alg: "RS256" })}..${signature}`],
    [
      "claims of somebody else below a signature",
      `${part({ alg: "RS256" })}.${part(claimsOf("key", { sub: "root" }))}.${signature}`,
    ],
  ];
}

/** What is public, used as a secret, and algorithms that a key is not for. */
function confused({ rsa, ec, weak }: IssuerKeys): readonly Named[] {
  const der = rsa.publicKey.export({ type: "spki", format: "der" });
  const { n } = rsa.jwk as { n: string };
  const secrets: Readonly<Record<string, string | Buffer>> = {
    PEM: rsa.pem,
    "PEM without its last line break": rsa.pem.trim(),
    DER: der,
    JWK: JSON.stringify(rsa.jwk),
    modulus: Buffer.from(n, "base64url"),
    "nothing as": "",
  };
  const hs = { alg: "HS256", kid: "rsa" };
  return [
    ...Object.entries(secrets).flatMap(([what, secret]): Named[] => [
      [`${what} of the key as a secret`, maced(hs, claimsOf("key"), secret)],
      [`${what} of the published key as a secret`, maced(hs, claimsOf("set"), secret)],
      [`${what} of another's key as a secret`, maced(hs, claimsOf("secret"), secret)],
    ]),
    ["a secret that is published", maced({ alg: "HS256", kid: "oct" }, claimsOf("set"), SECRET)],
    ["the right secret for another issuer", maced({ alg: "HS256" }, claimsOf("key"), SECRET)],
    ["a stronger HS than configured", maced({ alg: "HS512" }, claimsOf("secret"), SECRET)],
    ["a key for the issuer with a secret", forged({ alg: "RS256" }, claimsOf("secret"), rsa.privateKey)],
    ["an algorithm that is not configured", forged({ alg: "RS512" }, claimsOf("key"), rsa.privateKey, "sha512")],
    ["PS256 with a key published for RS256", pss(claimsOf("set"), rsa)],
    ["PS256 named RS256", pss(claimsOf("key"), rsa, "RS256")],
    ["RS256 named PS256", forged({ alg: "PS256", kid: "rsa" }, claimsOf("set"), rsa.privateKey)],
    ["RS256 named ES256", forged({ alg: "ES256", kid: "ec" }, claimsOf("set"), rsa.privateKey)],
    ["ES256 named RS256", forged({ alg: "RS256", kid: "rsa" }, claimsOf("set"), ec.privateKey)],
    ["a published RSA key of 1024 bits", forged({ alg: "RS256", kid: "weak" }, claimsOf("set"), weak.privateKey)],
  ];
}

function pss(claims: object, { privateKey, kid }: SigningKey, alg = "PS256"): string {
  const text = `${part({ alg, kid })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key: privateKey, padding: 6, saltLength: 32 });
  return `${text}.${signature.toString("base64url")}`;
}

/** Names of keys that mean something elsewhere: all are signed by a stranger, or with nothing. */
function misnamed({ rsa }: IssuerKeys): readonly Named[] {
  const stranger = signingKey("RS256").privateKey;
  const kids: readonly unknown[] = [
    "../../../../../../dev/null",
    "/proc/sys/kernel/randomize_va_space",
    "file:///etc/passwd",
    "' UNION SELECT 'secret' -- ",
    "rsa'; DROP TABLE keys; --",
    "rsa\0",
    "rsa ",
    "RSA",
    "ｒｓａ",
    "rsa\u200b",
    "\u{1f511}",
    "\ud800",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "$(id)",
    "`id`",
    "${jndi:ldap://127.0.0.1/x}",
    "%72sa",
    "*",
    "",
    "k".repeat(600),
    "k".repeat(5000),
    0,
    true,
    null,
    ["rsa"],
    { $ne: "" },
  ];
  return [
    ...kids.flatMap((kid): Named[] => {
      const name = JSON.stringify(kid).slice(0, 40);
      return [
        [`kid ${name} of a stranger`, forged({ alg: "RS256", kid }, claimsOf("set"), stranger)],
        [`kid ${name} of nothing`, maced({ alg: "HS256", kid }, claimsOf("secret"), "")],
      ];
    }),
    ...[0, null, ["rsa"], { $ne: "" }].map((kid): Named => {
      return [
        `kid ${JSON.stringify(kid)} with a good signature`,
        forged({ alg: "RS256", kid }, claimsOf("key"), rsa.privateKey),
      ];
    }),
  ];
}

/** Keys, certificates and addresses of both that a token brings itself. */
function embedded(trap: string): readonly Named[] {
  const own = signingKey("RS256", "rsa");
  const rows: Readonly<Record<string, object>> = {
    jwk: { jwk: own.jwk },
    jku: { jku: `${trap}/keys` },
    x5u: { x5u: `${trap}/certificate.pem` },
    x5c: { x5c: [own.publicKey.export({ type: "spki", format: "der" }).toString("base64")] },
    "all of them": { jwk: own.jwk, jku: `${trap}/keys`, x5u: `${trap}/c.pem`, x5c: ["AAAA"], x5t: "AAAA" },
  };
  return Object.entries(rows).flatMap(([what, more]): Named[] =>
    (["key", "set"] as const).map((issuer) => {
      return [
        `${what} in the header, for ${issuer}`,
        forged({ alg: "RS256", kid: "rsa", ...more }, claimsOf(issuer), own.privateKey),
      ];
    }),
  );
}

/** What is no token, or one that demands too much of its reader. All that are signed are signed rightly. */
function malformed({ rsa }: IssuerKeys): readonly Named[] {
  const good = forged({ alg: "RS256" }, claimsOf("key"), rsa.privateKey);
  const [header, claims, signature] = good.split(".") as [string, string, string];
  const withHeader = (more: object | string) => {
    const text = typeof more === "string" ? `{"alg":"RS256",${more}}` : { alg: "RS256", ...more };
    return forged(text, claimsOf("key"), rsa.privateKey);
  };
  const withClaims = (member: string) => {
    return forged({ alg: "RS256" }, `${JSON.stringify(claimsOf("key")).slice(0, -1)},${member}}`, rsa.privateKey);
  };
  return [
    ...["a", ".", "..", "...", "null", "undefined", "%00", "{}", "a.b.c", `${good}.`, `.${good}`, `${good}.a`].map(
      (token): Named => [`the text ${token.slice(0, 20)}`, token],
    ),
    ["padding", `${good}=`],
    ["two tokens with a comma between", `${good},${good}`],
    ["two tokens with a blank between", `${good} ${good}`],
    ["percent signs for dots", good.replaceAll(".", "%2E")],
    ["the JSON form of a signature", JSON.stringify({ protected: header, payload: claims, signature })],
    ["five parts of a signed token", `${header}.${claims}.${signature}.${signature}.${signature}`],
    ["b64 false", withHeader({ b64: false })],
    ["b64 false, and crit", withHeader({ b64: false, crit: ["b64"] })],
    ["crit", withHeader({ crit: ["exp"], exp: 1 })],
    ["empty crit", withHeader({ crit: [] })],
    ["crit that is no list", withHeader({ crit: "exp" })],
    ["alg twice", forged('{"alg":"none","alg":"RS256"}', claimsOf("key"), rsa.privateKey)],
    ["crit before and after", forged('{"crit":["x"],"alg":"RS256","crit":null}', claimsOf("key"), rsa.privateKey)],
    ["sub twice", withClaims('"sub":"root"')],
    ["sub twice, once in escapes", withClaims('"s\\u0075b":"root"')],
    ["a claim twice, further in", withClaims('"roles":{"a":1,"a":2}')],
    ["claims nested 2000 deep", withClaims(`"x":${"[".repeat(2000)}${"]".repeat(2000)}`)],
    ["claims nested 700 objects deep", withClaims(`"x":${'{"x":'.repeat(700)}1${"}".repeat(700)}`)],
    ["a header nested 2000 deep and not closed", withHeader(`"x":${"[".repeat(2000)}`)],
    ["claims that are a token", forged({ alg: "RS256", cty: "JWT" }, good, rsa.privateKey)],
    ["claims that are a list", forged({ alg: "RS256" }, [claimsOf("key")], rsa.privateKey)],
    ["claims that are no UTF-8", binary(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), rsa.privateKey)],
    ["claims in UTF-16", binary(Buffer.from(JSON.stringify(claimsOf("key")), "utf16le"), rsa.privateKey)],
    [
      "claims behind a byte order mark",
      binary(Buffer.from(`\ufeff${JSON.stringify(claimsOf("key"))}`), rsa.privateKey),
    ],
    ["8 KiB and more, signed", forged({ alg: "RS256" }, claimsOf("key", { pad: "x".repeat(6100) }), rsa.privateKey)],
    ["16 KB of nothing", `${"a".repeat(8000)}.${"a".repeat(8000)}.a`],
    [
      "a subject with a line break",
      forged({ alg: "RS256" }, claimsOf("key", { sub: "a\r\nX-Auth-Subject: root" }), rsa.privateKey),
    ],
    ["no subject", forged({ alg: "RS256" }, claimsOf("key", { sub: "" }), rsa.privateKey)],
  ];
}

function binary(claims: Buffer, key: KeyObject): string {
  const text = `${part({ alg: "RS256" })}.${claims.toString("base64url")}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}

/** Order of the group of P-256. */
const N = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");

/** Signatures of curves that are none (CVE-2022-21449 and its kin). */
function twisted({ ec, ed }: IssuerKeys): readonly Named[] {
  const text = `${part({ alg: "ES256", kid: "ec" })}.${part(claimsOf("set"))}`;
  const der = sign("sha256", Buffer.from(text), ec.privateKey);
  const right = sign("sha256", Buffer.from(text), { key: ec.privateKey, dsaEncoding: "ieee-p1363" });
  const [r, s, zero] = [right.subarray(0, 32), right.subarray(32), Buffer.alloc(32)];
  const one = Buffer.concat([Buffer.alloc(31), Buffer.of(1)]);
  const rows: Readonly<Record<string, Buffer>> = {
    "in DER": der,
    "of nought": Buffer.concat([zero, zero]),
    "with r = 0": Buffer.concat([zero, s]),
    "with s = 0": Buffer.concat([r, zero]),
    "with r = s = 1": Buffer.concat([one, one]),
    "with r = s = n": Buffer.concat([N, N]),
    "with r = n": Buffer.concat([N, s]),
    "with all bits": Buffer.alloc(64, 255),
    "cut by a byte": right.subarray(0, 63),
    "with a byte more": Buffer.concat([right, zero.subarray(0, 1)]),
    "with r twice": Buffer.concat([r, r]),
    "of 132 bytes": Buffer.alloc(132, 1),
  };
  const edText = `${part({ alg: "EdDSA", kid: "ed" })}.${part(claimsOf("set"))}`;
  const edRight = sign(null, Buffer.from(edText), ed.privateKey);
  const edRows: Readonly<Record<string, Buffer>> = {
    "of nought": Buffer.alloc(64),
    "of the neutral point": Buffer.concat([Buffer.of(1), Buffer.alloc(63)]),
    "cut by a byte": edRight.subarray(0, 63),
    doubled: Buffer.concat([edRight, edRight]),
    "with all bits": Buffer.alloc(64, 255),
  };
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
  return [
    ...Object.entries(rows).map(([how, bytes]): Named => [`ES256 ${how}`, `${text}.${bytes.toString("base64url")}`]),
    ...Object.entries(edRows).map(
      ([how, bytes]): Named => [`EdDSA ${how}`, `${edText}.${bytes.toString("base64url")}`],
    ),
    ["ES256 on another curve", forged({ alg: "ES256", kid: "ec" }, claimsOf("set"), p384)],
  ];
}

/** Good signatures of one issuer in the name of another, or for somebody else. */
function borrowed({ rsa, ec }: IssuerKeys): readonly Named[] {
  const rs = (claims: object) => forged({ alg: "RS256", kid: "rsa" }, claims, rsa.privateKey);
  const isses: readonly unknown[] = [
    "https://nobody.example",
    `${ISSUERS.key}/`,
    ISSUERS.key.toUpperCase(),
    `${ISSUERS.key}\0`,
    "__proto__",
    "constructor",
    "",
    null,
    7,
    [ISSUERS.key],
    { toString: ISSUERS.key },
    undefined,
  ];
  const auds: readonly unknown[] = [
    "other",
    "",
    "API",
    `${AUDIENCE} other`,
    [],
    ["other"],
    [[AUDIENCE]],
    { api: 1 },
    7,
    null,
    undefined,
  ];
  return [
    [
      "the key of the set for the issuer with one key",
      forged({ alg: "ES256", kid: "ec" }, claimsOf("key"), ec.privateKey),
    ],
    ["the key of nobody", rsWith(signingKey("RS256", "rsa"))],
    ...isses.map((iss): Named => [`iss ${JSON.stringify(iss)}`, rs(claimsOf("key", { iss }))]),
    ...auds.map((aud): Named => [`aud ${JSON.stringify(aud)}`, rs(claimsOf("key", { aud }))]),
  ];
}

function rsWith(key: SigningKey): string {
  return forged({ alg: "RS256", kid: key.kid }, claimsOf("set"), key.privateKey);
}

/** Rightly signed, and not of this moment; or with a time that is none. */
function untimely({ rsa }: IssuerKeys): readonly HostileToken[] {
  const { exp: _, ...claims } = claimsOf("key");
  const withTimes = (members: string) => {
    const text = JSON.stringify(claims).slice(0, -1);
    return forged({ alg: "RS256" }, members === "" ? `${text}}` : `${text},${members}}`, rsa.privateKey);
  };
  const now = nowS();
  const later = `"exp":${now + 300}`;
  const invalid = [
    ...["", '"exp":null', '"exp":"9999999999"', '"exp":1e400', '"exp":[9999999999]', '"exp":{}', '"exp":true'],
    ...['"exp":NaN', '"exp":Infinity', '"exp":0x7fffffff', '"exp":-1e400', '"exp":+9999999999', `"exp":${now + 300}.`],
    ...[`${later},"nbf":${now + 30}`, `${later},"nbf":"0"`, `${later},"nbf":1e400`, `${later},"nbf":null`],
    ...[`${later},"iat":"0"`, `${later},"iat":1e400`, `${later},"iat":{}`],
  ];
  return [
    ...invalid.map((members) => [`times {${members}}`, withTimes(members), INVALID] as const),
    ...[`${now}`, `${now - 1}`, "0", "-0", "-1", "1e-300", "-1e300", "0.5"].map((exp) => {
      return [`the end ${exp}`, withTimes(`"exp":${exp}`), "expired_credentials"] as const;
    }),
  ];
}

function weakKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const jwk = { ...publicKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid: "weak" };
  return { alg: "RS256", kid: "weak", privateKey, publicKey, pem, jwk };
}

/** A token that says nothing, another one each time. */
export function anyToken(): string {
  return `${part({ alg: "RS256" })}.${part({ iss: ISSUERS.key, jti: randomBytes(9).toString("hex") })}.${randomBytes(256).toString("base64url")}`;
}
