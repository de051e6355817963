// What operators are told of the candidates of a rule.
import type { ModelReport } from "../../../core/model-report.ts";
import { acceptsCredential } from "../../credentials/detect.ts";
import { knownModel } from "../../models/known-models.ts";
import type { ModelFacts } from "../../models/model.ts";
import type { CredentialSettings, ProviderSettings } from "../../settings.ts";
import type { RuleSetup } from "../setup.ts";
import type { OpenEntry } from "./open-models.ts";
import type { Candidate } from "./provider.ts";

/** The models of a rule as they are now, in the order they are asked, those that only clients name last. @param rule its id */
export function reportModels(rule: string, setup: RuleSetup): ModelReport[] {
  const { order, rule: settings } = setup;
  const candidates = settings.order === "weighted" ? order.candidates : order.for({ conversation: null });
  const models = [
    ...candidates.map((candidate) => reportCandidate(candidate, setup)),
    ...setup.open.entries.map((entry) => reportEntry(entry, setup)),
  ];
  return models.map((model, i) => ({ rule, order: settings.order, place: i + 1, ...model }));
}

type Report = Omit<ModelReport, "rule" | "order" | "place">;

function reportEntry({ glob, upstreamGlob, provider }: OpenEntry, setup: RuleSetup): Report {
  return {
    weight: 1,
    model: glob,
    provider: provider.settings.id,
    upstreamName: upstreamGlob,
    ...credentialsOf(provider.settings, "", setup),
    open: true,
    known: false,
    contextIn: 0,
    contextOut: 0,
    capabilities: [],
    price: null,
  };
}

function reportCandidate(candidate: Candidate, setup: RuleSetup): Report {
  const { id, upstreamName, provider, weight, facts, price } = candidate;
  const own = setup.settings.models.find((model) => model.provider === provider.settings.id && model.id === id);
  return {
    weight,
    model: id,
    provider: provider.settings.id,
    upstreamName,
    ...credentialsOf(provider.settings, upstreamName, setup),
    open: false,
    known: (knownModel(upstreamName) ?? knownModel(id)) !== null || Object.keys(own?.facts ?? {}).length > 0,
    contextIn: facts.contextIn,
    contextOut: facts.contextOut,
    capabilities: capabilitiesOf(facts),
    price,
  };
}

/** @param model at the provider; "" any */
function credentialsOf(
  provider: ProviderSettings,
  model: string,
  { credentials, settings }: RuleSetup,
): Pick<ModelReport, "credential" | "keys" | "restsMs"> {
  const credential = credentialOf(provider, settings.credentials);
  const keys = credential === "keys" ? credentials.health(provider, model) : [];
  return {
    credential,
    keys: keys.map(({ state, forMs }) => ({ state, forMs })),
    restsMs: credentials.modelWaitMs(provider, model),
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
