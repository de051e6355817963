// Fields and query parameters that carry credentials: removed from every request to a provider, before one is attached.
import { withoutParameter } from "../../wire/query.ts";

/** Fields that select an account or project of a credential; only sent beside a credential of the same client. */
export const ACCOUNT_FIELDS = {
  openai: ["openai-organization", "openai-project"],
  anthropic: ["anthropic-workspace-id", "anthropic-user-profile-id"],
  gemini: ["x-goog-user-project"],
} as const;

/** In lower case. */
const CREDENTIAL_FIELDS: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "x-openai-api-key",
  "openai-api-key",
  ...Object.values(ACCOUNT_FIELDS).flat(),
]);

/** Before the id of a provider: a client's key for that provider. */
export const KEY_FIELD_PREFIX = "x-llm-key-";

/** Query parameters with credentials: the first is that of Gemini. */
export const CREDENTIAL_PARAMETERS = ["key", "access_token", "oauth_token", "api_key", "api-key"] as const;

/** Whether a field of that name, in any case, carries a credential. */
function isCredentialField(name: string): boolean {
  const lower = name.toLowerCase();
  return CREDENTIAL_FIELDS.has(lower) || lower.startsWith(KEY_FIELD_PREFIX);
}

/** A flat list of fields without those that carry credentials. */
export function withoutCredentials(fields: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!isCredentialField(fields[i]!)) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}

/** A query without the parameters that carry credentials. @param query with its leading `?`, or "" */
export function withoutCredentialParameters(query: string): string {
  if (query === "") return query;
  return CREDENTIAL_PARAMETERS.reduce(withoutParameter, query);
}
