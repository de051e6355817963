// Validates the subjects of API keys and users, and makes their identities.
import { claimsText, MAX_CLAIMS_BYTES } from "../../auth/upstream-fields.ts";
import { type AuthMethod, type Identity, identityOf } from "../../core/identity.ts";
import type { UserSection } from "../schema/auth.ts";
import { isScope } from "./rule-auth.ts";

/** The settings of a subject. */
type SubjectSection = Pick<UserSection, "subject" | "type" | "scopes" | "tier" | "metadata">;

/** What is wrong with a subject; null: nothing. @param name default of `subject` */
export function subjectFault({ subject, scopes, metadata }: SubjectSection, name: string): string | null {
  if (/\p{Cc}/u.test(subject || name)) return "a subject must not contain control characters";
  const odd = scopes.find((scope) => !isScope(scope));
  if (odd !== undefined) return `${JSON.stringify(odd)} is not a valid scope`;
  return claimsText(metadata).length > MAX_CLAIMS_BYTES ? `metadata is larger than ${MAX_CLAIMS_BYTES} bytes` : null;
}

/** The identity of a subject. @param more further properties */
export function subjectOf(
  method: AuthMethod,
  { subject, type, scopes, tier, metadata }: SubjectSection,
  name: string,
  more: Partial<Identity> = {},
): Identity {
  return identityOf({ subject: subject || name, method, type, scopes, tier, claims: metadata, ...more });
}
