// Sampling, stop sequences and the other plain fields for a provider.
import type { JsonObject } from "../json/values.ts";
import type { ChatRequest } from "../message/request.ts";
import type { ModelFacts } from "../models/model.ts";

/** A `top_p` from here on is as good as none. */
const WHOLE = 0.99;
/** The least `top_p` of a model that thinks. */
const LEAST_THINKING = 0.95;

/** Fields of a request that the provider has no counterpart for, by the name of the client's field. */
function unknownFields(request: ChatRequest): readonly (readonly [name: string, set: boolean])[] {
  const { sampling, logprobs, verbosity, cacheKey, metadata } = request;
  return [
    ["frequency_penalty", (sampling.frequencyPenalty ?? 0) !== 0],
    ["presence_penalty", (sampling.presencePenalty ?? 0) !== 0],
    ["seed", sampling.seed !== null],
    ["logit_bias", sampling.logitBias !== null],
    ["logprobs", logprobs !== null],
    ["verbosity", verbosity !== null],
    ["prompt_cache_key", cacheKey !== null],
    ["metadata", metadata !== null],
  ];
}

/** @param thinks whether the request asks for thought @param warnings gets the names of fields left out or changed */
export function otherFields(request: ChatRequest, facts: ModelFacts, thinks: boolean, warnings: string[]): JsonObject {
  for (const [name, set] of unknownFields(request)) if (set) warnings.push(name);
  return {
    ...samplingFields(request, facts, thinks, warnings),
    ...stopFields(request, facts, warnings),
    ...userField(request, warnings),
    ...tierField(request, warnings),
  };
}

function samplingFields({ sampling }: ChatRequest, facts: ModelFacts, thinks: boolean, warnings: string[]): JsonObject {
  const { temperature, topP, topK } = sampling;
  const fields: Record<string, number> = {};
  const free = facts.sampling && !thinks;
  if (temperature !== null && temperature !== 1) {
    if (free) fields.temperature = Math.min(1, temperature);
    if (!free || temperature > 1) warnings.push("temperature");
  }
  if (topP !== null && topP < WHOLE) {
    // The provider takes temperature or top_p, not both.
    if (facts.sampling && fields.temperature === undefined && (!thinks || topP >= LEAST_THINKING)) fields.top_p = topP;
    else warnings.push("top_p");
  }
  if (topK !== null) {
    if (free) fields.top_k = topK;
    else warnings.push("top_k");
  }
  return fields;
}

function stopFields({ stop }: ChatRequest, facts: ModelFacts, warnings: string[]): JsonObject | null {
  const sequences = facts.stop ? stop.filter((sequence) => sequence.trim() !== "") : [];
  if (sequences.length < stop.length) warnings.push("stop");
  return sequences.length === 0 ? null : { stop_sequences: sequences };
}

/** Addresses of mail and numbers of telephones, which the provider refuses as ids. */
const PERSONAL = /@|^\+?\d[\d ().-]{6,}$/;
const LONGEST_USER = 256;

function userField({ user }: ChatRequest, warnings: string[]): JsonObject | null {
  if (user === null) return null;
  if (user.length <= LONGEST_USER && !PERSONAL.test(user)) return { metadata: { user_id: user } };
  warnings.push("user");
  return null;
}

const TIERS: ReadonlyMap<string, string> = new Map([
  ["auto", "auto"],
  ["priority", "auto"],
  ["default", "standard_only"],
]);

function tierField({ serviceTier }: ChatRequest, warnings: string[]): JsonObject | null {
  if (serviceTier === null) return null;
  const tier = TIERS.get(serviceTier);
  if (tier !== undefined) return { service_tier: tier };
  warnings.push("service_tier");
  return null;
}
