// Reads a client's request of Chat Completions.

import type { RequestPlace } from "../format.ts";
import {
  optionalCount,
  optionalFlag,
  optionalList,
  optionalNumber,
  optionalObject,
  optionalText,
} from "../json/fields.ts";
import { isObject, type JsonObject, textOr } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import { Losses } from "../message/losses.ts";
import type { ChatRequest, OutputShape, Sampling } from "../message/request.ts";
import { readMessages } from "./read-messages.ts";
import { readReasoning } from "./read-reasoning.ts";
import { readToolChoice, readTools } from "./read-tools.ts";

/** Fields that are read, or that say nothing where they are not. */
const READ: ReadonlySet<string> = new Set(
  `audio frequency_penalty function_call functions include_reasoning logit_bias logprobs max_completion_tokens max_tokens
  messages metadata modalities model n parallel_tool_calls presence_penalty prompt_cache_key reasoning reasoning_effort
  response_format safety_identifier seed service_tier stop store stream stream_options temperature thinking tool_choice tools
  top_k top_logprobs top_p user verbosity`.split(/\s+/),
);

/** Fields the client relies on and that only providers of this format have: of OpenAI, OpenRouter, vLLM and llama.cpp. */
const NATIVE_ONLY: ReadonlySet<string> = new Set(
  `web_search_options moderation provider plugins guided_json guided_regex guided_choice guided_grammar structured_outputs
  grammar json_schema`.split(/\s+/),
);

/** @throws LlmError `invalid` naming the place of what is malformed; what other formats lack is noted, not refused */
export function readRequest(body: JsonObject, place: RequestPlace): ChatRequest {
  const losses = new Losses();
  noteOthers(body, losses);
  const model = place.model ?? body.model;
  if (typeof model !== "string" || model === "") throw invalid("model", "must be a text");
  const functions = optionalList(body, "functions").length > 0;
  const streamOptions = optionalObject(body, "stream_options");
  return {
    model,
    ...readMessages(body.messages, losses),
    tools: readTools(body, losses),
    toolChoice: readToolChoice(body, losses),
    // A `function_call` is one.
    parallelTools: functions ? false : optionalFlag(body, "parallel_tool_calls"),
    functions,
    maxTokens: optionalCount(body, "max_completion_tokens", 1) ?? optionalCount(body, "max_tokens", 1),
    stop: readStop(body.stop ?? []),
    sampling: readSampling(body),
    choices: optionalCount(body, "n", 1) ?? 1,
    logprobs: readLogprobs(body),
    output: readOutput(body, losses),
    reasoning: readReasoning(body, losses),
    verbosity: optionalText(body, "verbosity"),
    stream: place.stream ?? optionalFlag(body, "stream") ?? false,
    streamUsage: streamOptions?.include_usage === true,
    user: optionalText(body, "safety_identifier") ?? optionalText(body, "user"),
    cacheKey: optionalText(body, "prompt_cache_key"),
    serviceTier: optionalText(body, "service_tier"),
    metadata: optionalObject(body, "metadata"),
    nativeOnly: losses.nativeOnly,
    droppable: losses.droppable,
  };
}

function noteOthers(body: JsonObject, losses: Losses): void {
  for (const key in body) {
    if (READ.has(key) || (body[key] ?? null) === null) continue;
    if (NATIVE_ONLY.has(key)) losses.native(key);
    else losses.drop(key);
  }
  if (body.store === true) losses.native("store");
  if (Array.isArray(body.modalities) && body.modalities.some((modality) => modality !== "text")) {
    losses.native("modalities");
  }
}

function readStop(stop: unknown): readonly string[] {
  if (typeof stop === "string") return [stop];
  if (Array.isArray(stop) && stop.every((each) => typeof each === "string")) return stop;
  throw invalid("stop", "must be a text or a list of texts");
}

function readSampling(body: JsonObject): Sampling {
  return {
    temperature: optionalNumber(body, "temperature"),
    topP: optionalNumber(body, "top_p"),
    topK: optionalNumber(body, "top_k"),
    frequencyPenalty: optionalNumber(body, "frequency_penalty"),
    presencePenalty: optionalNumber(body, "presence_penalty"),
    seed: optionalNumber(body, "seed"),
    logitBias: optionalObject(body, "logit_bias"),
  };
}

function readLogprobs(body: JsonObject): number | null {
  const alternatives = optionalCount(body, "top_logprobs", 0);
  return optionalFlag(body, "logprobs") === true ? (alternatives ?? 0) : null;
}

function readOutput(body: JsonObject, losses: Losses): OutputShape | null {
  const format = optionalObject(body, "response_format");
  switch (format?.type) {
    case undefined:
      if (format !== null) throw invalid("response_format.type", "must be a text");
      return null;
    case "text":
      return null;
    case "json_object":
      // So do llama.cpp and Together ask for a schema.
      if (isObject(format?.schema)) return schemaShape({ schema: format.schema });
      return { kind: "json" };
    case "json_schema": {
      const shape = format?.json_schema;
      if (!isObject(shape)) throw invalid("response_format.json_schema", "must be an object");
      return schemaShape(shape);
    }
    default:
      losses.native("response_format", textOr(format?.type) ?? "");
      return null;
  }
}

function schemaShape(shape: JsonObject): OutputShape {
  const place = "response_format.json_schema";
  return {
    kind: "schema",
    name: optionalText(shape, "name", `${place}.name`) ?? "answer",
    description: optionalText(shape, "description", `${place}.description`),
    schema: optionalObject(shape, "schema", `${place}.schema`) ?? {},
    strict: optionalFlag(shape, "strict", `${place}.strict`),
  };
}
