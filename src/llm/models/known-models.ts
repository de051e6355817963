// What is known of models.
import type { ModelFacts } from "../model.ts";
import type { ProviderKind } from "../providers.ts";

/** Of models that are not known: nothing is refused on behalf of the provider. */
const UNKNOWN: ModelFacts = {
  contextIn: 0,
  contextOut: 0,
  images: true,
  documents: true,
  audio: true,
  tools: true,
  schema: true,
  sampling: true,
  stop: true,
  reasoning: { kind: "none" },
  reasoningBack: false,
};

/** A model, and its price in USD per million tokens; null: unknown. */
export interface KnownModel {
  readonly facts: ModelFacts;
  readonly price: { readonly input: number; readonly output: number } | null;
}

/** What is known of a model. @param name `author/model` or the name at the provider */
export function factsOf(_name: string, _upstreamName: string, _kind: ProviderKind): KnownModel {
  return { facts: UNKNOWN, price: null };
}
