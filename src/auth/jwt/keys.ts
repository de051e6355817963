// Keys for the verification of signatures: from PEM, secrets and JWK sets (RFC 7517).
import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { TlsFault } from "../../tls/fault.ts";
import { pemBlocks } from "../../tls/pem.ts";
import { type AlgorithmName, algorithmsFor } from "./algorithms.ts";

/** Maximum number of keys used from one set. */
const MAX_KEYS = 256;
/** Minimum size of an RSA key, bits (RFC 7518 §3.3). */
const MIN_RSA_BITS = 2048;
/** Maximum size of an RSA key, bits, since the time to verify grows with its square. */
const MAX_RSA_BITS = 8192;
/** Maximum public exponent, since the time to verify grows with its size. Common exponents have 17 bits. */
const MAX_RSA_EXPONENT = 2n ** 32n;

/** A key that cannot be used. The message contains no part of the key. */
export class KeyFault extends TlsFault {}

/** One key. */
export interface VerificationKey {
  /** "" = none. */
  readonly kid: string;
  readonly key: KeyObject;
  /** Algorithms it may be used with. */
  readonly algorithms: readonly AlgorithmName[];
  /** Set when its issuer no longer publishes it, which invalidates cached tokens that were verified with it. */
  retired: boolean;
}

/** The keys of an issuer. */
export interface KeySource {
  /** Keys that a token may be signed with. @param kid of the token; "" = none */
  find(kid: string, algorithm: AlgorithmName): readonly VerificationKey[];
  /** Fetches the keys again; resolves when {@link find} may return new ones. null: a fetch is not possible or not due. */
  refresh(kid: string): Promise<void> | null;
  /** Whether the keys are up to date; if not, a key may exist even if it is not found. */
  readonly current: boolean;
}

/**
 * The public keys in a PEM file, which may contain keys and certificates.
 * @throws TlsFault
 */
export function keysOfPem(text: string): readonly VerificationKey[] {
  const blocks = pemBlocks(text);
  if (blocks.length === 0) throw new KeyFault("not a PEM public key");
  return blocks.map((block) => {
    if (/PRIVATE KEY$/.test(block.label)) throw new KeyFault("this is a private key; only its public half is needed");
    try {
      return keyOf("", createPublicKey(block.text));
    } catch (error) {
      throw error instanceof KeyFault ? error : new KeyFault("not a PEM public key that this OpenSSL can read");
    }
  });
}

/** The key for a shared secret. */
export function keyOfSecret(secret: string): VerificationKey {
  return keyOf("", createSecretKey(Buffer.from(secret, "utf8")));
}

/**
 * Reads a JWK set. Unusable keys are skipped: secrets (`oct`), with which any reader of the set could sign; encryption keys;
 * keys of unknown types; and weak keys.
 * @param before keys of the previous set, by their JSON text; objects are reused for those that are still in the set
 * @returns the keys, by their JSON text
 * @throws KeyFault if it is not a JWK set
 */
export function keysOfSet(
  set: unknown,
  before: ReadonlyMap<string, VerificationKey> = new Map(),
): ReadonlyMap<string, VerificationKey> {
  const { keys } = (set ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new KeyFault('not a JWK set: "keys" is missing');
  const found = new Map<string, VerificationKey>();
  for (const jwk of (keys as readonly unknown[]).slice(0, MAX_KEYS)) {
    const text = JSON.stringify(jwk);
    const key = before.get(text) ?? keyOfJwk(jwk);
    if (key !== null) found.set(text, key);
  }
  return found;
}

/** null: it cannot be used to verify signatures. */
function keyOfJwk(value: unknown): VerificationKey | null {
  if (typeof value !== "object" || value === null) return null;
  const {
    kty,
    crv,
    n,
    e,
    x,
    y,
    kid = "",
    use = "sig",
    alg,
    key_ops: ops = ["verify"],
  } = value as Record<string, unknown>;
  if (kty === "oct" || use !== "sig" || typeof kid !== "string") return null;
  if (!Array.isArray(ops) || !ops.includes("verify")) return null;
  try {
    // Private members are omitted.
    const jwk = kty === "RSA" ? { kty, n, e } : { kty, crv, x, y };
    const key = keyOf(kid, createPublicKey({ key: jwk as JsonWebKey, format: "jwk" }));
    const algorithms = alg === undefined ? key.algorithms : key.algorithms.filter((name) => name === alg);
    return algorithms.length === 0 ? null : { ...key, algorithms };
  } catch {
    return null;
  }
}

function keyOf(kid: string, key: KeyObject): VerificationKey {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < MIN_RSA_BITS)
    throw new KeyFault(`the RSA key has ${modulusLength} bits; at least ${MIN_RSA_BITS} are needed`);
  if (modulusLength !== undefined && modulusLength > MAX_RSA_BITS)
    throw new KeyFault(`the RSA key has ${modulusLength} bits; at most ${MAX_RSA_BITS} are used`);
  if (publicExponent !== undefined && publicExponent > MAX_RSA_EXPONENT)
    throw new KeyFault("the public exponent of the RSA key is too large");
  const algorithms = algorithmsFor(key);
  if (algorithms.length === 0) throw new KeyFault("no supported signature algorithm uses keys of this type");
  return { kid, key, algorithms, retired: false };
}
