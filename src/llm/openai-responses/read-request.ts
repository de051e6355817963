// Reads a client's request of Responses.

import type { RequestPlace } from "../format.ts";
import {
  optionalCount,
  optionalFlag,
  optionalList,
  optionalNumber,
  optionalObject,
  optionalText,
} from "../json/fields.ts";
import { isObject, type JsonObject, listOr } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import { Losses } from "../message/losses.ts";
import type { ChatRequest, Effort, OutputShape, Reasoning, Tool } from "../message/request.ts";
import { EFFORTS } from "../message/request.ts";
import { textPart } from "./read-content.ts";
import { InputReader } from "./read-input.ts";
import { readToolChoice, readTools } from "./read-tools.ts";

/** Fields that are read below. */
const READ: ReadonlySet<string> = new Set([
  "model",
  "input",
  "instructions",
  "max_output_tokens",
  "temperature",
  "top_p",
  "top_logprobs",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning",
  "text",
  "include",
  "store",
  "stream",
  "stream_options",
  "truncation",
  "background",
  "metadata",
  "safety_identifier",
  "user",
  "prompt_cache_key",
  "service_tier",
]);

/** Fields that refer to what one provider stores, or that have it do more than answer. */
const NATIVE: ReadonlySet<string> = new Set([
  "previous_response_id",
  "conversation",
  "prompt",
  "background_options",
  "context_management",
  "moderation",
  "access_programs",
]);

/**
 * A request in the common form.
 * @throws LlmError `invalid`
 */
export function readRequest(body: JsonObject, place: RequestPlace): ChatRequest {
  const losses = new Losses();
  noteFields(body, losses);
  const input = new InputReader(losses);
  input.read(body.input);
  const tools = readAllTools(body, input, losses);
  const toolChoice = readToolChoice(body.tool_choice, tools, losses);
  const instructions = optionalText(body, "instructions");
  const output = readText(body);
  const request: ChatRequest = {
    model: place.model ?? readModel(body),
    system: instructions === null ? input.system : [textPart(instructions), ...input.system],
    turns: input.turns,
    tools,
    toolChoice,
    parallelTools: optionalFlag(body, "parallel_tool_calls"),
    maxTokens: optionalCount(body, "max_output_tokens", 1),
    stop: [],
    sampling: readSampling(body),
    choices: 1,
    logprobs: readLogprobs(body),
    output: output.shape,
    reasoning: readReasoningWish(body, losses),
    verbosity: output.verbosity,
    stream: place.stream ?? optionalFlag(body, "stream") ?? false,
    streamUsage: true,
    user: optionalText(body, "safety_identifier") ?? optionalText(body, "user"),
    cacheKey: optionalText(body, "prompt_cache_key"),
    serviceTier: optionalText(body, "service_tier"),
    metadata: optionalObject(body, "metadata"),
    nativeOnly: losses.nativeOnly,
    droppable: losses.droppable,
  };
  if (request.nativeOnly.length === 0) requireWhole(body, input);
  return request;
}

/** Without anything stored at a provider, the request itself must have all there is. */
function requireWhole(body: JsonObject, input: InputReader): void {
  if ((body.input ?? null) === null) throw invalid("input", "is required");
  input.requireCalls();
}

function readModel({ model }: JsonObject): string {
  if (typeof model !== "string" || model === "") throw invalid("model", "must be a text");
  return model;
}

function noteFields(body: JsonObject, losses: Losses): void {
  for (const key in body) {
    if (READ.has(key) || body[key] === null) continue;
    if (NATIVE.has(key)) losses.native(key);
    else losses.drop(key);
  }
  if (body.background === true) losses.native("background");
  if (body.store === true) losses.drop("store");
  if (body.truncation === "auto") losses.drop("truncation");
  if (isObject(body.stream_options) && body.stream_options.include_obfuscation === true) losses.drop("stream_options");
  for (const wanted of listOr(body.include)) {
    if (wanted !== "reasoning.encrypted_content" && wanted !== LOGPROBS) losses.drop("include");
  }
}

function readAllTools(body: JsonObject, input: InputReader, losses: Losses): Tool[] {
  const tools = readTools(optionalList(body, "tools"), "tools", losses);
  for (const { list, place } of input.tools) tools.push(...readTools(list, place, losses));
  const names = new Map<string, Tool>();
  for (const tool of tools) {
    const other = names.get(tool.name);
    if (other !== undefined && (other.namespace !== null || tool.namespace !== null)) {
      throw invalid("tools", "have names that cannot be told apart");
    }
    names.set(tool.name, tool);
  }
  return tools;
}

function readSampling(body: JsonObject): ChatRequest["sampling"] {
  return {
    temperature: optionalNumber(body, "temperature"),
    topP: optionalNumber(body, "top_p"),
    topK: null,
    frequencyPenalty: null,
    presencePenalty: null,
    seed: null,
    logitBias: null,
  };
}

const LOGPROBS = "message.output_text.logprobs";

function readLogprobs(body: JsonObject): number | null {
  const alternatives = optionalCount(body, "top_logprobs", 0);
  const wanted = optionalList(body, "include").includes(LOGPROBS);
  if (wanted) return alternatives ?? 0;
  return alternatives === 0 ? null : alternatives;
}

function readText(body: JsonObject): { readonly shape: OutputShape | null; readonly verbosity: string | null } {
  const text = optionalObject(body, "text");
  if (text === null) return { shape: null, verbosity: null };
  const format = optionalObject(text, "format", "text.format");
  return {
    shape: format === null ? null : readShape(format),
    verbosity: optionalText(text, "verbosity", "text.verbosity"),
  };
}

function readShape(format: JsonObject): OutputShape | null {
  switch (format.type) {
    case "text":
      return null;
    case "json_object":
      return { kind: "json" };
    case "json_schema": {
      const name = optionalText(format, "name", "text.format.name");
      const schema = optionalObject(format, "schema", "text.format.schema");
      if (name === null) throw invalid("text.format.name", "is required");
      if (schema === null) throw invalid("text.format.schema", "is required");
      const description = optionalText(format, "description", "text.format.description");
      return {
        kind: "schema",
        name,
        description,
        schema,
        strict: optionalFlag(format, "strict", "text.format.strict"),
      };
    }
    default:
      throw invalid("text.format.type", "must be text, json_object or json_schema");
  }
}

function readReasoningWish(body: JsonObject, losses: Losses): Reasoning | null {
  const reasoning = optionalObject(body, "reasoning");
  if (reasoning === null) return null;
  const effort = optionalText(reasoning, "effort", "reasoning.effort");
  if (effort !== null && !EFFORTS.includes(effort as Effort)) {
    throw invalid("reasoning.effort", `must be one of ${EFFORTS.join(", ")}`);
  }
  const summary =
    optionalText(reasoning, "summary", "reasoning.summary") ??
    optionalText(reasoning, "generate_summary", "reasoning.generate_summary");
  if (reasoning.mode === "pro") losses.native("reasoning.mode");
  if ((reasoning.context ?? "auto") !== "auto") losses.drop("reasoning.context");
  const visible = summary === null ? null : true;
  return { effort: effort as Effort | null, budget: null, adaptive: false, visible, summary };
}
