// Finds claims by name or by path.

/** The claims of a token whose signature is right. */
export type Claims = Readonly<Record<string, unknown>>;

/** Reads one claim; undefined when absent. */
export type ReadClaim = (claims: Claims) => unknown;

/**
 * Reads the claim of that name, else descends by the dots in it: `https://app.example/roles` is a name, `realm.roles` usually
 * a path. An e-mail address counts only where the issuer has verified it.
 */
export function claimAt(path: string): ReadClaim {
  if (path === "email") return verifiedEmail;
  const steps = path.split(".");
  if (steps.length === 1) return (claims) => own(claims, path);
  return (claims) => (Object.hasOwn(claims, path) ? claims[path] : steps.reduce<unknown>(own, claims));
}

/** An address that the issuer has verified, and that can be read in one way only; undefined: there is none. */
export function verifiedEmail({ email, email_verified: verified }: Claims): string | undefined {
  return verified === true && typeof email === "string" && /^[^@]+@[^@]+$/.test(email) ? email : undefined;
}

function own(value: unknown, key: string): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}
