// The Authorization field (RFC 9110 §11.6.2): a scheme, and behind it what that scheme takes.
import { getField, isField } from "../wire/fields.ts";
import { TOKEN } from "../wire/grammar.ts";

/** What follows a scheme; null: the field is absent, or of another scheme. @param lowerScheme in lower case */
export function authorizationOf(fields: readonly string[], lowerScheme: string): string | null {
  const value = getField(fields, "authorization");
  if (value === undefined || !isField(value.slice(0, lowerScheme.length), lowerScheme)) return null;
  const rest = value.slice(lowerScheme.length);
  // Whatever is no character of schemes ends it: there are backends that read a tab, or a blank beyond ASCII, as a blank.
  return TOKEN[rest.charCodeAt(0)] === 1 ? null : rest.trim();
}

/** Whether there is more than one field, of which a backend could read another than the gateway. */
export function isTwofold(fields: readonly string[]): boolean {
  let found = false;
  for (let i = 0; i < fields.length; i += 2) {
    if (!isField(fields[i]!, "authorization")) continue;
    if (found) return true;
    found = true;
  }
  return false;
}
