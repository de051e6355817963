// What the configuration says about language models: providers, models, credentials, failover, and rules that use them.
import type { FormatName } from "./format.ts";
import type { Dialect, ModelFacts } from "./models/model.ts";
import type { ProviderKind } from "./providers/kinds.ts";

/** A provider. */
export interface ProviderSettings {
  /** Name in the configuration; its service is `llm.<id>`. */
  readonly id: string;
  readonly kind: ProviderKind;
  /** Where it is, such as `https://api.openai.com`. Credentials go there only. */
  readonly origin: string;
  /** Begins every path, such as `/v1`, without a slash at its end; "" none. */
  readonly basePath: string;
  /** Keys of the operator, in order; empty: none, or the provider needs none. */
  readonly apiKeys: readonly string[];
  /** Extra request fields, flat. */
  readonly headers: readonly string[];
  /** Formats of chat it is spoken to in: the client's own if it is one of them, else the first. */
  readonly formats: readonly [FormatName, ...FormatName[]];
  readonly dialect: Dialect;
  /** Longest silence after a response head, ms. The other waits are those of its service. */
  readonly idleTimeoutMs: number;
  /** The next candidate is asked if no content has come by then, ms; 0 never. */
  readonly ttftTimeoutMs: number;
  /** Whether a client without any credential of its own, and an operator without a key, may use it (local servers). */
  readonly keyless: boolean;
}

/** What the configuration says about a model, over what is known of it. */
export interface ModelSettings {
  /** Name clients and rules use, such as `openai/gpt-5`. */
  readonly id: string;
  /** Provider that serves it. */
  readonly provider: string;
  readonly upstreamName: string;
  /** Overrides of what is known of it. */
  readonly facts: Partial<ModelFacts>;
  /** USD per million tokens; null: unknown. */
  readonly price: { readonly input: number; readonly output: number } | null;
}

/** How credentials of clients begin. */
export interface CredentialPrefixes {
  readonly anthropicOauth: string;
  readonly anthropic: string;
  readonly googleOauth: string;
  readonly openrouter: string;
  readonly openai: string;
}

/** Which credentials of clients are recognised, and what they may be used for. */
export interface CredentialSettings {
  readonly enabled: readonly ("anthropic-oauth" | "google-oauth" | "openai-key" | "user-key")[];
  /** Whether keys of the operator serve a request that brought a credential of a provider. */
  readonly operatorKeys: "whenNoClientKey" | "allow" | "never";
  /** What a 429 on an OAuth request does. */
  readonly onLimit: "return" | "failover";
  readonly prefixes: CredentialPrefixes;
}

/** When and how the next candidate takes over. Times in ms. */
export interface FallbackSettings {
  /** Requests to providers per request of a client. */
  readonly maxAttempts: number;
  /** From the failure seen to the next attempt sent. */
  readonly switchBudgetMs: number;
  readonly cooldownMs: number;
  /** Longest cooldown a provider may ask for. */
  readonly maxCooldownMs: number;
  /** Statuses that make the next candidate take over. */
  readonly onStatus: ReadonlySet<number>;
  readonly contentPolicy: "return" | "failover";
  readonly contextOverflow: "return" | "failover";
}

/** `llm`. */
export interface LlmSettings {
  readonly providers: readonly ProviderSettings[];
  readonly models: readonly ModelSettings[];
  /** Name a client may send → model id, or `auto`. `auto` is always there. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly maxBodyBytes: number;
  readonly credentials: CredentialSettings;
  readonly fallback: FallbackSettings;
  /** Whether replies carry `x-llm-*` fields. */
  readonly responseHeaders: boolean;
  /** Longest time a client of a stream gets no byte, ms. */
  readonly keepAliveMs: number;
}

/** A candidate of a rule, as written. */
export interface RuleModel {
  /** `author/model`, `provider:author/model`, or an id of `llm.models`. */
  readonly model: string;
  /** For `order: weighted`; 1 unless written. */
  readonly weight: number;
}

/** `rules[].strategy` of type `llm`. */
export interface LlmRule {
  readonly models: readonly RuleModel[];
  readonly order: "priority" | "weighted" | "cheapest" | "fastest";
  /** Whether other candidates follow when the first one, or the one the client named, fails. */
  readonly failover: boolean;
}
