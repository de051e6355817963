// What operators are told of the candidates of a rule.
import type { ModelReport } from "../../../core/model-report.ts";
import { acceptsCredential } from "../../credentials/detect.ts";
import { knownModel } from "../../models/known-models.ts";
import type { ModelFacts } from "../../models/model.ts";
import type { CredentialSettings, ProviderSettings } from "../../settings.ts";
import type { RuleSetup } from "../setup.ts";
import type { Candidate } from "./provider.ts";

/** The candidates of a rule as they are now, in the order they are asked. @param rule its id */
export function reportModels(rule: string, setup: RuleSetup): ModelReport[] {
  const { order, rule: settings } = setup;
  const candidates = settings.order === "weighted" ? order.candidates : order.for({ conversation: null });
  return candidates.map((candidate, i) => ({
    rule,
    order: settings.order,
    place: i + 1,
    ...reportCandidate(candidate, setup),
  }));
}

function reportCandidate(
  candidate: Candidate,
  { credentials, settings }: RuleSetup,
): Omit<ModelReport, "rule" | "order" | "place"> {
  const { id, upstreamName, provider, weight, facts, price } = candidate;
  const own = settings.models.find((model) => model.provider === provider.settings.id && model.id === id);
  const credential = credentialOf(provider.settings, settings.credentials);
  const keys = credential === "keys" ? credentials.health(provider.settings, upstreamName) : [];
  return {
    weight,
    model: id,
    provider: provider.settings.id,
    upstreamName,
    credential,
    keys: keys.map(({ state, forMs }) => ({ state, forMs })),
    restsMs: credentials.modelWaitMs(provider.settings, upstreamName),
    known: (knownModel(upstreamName) ?? knownModel(id)) !== null || Object.keys(own?.facts ?? {}).length > 0,
    contextIn: facts.contextIn,
    contextOut: facts.contextOut,
    capabilities: capabilitiesOf(facts),
    price,
  };
}

function credentialOf(provider: ProviderSettings, settings: CredentialSettings): ModelReport["credential"] {
  const { apiKeys, keyless, kind } = provider;
  if (apiKeys.length > 0 && settings.operatorKeys !== "never") return "keys";
  if (apiKeys.length === 0 && keyless) return "keyless";
  return acceptsCredential(kind, settings) ? "client" : "none";
}

function capabilitiesOf(facts: ModelFacts): string[] {
  const { images, documents, audio, tools, schema: jsonSchema, sampling, stop } = facts;
  const reasoning = facts.reasoning.kind !== "none";
  const all = { images, documents, audio, tools, jsonSchema, sampling, stop, reasoning };
  return Object.entries(all).flatMap(([name, can]) => (can ? [name] : []));
}
