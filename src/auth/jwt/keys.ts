// Keys that signatures are verified with: from PEM, from secrets, from JWK sets (RFC 7517).
import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { TlsFault } from "../../tls/fault.ts";
import { pemBlocks } from "../../tls/pem.ts";
import { type AlgorithmName, algorithmsFor } from "./algorithms.ts";

/** Most keys of one set that are used. */
const MAX_KEYS = 256;
/** Smallest RSA key, bits (RFC 7518 §3.3). */
const MIN_RSA_BITS = 2048;
/** Largest RSA key, bits: verifying takes time that grows with its square. */
const MAX_RSA_BITS = 8192;
/** Largest public exponent: those in use have 17 bits, and time grows with their number. */
const MAX_RSA_EXPONENT = 2n ** 32n;

/** A key that cannot be used, in words that have nothing of the key in them. */
export class KeyFault extends TlsFault {}

/** One key. */
export interface VerificationKey {
  /** "" = it has no name. */
  readonly kid: string;
  readonly key: KeyObject;
  /** The algorithms it may be used with. */
  readonly algorithms: readonly AlgorithmName[];
  /** Set when its issuer no longer publishes it: what was verified with it counts no more. */
  retired: boolean;
}

/** Where the keys of an issuer come from. */
export interface KeySource {
  /** Keys that a token may be signed with. @param kid as the token names it; "" = it does not */
  find(kid: string, algorithm: AlgorithmName): readonly VerificationKey[];
  /** Looks whether there are more keys by now; resolves when {@link find} may know more. null: that would be of no use. */
  refresh(kid: string): Promise<void> | null;
  /** Whether the keys are up to date: a key that is not found may exist otherwise. */
  readonly current: boolean;
}

/**
 * The public keys in a file of PEM: keys or certificates, of which the keys are taken.
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

/** The key a secret is. */
export function keyOfSecret(secret: string): VerificationKey {
  return keyOf("", createSecretKey(Buffer.from(secret, "utf8")));
}

/**
 * Reads a JWK set. Members that cannot be used are left out: secrets (`oct`), which would let whoever reads the set sign;
 * keys for encryption; kinds of keys that are not known; and keys that are too weak.
 * @param before keys of the set as it was, by their text: those that are still there stay the same objects
 * @returns the keys by their text
 * @throws KeyFault when it is no JWK set
 */
export function keysOfSet(
  set: unknown,
  before: ReadonlyMap<string, VerificationKey> = new Map(),
): ReadonlyMap<string, VerificationKey> {
  const { keys } = (set ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new KeyFault("not a JWK set: there is no list of keys");
  const found = new Map<string, VerificationKey>();
  for (const jwk of (keys as readonly unknown[]).slice(0, MAX_KEYS)) {
    const text = JSON.stringify(jwk);
    const key = before.get(text) ?? keyOfJwk(jwk);
    if (key !== null) found.set(text, key);
  }
  return found;
}

/** null: it is none that signatures may be verified with. */
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
    // Only the public members are handed on.
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
  if (algorithms.length === 0) throw new KeyFault("no signature algorithm of tokens uses keys of this kind");
  return { kid, key, algorithms, retired: false };
}
