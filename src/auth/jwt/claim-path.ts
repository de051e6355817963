// Finds claims by name or path.

/** The claims of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/** Reads one claim; undefined if absent. */
export type ReadClaim = (claims: Claims) => unknown;

/**
 * Reads the claim with exactly this name, or else follows it as a path separated by dots: `https://app.example/roles` is a
 * name, `realm.roles` usually a path. `email` is read only if the issuer has verified it.
 */
export function claimAt(path: string): ReadClaim {
  if (path === "email") return verifiedEmail;
  const steps = path.split(".");
  if (steps.length === 1) return (claims) => own(claims, path);
  return (claims) => (Object.hasOwn(claims, path) ? claims[path] : steps.reduce<unknown>(own, claims));
}

/** An unambiguous e-mail address that the issuer has verified; undefined: there is none. */
export function verifiedEmail({ email, email_verified: verified }: Claims): string | undefined {
  return verified === true && typeof email === "string" && /^[^@]+@[^@]+$/.test(email) ? email : undefined;
}

function own(value: unknown, key: string): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}
