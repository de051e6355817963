// Asks each provider of a configuration for one token with each key of the operator.
import type { Config } from "../../config/config.ts";
import { processFacts } from "../../data/process-facts.ts";
import { type ServicesAlone, servicesAlone } from "../../data/services-alone.ts";
import { type Credential, keylessCredential, operatorKey } from "../../llm/credentials/credential.ts";
import type { Candidate, Provider } from "../../llm/exchange/candidates/provider.ts";
import { askModels } from "../../llm/exchange/own/ask-models.ts";
import { askOneToken } from "../../llm/exchange/own/one-token.ts";
import type { RuleSetup } from "../../llm/exchange/setup.ts";
import { LlmError } from "../../llm/message/fault.ts";
import { dryLlmRoutes } from "../../snapshot/check/dry-llm.ts";
import { contextOf } from "../../snapshot/check/dry-run.ts";
import { VERSION } from "../../version.ts";

/** What became of one key at one provider. */
export interface KeyCheck {
  readonly provider: string;
  /** Number of the key, from 1; null: none is needed. */
  readonly key: number | null;
  /** The model that was asked; null: no model of the provider is named anywhere, and its list was asked for. */
  readonly model: string | null;
  /** HTTP status; 0: there was no answer. */
  readonly status: number;
  readonly ms: number;
  /** Without anything secret; null: it works. */
  readonly problem: string | null;
}

/** The checks, and the providers that there is no key for. */
export interface KeyChecks {
  readonly checks: readonly KeyCheck[];
  readonly withoutKey: readonly string[];
}

/** Bytes of a list of models. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;

/** Checks the providers at once, and the keys of each one after the other. */
export async function checkKeys(config: Config, timeoutMs: number): Promise<KeyChecks> {
  const services = servicesAlone(config, processFacts(VERSION));
  try {
    return await checkAll(config, services, timeoutMs);
  } finally {
    services.close();
  }
}

async function checkAll(config: Config, services: ServicesAlone, timeoutMs: number): Promise<KeyChecks> {
  const routes = await dryLlmRoutes(config, services.named);
  const named = [
    ...config.rules.flatMap(({ strategy }) => strategy?.models ?? []).map(({ model }) => model),
    ...config.llm!.models.map(({ id }) => id),
  ];
  const models = [...new Set(named)].map((model) => ({ model, weight: 1 }));
  const setup = routes.setupOf({ models, order: "priority", failover: true, allow: null }, "");
  const checker = new Checker(setup, timeoutMs);
  const providers = [...routes.providers.values()];
  const checked = await Promise.all(providers.map((provider) => checker.check(provider)));
  return {
    checks: checked.flat(),
    withoutKey: providers.filter((_, i) => checked[i]!.length === 0).map(({ settings }) => settings.id),
  };
}

class Checker {
  readonly #setup: RuleSetup;
  readonly #timeoutMs: number;

  constructor(setup: RuleSetup, timeoutMs: number) {
    this.#setup = setup;
    this.#timeoutMs = timeoutMs;
  }

  async check(provider: Provider): Promise<KeyCheck[]> {
    const { settings } = provider;
    const { id, apiKeys, keyless } = settings;
    const keys = apiKeys.length === 0 && keyless ? [null] : apiKeys;
    const candidate = this.#setup.order.candidates.find((each) => each.provider === provider) ?? null;
    const checks: KeyCheck[] = [];
    for (const [i, key] of keys.entries()) {
      const credential = key === null ? keylessCredential(settings) : operatorKey(settings, key);
      const answer = await (candidate === null ? this.#list(provider, credential) : this.#token(candidate, credential));
      checks.push({
        provider: id,
        key: key === null ? null : i + 1,
        model: candidate?.upstreamName ?? null,
        ...answer,
      });
    }
    return checks;
  }

  #token(candidate: Candidate, credential: Credential) {
    return askOneToken(this.#setup, contextFor("POST", "/v1/chat/completions"), candidate, credential, this.#timeoutMs);
  }

  async #list(provider: Provider, credential: Credential): Promise<Pick<KeyCheck, "status" | "ms" | "problem">> {
    const startedAt = performance.now();
    const end = (status: number, problem: string | null) => ({
      status,
      ms: Math.round(performance.now() - startedAt),
      problem,
    });
    const bounds = { timeoutMs: this.#timeoutMs, maxBytes: MAX_LIST_BYTES };
    try {
      await askModels(provider, this.#setup.formats, credential, contextFor("GET", "/v1/models"), bounds);
      return end(200, null);
    } catch (error) {
      return end(error instanceof LlmError ? error.fault.status : 0, (error as Error).message);
    }
  }
}

function contextFor(method: string, path: string): ReturnType<typeof contextOf> {
  return Object.assign(contextOf({ listener: "", method, url: path, fields: [] }), { path });
}
