// Writes `generationConfig`.

import { inlineRefs } from "../json/schema-refs.ts";
import type { JsonObject } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest, Sampling } from "../message/request.ts";
import type { ModelFacts } from "../models/model.ts";
import { orderOf } from "../reasoning/effort.ts";

/** Most stop sequences. */
const MAX_STOPS = 5;

/** @param warnings gets names of what is left out or changed @throws LlmError of `unsupported` */
export function writeConfig(request: ChatRequest, facts: ModelFacts, warnings: Set<string>): JsonObject {
  const { stop, choices } = request;
  if (stop.length > 0 && !facts.stop) throw unsupported("A stop sequence", "stop");
  if (stop.length > MAX_STOPS) throw unsupported(`More than ${MAX_STOPS} stop sequences`, "stop");
  return {
    ...maxTokens(request.maxTokens, facts, warnings),
    ...sampling(request.sampling, facts, warnings),
    ...(stop.length > 0 ? { stopSequences: stop } : {}),
    ...(choices > 1 ? { candidateCount: choices } : {}),
    ...logprobs(request.logprobs),
    ...outputShape(request, facts, warnings),
    ...thinking(request, facts, warnings),
  };
}

function maxTokens(asked: number | null, { contextOut }: ModelFacts, warnings: Set<string>): JsonObject {
  if (asked === null) return {};
  if (asked === 0) throw unsupported("An answer of no tokens", "max_tokens");
  if (contextOut === 0 || asked <= contextOut) return { maxOutputTokens: asked };
  warnings.add("max_tokens");
  return { maxOutputTokens: contextOut };
}

function sampling(asked: Sampling, facts: ModelFacts, warnings: Set<string>): JsonObject {
  const { temperature, topP, topK, frequencyPenalty, presencePenalty, seed } = asked;
  if (asked.logitBias !== null) warnings.add("logit_bias");
  const chosen = { temperature, topP, topK };
  const other = { frequencyPenalty, presencePenalty, seed };
  return { ...said(chosen, facts.sampling ? null : warnings), ...said(other, null) };
}

/** Fields that are not null. @param leftOut not null: they are left out, and their names added */
function said(fields: Readonly<Record<string, number | null>>, leftOut: Set<string> | null): JsonObject {
  const given = Object.entries(fields).filter(([, value]) => value !== null);
  if (leftOut === null) return Object.fromEntries(given);
  for (const [key] of given) leftOut.add(key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  return {};
}

function logprobs(alternatives: number | null): JsonObject {
  if (alternatives === null) return {};
  return alternatives === 0 ? { responseLogprobs: true } : { responseLogprobs: true, logprobs: alternatives };
}

function outputShape({ output }: ChatRequest, facts: ModelFacts, warnings: Set<string>): JsonObject {
  if (output === null) return {};
  if (output.kind === "json") return { responseMimeType: "application/json" };
  if (!facts.schema) throw unsupported("An answer by a JSON schema", "response_format");
  const { schema, loosened } = inlineRefs(output.schema, "response_format");
  if (loosened) warnings.add("response_format.$ref");
  return { responseMimeType: "application/json", responseJsonSchema: schema };
}

function thinking({ reasoning }: ChatRequest, facts: ModelFacts, warnings: Set<string>): JsonObject {
  if (reasoning === null) return {};
  const changed: string[] = [];
  const order = orderOf(reasoning, facts.reasoning, changed);
  for (const each of changed) warnings.add(each);
  if (order.kind === "off") return { thinkingConfig: { thinkingBudget: 0 } }; // with thoughts wanted it would be refused
  const wanted = facts.reasoning.kind === "none" ? null : reasoning.visible;
  const config = {
    ...(wanted === null ? {} : { includeThoughts: wanted }),
    ...(order.kind === "effort" ? { thinkingLevel: order.effort.toUpperCase() } : {}),
    ...(order.kind === "budget" ? { thinkingBudget: order.tokens } : {}),
  };
  return Object.keys(config).length === 0 ? {} : { thinkingConfig: config };
}
