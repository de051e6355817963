// The Authorization field (RFC 9110 §11.6.2): a scheme, and behind it what that scheme takes.
import { getField, isField } from "../wire/fields.ts";

/** What follows a scheme; null: the field is absent, or of another scheme. @param lowerScheme in lower case */
export function authorizationOf(fields: readonly string[], lowerScheme: string): string | null {
  const value = getField(fields, "authorization");
  if (value === undefined || !isField(value.slice(0, lowerScheme.length), lowerScheme)) return null;
  const rest = value.slice(lowerScheme.length);
  if (rest === "") return "";
  return rest.charCodeAt(0) === 0x20 ? rest.trim() : null;
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
