// Providers, settings and faults for tests of credentials.

import { Credentials } from "../../src/llm/credentials/credentials.ts";
import { DEFAULT_PREFIXES } from "../../src/llm/credentials/forms.ts";
import { CredentialState } from "../../src/llm/credentials/state.ts";
import { type Fault, type FaultKind, faultOf } from "../../src/llm/message/fault.ts";
import { PROVIDER_KINDS, type ProviderKind } from "../../src/llm/providers/kinds.ts";
import type { CredentialSettings, FallbackSettings, ProviderSettings } from "../../src/llm/settings.ts";

/** Every adapter there is. */
export const ALL_ADAPTERS: CredentialSettings["enabled"] = [
  "anthropic-oauth",
  "google-oauth",
  "openai-key",
  "user-key",
];

/** A provider of a kind. */
export function providerOf(id: string, kind: ProviderKind, apiKeys: readonly string[] = []): ProviderSettings {
  const { baseUrl, formats, dialect, keyless } = PROVIDER_KINDS[kind];
  return {
    id,
    kind,
    origin: new URL(baseUrl ?? "http://127.0.0.1:11434/v1").origin,
    basePath: "",
    apiKeys,
    headers: [],
    formats,
    dialect,
    idleTimeoutMs: 0,
    ttftTimeoutMs: 0,
    keyless,
  };
}

/** One provider of each kind, with a key of the operator where the kind needs one. */
export const PROVIDERS = {
  openai: providerOf("openai", "openai", ["sk-operator-openai"]),
  anthropic: providerOf("anthropic", "anthropic", ["sk-ant-operator"]),
  google: providerOf("google", "gemini", ["AIza-operator"]),
  openrouter: providerOf("openrouter", "openrouter", ["sk-or-operator"]),
  Local: providerOf("Local", "openaiCompatible"),
} as const;

/** Defaults of `llm.fallback`. */
export const FALLBACK: FallbackSettings = {
  maxAttempts: 3,
  switchBudgetMs: 300,
  cooldownMs: 180_000,
  maxCooldownMs: 300_000,
  onStatus: new Set([408, 409, 425, 429, 500, 502, 503, 504, 529]),
  contentPolicy: "return",
  contextOverflow: "failover",
};

/** Credentials as a snapshot has them. */
export function credentialsOf(
  given: Partial<CredentialSettings> = {},
  providers: readonly ProviderSettings[] = Object.values(PROVIDERS),
  state: CredentialState = new CredentialState(() => 0),
): Credentials {
  const credentials: CredentialSettings = {
    enabled: ALL_ADAPTERS,
    operatorKeys: "whenNoClientKey",
    onLimit: "return",
    prefixes: DEFAULT_PREFIXES,
    ...given,
  };
  return new Credentials({ providers, credentials, fallback: FALLBACK }, state);
}

/** A fault of a provider. */
export function providerFault(kind: FaultKind, retryAfterMs = -1, code: string | null = null): Fault {
  return { ...faultOf(kind, "refused", null, code), retryAfterMs };
}
