// Reads a client's request of Anthropic Messages.

import type { RequestPlace } from "../format.ts";
import {
  optionalCount,
  optionalFlag,
  optionalList,
  optionalNumber,
  optionalObject,
  optionalText,
} from "../json/fields.ts";
import { type JsonObject, objectOr } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import { Losses } from "../message/losses.ts";
import type { CacheMark, ChatRequest, Sampling } from "../message/request.ts";
import { readOutput, readReasoning } from "./read-thinking.ts";
import { readToolChoice, readTools } from "./read-tools.ts";
import { markLast, readSystem, readTurns } from "./read-turns.ts";

/** Fields that have a counterpart in the common form. */
const MAPPED: ReadonlySet<string> = new Set([
  "model",
  "max_tokens",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "thinking",
  "output_config",
  "output_format",
  "stop_sequences",
  "temperature",
  "top_p",
  "top_k",
  "metadata",
  "service_tier",
  "cache_control",
  "stream",
]);

/** Fields that name something kept by the provider, or that promise what no other provider keeps. */
const NATIVE: ReadonlySet<string> = new Set(["container", "mcp_servers", "thread", "inference_geo"]);

/**
 * Reads a request. `max_tokens` may be absent, as it is where tokens are counted.
 * @throws LlmError `invalid` naming the place of what is malformed
 */
export function readRequest(body: JsonObject, place: RequestPlace): ChatRequest {
  const losses = new Losses();
  noteOthers(body, losses);
  const metadata = optionalObject(body, "metadata");
  return {
    model: place.model ?? readModel(body),
    system: readSystem(body.system),
    turns: markLast(readTurns(body.messages, losses), readMark(body)),
    tools: readTools(body, losses),
    ...readToolChoice(body),
    maxTokens: optionalCount(body, "max_tokens", 0),
    stop: readStop(body),
    sampling: readSampling(body),
    choices: 1,
    logprobs: null,
    output: readOutput(body),
    reasoning: readReasoning(body),
    verbosity: null,
    stream: place.stream ?? optionalFlag(body, "stream") ?? false,
    streamUsage: true,
    user: metadata === null ? null : optionalText(metadata, "user_id", "metadata.user_id"),
    cacheKey: null,
    serviceTier: readTier(body),
    metadata: null,
    nativeOnly: losses.nativeOnly,
    droppable: losses.droppable,
  };
}

function readModel(body: JsonObject): string {
  const model = optionalText(body, "model");
  if (model === null) throw invalid("model", "is required");
  return model;
}

/** `cache_control` of the request: it marks the last block that can have a mark. */
function readMark(body: JsonObject): CacheMark | null {
  const mark = optionalObject(body, "cache_control");
  return mark === null ? null : { ttlSeconds: mark.ttl === "1h" ? 3600 : 0 };
}

/** Fields that are not mapped; those not known here are taken for betas. */
function noteOthers(body: JsonObject, losses: Losses): void {
  for (const key of Object.keys(body)) {
    if (MAPPED.has(key) || (body[key] ?? null) === null) continue;
    if (NATIVE.has(key)) losses.native(key);
    else losses.drop(key);
  }
  if ((objectOr(body.output_config)?.task_budget ?? null) !== null) losses.drop("output_config.task_budget");
}

function readStop(body: JsonObject): string[] {
  return optionalList(body, "stop_sequences").map((value, index) => {
    if (typeof value !== "string") throw invalid(`stop_sequences[${index}]`, "must be a text");
    return value;
  });
}

function readSampling(body: JsonObject): Sampling {
  return {
    temperature: optionalNumber(body, "temperature"),
    topP: optionalNumber(body, "top_p"),
    topK: optionalCount(body, "top_k", 0),
    frequencyPenalty: null,
    presencePenalty: null,
    seed: null,
    logitBias: null,
  };
}

/** `standard_only` is what others call `default`. */
function readTier(body: JsonObject): string | null {
  const tier = optionalText(body, "service_tier");
  return tier === "standard_only" ? "default" : tier;
}
