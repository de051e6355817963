// Forms of the credentials that clients have for providers: where they are, and how they begin.
import type { ProviderKind } from "../providers/kinds.ts";
import type { CredentialPrefixes, CredentialSettings } from "../settings.ts";

/** As providers issue them. */
export const DEFAULT_PREFIXES: CredentialPrefixes = {
  anthropicOauth: "sk-ant-oat",
  anthropic: "sk-ant-",
  googleOauth: "ya29.",
  openrouter: "sk-or-",
  openai: "sk-",
};

/** How credentials of one form are recognised. */
export interface Form {
  /** `bearer` of Authorization, `query` on a path of Gemini, or a field. */
  readonly place: "bearer" | "query" | "x-api-key" | "x-goog-api-key" | "x-openai-api-key" | "openai-api-key";
  /** Which beginning the value has; null: any. Length and alphabet are no evidence. */
  readonly prefix: keyof CredentialPrefixes | null;
  readonly adapter: CredentialSettings["enabled"][number];
  readonly kind: ProviderKind;
  readonly oauth?: true;
  /** An authorization service could have issued a credential of this form, too. */
  readonly generic?: true;
}

/** The first that matches a value decides, even if its adapter is not enabled: a key is never taken for another provider's. */
export const FORMS: readonly Form[] = [
  { place: "bearer", prefix: "anthropicOauth", adapter: "anthropic-oauth", kind: "anthropic", oauth: true },
  { place: "x-api-key", prefix: "anthropic", adapter: "user-key", kind: "anthropic" },
  { place: "bearer", prefix: "anthropic", adapter: "user-key", kind: "anthropic" },
  { place: "bearer", prefix: "googleOauth", adapter: "google-oauth", kind: "gemini", oauth: true },
  { place: "x-goog-api-key", prefix: null, adapter: "google-oauth", kind: "gemini", generic: true },
  { place: "query", prefix: null, adapter: "google-oauth", kind: "gemini", generic: true },
  { place: "bearer", prefix: "openrouter", adapter: "user-key", kind: "openrouter" },
  { place: "bearer", prefix: "openai", adapter: "openai-key", kind: "openai", generic: true },
  { place: "x-openai-api-key", prefix: null, adapter: "openai-key", kind: "openai" },
  { place: "openai-api-key", prefix: null, adapter: "openai-key", kind: "openai" },
];
