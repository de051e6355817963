// Clients that the configuration lists itself: what is known of them.
import { claimsText, MAX_CLAIMS_BYTES } from "../../auth/upstream-fields.ts";
import { type AuthMethod, type Identity, identityOf } from "../../core/identity.ts";
import type { UserSection } from "../schema/auth.ts";
import { isScope } from "./rule-auth.ts";

/** What is written of any of them. */
type SubjectSection = Pick<UserSection, "subject" | "type" | "scopes" | "tier" | "metadata">;

/** What is wrong with it; null: nothing. @param name stands in for a subject */
export function subjectFault({ subject, scopes, metadata }: SubjectSection, name: string): string | null {
  if (/\p{Cc}/u.test(subject || name)) return "a subject holds no control characters";
  const odd = scopes.find((scope) => !isScope(scope));
  if (odd !== undefined) return `${JSON.stringify(odd)} is no scope`;
  return claimsText(metadata).length > MAX_CLAIMS_BYTES ? `metadata take more than ${MAX_CLAIMS_BYTES} bytes` : null;
}

/** The identity of it. @param more what else is known */
export function subjectOf(
  method: AuthMethod,
  { subject, type, scopes, tier, metadata }: SubjectSection,
  name: string,
  more: Partial<Identity> = {},
): Identity {
  return identityOf({ subject: subject || name, method, type, scopes, tier, claims: metadata, ...more });
}
