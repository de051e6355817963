// Tokens as issuers make them (by jose, which shares no code with the gateway), and such as only attackers do.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import type { IssuerSettings } from "../../src/auth/jwt/issuer.ts";

/** An issuer that asks for no `iss` and no audience, and of which everything else is as by default. */
export const PLAIN_ISSUER: IssuerSettings = {
  method: "jwt",
  name: "main",
  issuers: {},
  algorithms: ["RS256"],
  audience: [],
  audienceClaim: "aud",
  requiredClaims: [],
  validateExp: true,
  validateNbf: true,
  clockSkewMs: 0,
  subjectClaim: "sub",
  scopeClaim: "scope",
  typeClaim: "typ",
  attributes: {},
};

/** A key pair of an issuer. */
export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo. */
  readonly pem: string;
  /** As a JWK set has it. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** Makes a key pair. @param kid "" = without a name */
export function signingKey(alg: string, kid = ""): SigningKey {
  const { privateKey, publicKey } = pairFor(alg);
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const jwk = { ...publicKey.export({ format: "jwk" }), alg, use: "sig", ...(kid === "" ? {} : { kid }) };
  return { alg, kid, privateKey, publicKey, pem, jwk };
}

function pairFor(alg: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === "EdDSA") return generateKeyPairSync("ed25519");
  const curve = { ES256: "P-256", ES384: "P-384", ES512: "P-521" }[alg];
  return curve === undefined
    ? generateKeyPairSync("rsa", { modulusLength: 2048 })
    : generateKeyPairSync("ec", { namedCurve: curve });
}

/** Seconds since 1970. */
export function nowS(): number {
  return Math.floor(Date.now() / 1000);
}

/** A good token of these claims, valid for a minute unless they say otherwise. */
export function signed(
  key: SigningKey,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const kid = key.kid === "" ? {} : { kid: key.kid };
  return new SignJWT({ sub: "alice", exp: nowS() + 60, ...claims })
    .setProtectedHeader({ alg: key.alg, ...kid, ...header })
    .sign(key.privateKey);
}

/** The same with a secret. */
export function signedWithSecret(secret: string, claims: Record<string, unknown> = {}, alg = "HS256"): Promise<string> {
  const payload = { sub: "alice", exp: nowS() + 60, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(Buffer.from(secret));
}

/** Base64url of a value in JSON, or of text as it is. */
export function part(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}
