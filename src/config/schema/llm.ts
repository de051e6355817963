// `llm`: providers of language models, their credentials, and what happens when one fails.

import { DEFAULT_PREFIXES } from "../../llm/credentials/forms.ts";
import type { Infer } from "./field.ts";
import { mapOf, object } from "./fields.ts";
import { llmAccounts } from "./llm-accounts.ts";
import { llmModels } from "./llm-models.ts";
import { llmProviders } from "./llm-providers.ts";
import { bool, dur, durMs, int, oneOf, size, str } from "./scalars.ts";
import { statuses } from "./statuses.ts";
import { wordsOf } from "./words.ts";

const prefixes = object("How credentials of clients begin", {
  anthropicOauth: str("tokens of Claude subscriptions", DEFAULT_PREFIXES.anthropicOauth),
  anthropic: str("API keys of Anthropic", DEFAULT_PREFIXES.anthropic),
  googleOauth: str("access tokens of Google", DEFAULT_PREFIXES.googleOauth),
  openrouter: str("API keys of OpenRouter", DEFAULT_PREFIXES.openrouter),
  openai: str("API keys of OpenAI; what begins like one of the others is none", DEFAULT_PREFIXES.openai),
});

/** Credentials of clients that are recognised. */
const ADAPTERS = ["anthropic-oauth", "google-oauth", "openai-key", "user-key"] as const;

const authAdapters = object("Credentials for providers that clients bring", {
  enabled: wordsOf(
    "credentials that are recognised: `anthropic-oauth` `google-oauth` = tokens of users and keys of Google, `openai-key` = OpenAI API keys, `user-key` = API keys of other providers",
    ADAPTERS,
    ["anthropic-oauth", "google-oauth", "openai-key"],
  ),
  operatorKeys: oneOf(
    "may `apiKeys` serve a request with a credential for a provider: `whenNoClientKey` = no, `allow` = yes, `never` = they serve no request at all",
    ["whenNoClientKey", "allow", "never"],
    "whenNoClientKey",
  ),
  prefixes,
  google: llmAccounts,
  passthrough: object("Requests with the token of a user", {
    onLimit: oneOf(
      "when the provider answers 429: `return` it, or `failover` to a model that the operator pays for",
      ["return", "failover"],
      "return",
    ),
  }),
});

const fallback = object("When and how the next model is tried", {
  maxAttempts: int("maximum requests to providers per request of a client", 3, 1, 20),
  switchBudgetMs: durMs("maximum time between a failure and the next attempt", 300),
  cooldownSeconds: dur("time without requests for a key that was limited, unless the provider sets one", 180_000),
  maxCooldownSeconds: dur("maximum of the time that a provider may set", 300_000),
  onStatus: statuses("statuses after which the next model is tried, also as ranges `500-599`", [
    "408",
    "409",
    "425",
    "429",
    "500-599",
  ]),
  contentPolicy: oneOf(
    "when a provider refuses the content of a prompt: `return` its answer, or `failover` to another author once",
    ["return", "failover"],
    "return",
  ),
  contextOverflow: oneOf(
    "when a prompt is too long for a model: `return` the error, or `failover` to a model that takes more",
    ["return", "failover"],
    "failover",
  ),
});

/** `llm`. */
export const llm = object("Language models", {
  providers: llmProviders,
  models: llmModels,
  aliases: mapOf(
    "name that clients may send → a model, or `auto` for the order of the rule",
    str("name of a model, or `auto`"),
  ),
  authAdapters,
  fallback,
  maxBodySize: size(
    "maximum size of a request that is read into memory, also after decompression; default `maxRequestSize` of rules with a strategy",
    32 * 1024 * 1024,
  ),
  responseHeaders: bool("send `x-llm-*` headers, which name the model and provider that answered", true),
  keepaliveInterval: dur("time without data after which an event stream gets a ping or comment; 0 = never", 15_000),
});

/** `llm` as written. */
export type LlmSection = Infer<typeof llm>;
