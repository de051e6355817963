// Proof Key for Code Exchange (RFC 7636), method S256.
import { hash, randomBytes } from "node:crypto";

/** A new code verifier: 256 random bits in 43 characters. */
export function newVerifier(): string {
  return randomBytes(32).toString("base64url");
}

/** The code challenge of a verifier. */
export function challengeOf(verifier: string): string {
  return hash("sha256", verifier, "base64url");
}
