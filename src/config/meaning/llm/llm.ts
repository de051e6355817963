// `llm`: validated settings of language models.
import type { AccountSettings } from "../../../auth/accounts/settings.ts";
import type { LlmSettings } from "../../../llm/settings.ts";
import type { Environment } from "../../schema/environment.ts";
import type { LlmSection } from "../../schema/llm.ts";
import type { Draft } from "../draft.ts";
import { rangesOf } from "../probe-parts.ts";
import { readAccounts } from "./accounts.ts";
import { readAliases, readModels } from "./models.ts";
import { type ReadProvider, readProviders } from "./providers.ts";

/** The settings, and the providers from which services are made. */
export interface LlmMeaning {
  /** null: nothing is configured. */
  readonly settings: LlmSettings | null;
  readonly providers: readonly ReadProvider[];
  /** null: users cannot connect accounts. */
  readonly accounts: AccountSettings | null;
}

/** Reads and checks the section. @param env in which API keys may be */
export function readLlm(draft: Draft, env: Environment): LlmMeaning {
  const { llm } = draft.written;
  if (llm === null) return { settings: null, providers: [], accounts: null };
  if (llm.maxBodySize === 0) draft.error(["llm", "maxBodySize"], "llm.maxBodySize must be above 0");
  const read = readProviders(draft, env);
  const providers = read.map(({ settings }) => settings);
  const models = readModels(draft, providers);
  const settings: LlmSettings = {
    providers,
    models,
    aliases: readAliases(draft, providers, models),
    maxBodyBytes: llm.maxBodySize,
    credentials: {
      enabled: llm.authAdapters.enabled,
      operatorKeys: llm.authAdapters.operatorKeys,
      onLimit: llm.authAdapters.passthrough.onLimit,
      prefixes: prefixesOf(draft, llm),
    },
    fallback: fallbackOf(draft, llm),
    responseHeaders: llm.responseHeaders,
    keepAliveMs: llm.keepaliveInterval,
  };
  return { settings, providers: read, accounts: readAccounts(draft, llm.authAdapters.google, env) };
}

function prefixesOf(draft: Draft, { authAdapters: { prefixes } }: LlmSection): LlmSettings["credentials"]["prefixes"] {
  for (const [name, prefix] of Object.entries(prefixes)) {
    const place = ["llm", "authAdapters", "prefixes", name];
    if (prefix === "") draft.error(place, `${place.join(".")}: must not be empty; every text begins so`);
  }
  return prefixes;
}

function fallbackOf(draft: Draft, { fallback }: LlmSection): LlmSettings["fallback"] {
  const { maxAttempts, switchBudgetMs, cooldownSeconds, maxCooldownSeconds, contentPolicy, contextOverflow } = fallback;
  if (maxCooldownSeconds < cooldownSeconds && draft.isGiven("llm.fallback.maxCooldownSeconds"))
    draft.error(["llm", "fallback", "maxCooldownSeconds"], "llm.fallback: maxCooldownSeconds is below cooldownSeconds");
  return {
    maxAttempts,
    switchBudgetMs,
    cooldownMs: cooldownSeconds,
    maxCooldownMs: Math.max(maxCooldownSeconds, cooldownSeconds),
    onStatus: statusesOf(fallback.onStatus),
    contentPolicy,
    contextOverflow,
  };
}

function statusesOf(texts: readonly string[]): ReadonlySet<number> {
  const ranges = texts.length === 0 ? [] : rangesOf(texts);
  return new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)));
}
