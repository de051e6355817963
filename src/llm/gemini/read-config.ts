// Reads `generationConfig` of a request.
import {
  optionalCount,
  optionalFlag,
  optionalList,
  optionalNumber,
  optionalObject,
  optionalText,
} from "../json/fields.ts";
import type { JsonObject } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import { type ChatRequest, EFFORTS, type Effort, type OutputShape, type Reasoning } from "../message/request.ts";
import { camelFields } from "./camel-case.ts";
import { fromOpenApi } from "./open-api-schema.ts";

const AT = "generationConfig";

/** Fields this file reads. */
const READ = new Set(
  (
    "maxOutputTokens temperature topP topK stopSequences candidateCount seed presencePenalty frequencyPenalty " +
    "responseMimeType responseSchema responseJsonSchema _responseJsonSchema responseModalities responseLogprobs logprobs " +
    "thinkingConfig"
  ).split(" "),
);
/** Hints that change no answer another provider would give. */
const HINTS = new Set(["mediaResolution", "enableEnhancedCivicAnswers", "automaticContinuation"]);

/** The part of a request that the configuration is. */
export type Config = Pick<
  ChatRequest,
  "maxTokens" | "stop" | "sampling" | "choices" | "logprobs" | "output" | "reasoning"
>;

/** @throws LlmError `invalid` */
export function readConfig(written: JsonObject, losses: Losses): Config {
  const config = camelFields(written);
  noteOthers(config, losses);
  return {
    maxTokens: count(config, "maxOutputTokens", 0),
    stop: texts(config, "stopSequences"),
    sampling: {
      temperature: number(config, "temperature"),
      topP: number(config, "topP"),
      topK: number(config, "topK"),
      frequencyPenalty: number(config, "frequencyPenalty"),
      presencePenalty: number(config, "presencePenalty"),
      seed: number(config, "seed"),
      logitBias: null,
    },
    choices: count(config, "candidateCount", 1) ?? 1,
    logprobs: readLogprobs(config),
    output: readOutput(config, losses),
    reasoning: readThinking(config),
  };
}

function noteOthers(config: JsonObject, losses: Losses): void {
  for (const key of Object.keys(config)) {
    if (READ.has(key) || (config[key] ?? null) === null) continue;
    if (HINTS.has(key)) losses.drop(`${AT}.${key}`);
    else losses.native(`${AT}.${key}`);
  }
  const modalities = texts(config, "responseModalities");
  if (modalities.some((each) => each.toUpperCase() !== "TEXT")) losses.native(`${AT}.responseModalities`);
}

function number(config: JsonObject, key: string): number | null {
  return (config[key] ?? null) === null ? null : optionalNumber(config, key, `${AT}.${key}`);
}

function count(config: JsonObject, key: string, min: number): number | null {
  return (config[key] ?? null) === null ? null : optionalCount(config, key, min, `${AT}.${key}`);
}

function texts(config: JsonObject, key: string): readonly string[] {
  if ((config[key] ?? null) === null) return [];
  const list = optionalList(config, key, `${AT}.${key}`);
  return list.map((each, index) => {
    if (typeof each === "string") return each;
    throw invalid(`${AT}.${key}[${index}]`, "must be a text");
  });
}

function readLogprobs(config: JsonObject): number | null {
  const wanted = optionalFlag(config, "responseLogprobs", `${AT}.responseLogprobs`) === true;
  const alternatives = count(config, "logprobs", 0);
  if (alternatives !== null && !wanted) throw invalid(`${AT}.logprobs`, "needs responseLogprobs");
  return wanted ? (alternatives ?? 0) : null;
}

function readOutput(config: JsonObject, losses: Losses): OutputShape | null {
  const type = optionalText(config, "responseMimeType", `${AT}.responseMimeType`) ?? "";
  const schema = readSchema(config);
  if (type === "application/json") {
    if (schema === null) return { kind: "json" };
    return { kind: "schema", name: "response", description: null, schema, strict: null };
  }
  if (type !== "" && type !== "text/plain") losses.native(`${AT}.responseMimeType ${type}`);
  else if (schema !== null) throw invalid(`${AT}.responseMimeType`, "must be application/json where there is a schema");
  return null;
}

function readSchema(config: JsonObject): JsonObject | null {
  const own = optionalObject(config, "responseSchema", `${AT}.responseSchema`);
  const key = config._responseJsonSchema === undefined ? "responseJsonSchema" : "_responseJsonSchema";
  const json = optionalObject(config, key, `${AT}.${key}`);
  if (own === null) return json;
  if (json !== null) throw invalid(`${AT}.responseSchema`, "cannot be combined with responseJsonSchema");
  return fromOpenApi(own, `${AT}.responseSchema`);
}

function readThinking(config: JsonObject): Reasoning | null {
  const at = `${AT}.thinkingConfig`;
  const written = optionalObject(config, "thinkingConfig", at);
  if (written === null) return null;
  const thinking = camelFields(written);
  const visible = optionalFlag(thinking, "includeThoughts", `${at}.includeThoughts`);
  const budget = optionalCount(thinking, "thinkingBudget", -1, `${at}.thinkingBudget`);
  const effort = readLevel(optionalText(thinking, "thinkingLevel", `${at}.thinkingLevel`));
  if (budget !== null && effort !== null) throw invalid(at, "cannot have both thinkingBudget and thinkingLevel");
  return { effort, budget, adaptive: budget === -1, visible, summary: null };
}

function readLevel(level: string | null): Effort | null {
  if (level === null || level === "THINKING_LEVEL_UNSPECIFIED") return null;
  const effort = EFFORTS.find((each) => each === level.toLowerCase());
  if (effort === undefined)
    throw invalid(`${AT}.thinkingConfig.thinkingLevel`, `must be one of MINIMAL, LOW, MEDIUM, HIGH`);
  return effort;
}
