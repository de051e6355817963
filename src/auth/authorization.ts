// The Authorization field (RFC 9110 §11.6.2): a scheme followed by its credentials.
import { getField, isField } from "../wire/fields.ts";
import { TOKEN } from "../wire/grammar.ts";

/** The credentials after a scheme; null: the field is absent or has another scheme. @param lowerScheme in lower case */
export function authorizationOf(fields: readonly string[], lowerScheme: string): string | null {
  const value = getField(fields, "authorization");
  if (value === undefined || !isField(value.slice(0, lowerScheme.length), lowerScheme)) return null;
  const rest = value.slice(lowerScheme.length);
  // Any non-token character ends the scheme: some backends treat a tab or non-ASCII white space as a space.
  return TOKEN[rest.charCodeAt(0)] === 1 ? null : rest.trim();
}

/** Whether there are several fields: a backend could read a different one than the gateway. */
export function hasSeveralAuthorizations(fields: readonly string[]): boolean {
  let found = false;
  for (let i = 0; i < fields.length; i += 2) {
    if (!isField(fields[i]!, "authorization")) continue;
    if (found) return true;
    found = true;
  }
  return false;
}
