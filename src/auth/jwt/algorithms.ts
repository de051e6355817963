// Signature algorithms of tokens (RFC 7518 §3, RFC 8037), verified by node:crypto in one call.
import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";

/** One algorithm. */
interface Algorithm {
  /** Whether a key has the type and, for elliptic curves, the curve that the algorithm requires. */
  fits(key: KeyObject): boolean;
  verify(data: Buffer, key: KeyObject, signature: Buffer): boolean;
}

const RSA_PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

function rsa(hash: string): Algorithm {
  return {
    fits: (key) => key.asymmetricKeyType === "rsa",
    verify: (data, key, signature) => verify(hash, data, key, signature),
  };
}

function pss(hash: string): Algorithm {
  return {
    fits: (key) => key.asymmetricKeyType === "rsa",
    verify: (data, key, signature) => verify(hash, data, { key, ...RSA_PSS }, signature),
  };
}

/** @param curve name in OpenSSL @param bytes length of a signature */
function ecdsa(hash: string, curve: string, bytes: number): Algorithm {
  return {
    fits: (key) => key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === curve,
    verify: (data, key, signature) =>
      signature.length === bytes && verify(hash, data, { key, dsaEncoding: "ieee-p1363" }, signature),
  };
}

function hmac(hash: string): Algorithm {
  return {
    fits: (key) => key.type === "secret",
    verify: (data, key, signature) => {
      const right = createHmac(hash, key).update(data).digest();
      return signature.length === right.length && timingSafeEqual(signature, right);
    },
  };
}

const ALGORITHMS = {
  RS256: rsa("sha256"),
  RS384: rsa("sha384"),
  RS512: rsa("sha512"),
  PS256: pss("sha256"),
  PS384: pss("sha384"),
  PS512: pss("sha512"),
  ES256: ecdsa("sha256", "prime256v1", 64),
  ES384: ecdsa("sha384", "secp384r1", 96),
  ES512: ecdsa("sha512", "secp521r1", 132),
  EdDSA: {
    fits: (key: KeyObject) => key.asymmetricKeyType === "ed25519" || key.asymmetricKeyType === "ed448",
    verify: (data: Buffer, key: KeyObject, signature: Buffer) => verify(null, data, key, signature),
  },
  HS256: hmac("sha256"),
  HS384: hmac("sha384"),
  HS512: hmac("sha512"),
} as const satisfies Record<string, Algorithm>;

/** Name of an algorithm, as in `alg`. `none` is not supported. */
export type AlgorithmName = keyof typeof ALGORITHMS;

/** All supported algorithms. */
export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as readonly AlgorithmName[];

/** Whether the algorithm uses a shared secret. */
export function isSymmetric(name: AlgorithmName): boolean {
  return name.startsWith("HS");
}

/** The algorithms that a key can be used with. */
export function algorithmsFor(key: KeyObject): readonly AlgorithmName[] {
  return ALGORITHM_NAMES.filter((name) => ALGORITHMS[name].fits(key));
}

/** Whether a signature is valid. The key must fit the algorithm. */
export function isSignature(name: AlgorithmName, data: Buffer, key: KeyObject, signature: Buffer): boolean {
  return ALGORITHMS[name].verify(data, key, signature);
}
