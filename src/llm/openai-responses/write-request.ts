// A request in the words of a provider of Responses.
import type { WrittenRequest } from "../format.ts";
import type { JsonObject } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest, Effort, OutputShape, Reasoning } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { effortOf, orderOf, type ReasoningOrder } from "../reasoning/effort.ts";
import { CALL_IDS, callId } from "../tools/ids.ts";
import { Writing } from "./write-context.ts";
import { writeInput } from "./write-input.ts";
import { writeToolChoice, writeTools } from "./write-tools.ts";

/** @throws LlmError of `unsupported` for what the endpoint or the model cannot express */
export function writeRequest(request: ChatRequest, to: ModelTarget): WrittenRequest {
  const [native] = request.nativeOnly;
  if (native !== undefined) throw unsupported(native, native);
  const writing = new Writing(request, to);
  for (const name of request.droppable) writing.warnings.add(name);
  const body = {
    model: to.upstreamName,
    ...writeInstructions(request, writing),
    input: writeInput(request, writing),
    ...toolFields(request, writing),
    ...writeLimits(request, writing),
    ...writeSampling(request, writing),
    ...writeReasoning(request, writing),
    ...writeText(request, to),
    ...writeInclude(request, to),
    ...writeAccount(request, writing),
    // Clients of other formats have asked nobody to keep what they send.
    store: false,
    ...(request.stream ? { stream: true } : null),
  };
  return { body, warnings: [...writing.warnings], toolNames: writing.names.restores ? writing.names : null };
}

/** Without the fields that are null. */
function said(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function writeInstructions({ system }: ChatRequest, { warnings }: Writing): JsonObject {
  if (system.length === 0) return {};
  if (system.some(({ cache }) => cache !== null)) warnings.add("cache_control");
  return { instructions: system.map(({ text }) => text).join("\n\n") };
}

function toolFields({ tools, toolChoice, parallelTools }: ChatRequest, writing: Writing): JsonObject {
  if (tools.length === 0) return {};
  if (!writing.to.facts.tools) throw unsupported("A tool", "tools");
  if (tools.some(({ cache }) => cache !== null)) writing.warnings.add("cache_control");
  return said({
    tools: writeTools(tools, writing),
    tool_choice: toolChoice === null ? null : writeToolChoice(toolChoice, tools, writing),
    parallel_tool_calls: parallelTools,
  });
}

/** Smallest bound that OpenAI accepts. */
const LEAST_TOKENS = 16;

function writeLimits({ maxTokens, stop, choices }: ChatRequest, { to, warnings }: Writing): JsonObject {
  if (choices > 1) throw unsupported("More than one choice", "n");
  if (stop.length > 0) warnings.add("stop");
  if (maxTokens === null) return {};
  const { contextOut } = to.facts;
  const least = to.dialect.genuine ? Math.max(maxTokens, LEAST_TOKENS) : maxTokens;
  const tokens = contextOut > 0 ? Math.min(least, contextOut) : least;
  if (tokens !== maxTokens) warnings.add("max_tokens");
  return { max_output_tokens: tokens };
}

/** Values that say what every model does unless told otherwise. */
const USUAL: Readonly<Record<string, number>> = { temperature: 1, top_p: 1, frequency_penalty: 0, presence_penalty: 0 };

function writeSampling({ sampling, logprobs }: ChatRequest, { to, warnings }: Writing): JsonObject {
  const fields = said({
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_logprobs: logprobs === 0 ? null : logprobs,
  });
  const lost = said({
    ...(to.facts.sampling ? null : fields),
    ...(!to.facts.sampling && logprobs === 0 ? { logprobs } : null),
    top_k: sampling.topK,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
    logit_bias: sampling.logitBias,
  });
  for (const [name, value] of Object.entries(lost)) {
    if (USUAL[name] !== value) warnings.add(name);
  }
  return to.facts.sampling ? fields : {};
}

function writeReasoning({ reasoning }: ChatRequest, writing: Writing): JsonObject {
  const changed: string[] = [];
  const order = orderOf(reasoning, writing.to.facts.reasoning, changed);
  for (const name of changed) writing.warnings.add(name);
  if (reasoning === null || writing.to.facts.reasoning.kind === "none") return {};
  const told = said({ effort: effortIn(order, reasoning), summary: summaryOf(reasoning) });
  return Object.keys(told).length === 0 ? {} : { reasoning: told };
}

function effortIn(order: ReasoningOrder, reasoning: Reasoning): Effort | null {
  if (order.kind === "unsaid") return null;
  if (order.kind === "off") return "none";
  const effort = order.kind === "effort" || order.kind === "adaptive" ? order.effort : null;
  return effort ?? effortOf(reasoning);
}

/** Thoughts are shown as summaries only. */
function summaryOf({ summary, visible }: Reasoning): string | null {
  return summary ?? (visible === true ? "auto" : null);
}

function writeText({ output, verbosity }: ChatRequest, to: ModelTarget): JsonObject {
  const text = said({ format: output === null ? null : writeShape(output, to), verbosity });
  return Object.keys(text).length === 0 ? {} : { text };
}

/** @throws LlmError of `unsupported` */
function writeShape(output: OutputShape, { facts }: ModelTarget): JsonObject {
  if (output.kind === "json") return { type: "json_object" };
  if (!facts.schema) throw unsupported("An answer by a JSON schema", "text.format");
  const { name, description, schema, strict } = output;
  // Other formats have schemas without names.
  return { type: "json_schema", ...said({ name: name === "" ? "answer" : name, description, schema, strict }) };
}

/** Proofs of thoughts are asked for, so that the next turn has them: without them nothing is stored to refer to. */
function writeInclude({ logprobs }: ChatRequest, { facts, dialect }: ModelTarget): JsonObject {
  const include: string[] = [];
  if (dialect.genuine && facts.reasoning.kind !== "none") include.push("reasoning.encrypted_content");
  if (logprobs !== null && facts.sampling) include.push("message.output_text.logprobs");
  return include.length === 0 ? {} : { include };
}

const TIERS: ReadonlySet<string> = new Set(["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"]);

/** What is between the client and the provider's account. Metadata belong to stored answers, and none is stored. */
function writeAccount({ user, cacheKey, serviceTier, metadata }: ChatRequest, { to, warnings }: Writing): JsonObject {
  const { genuine } = to.dialect;
  const tier = serviceTier === "standard_only" ? "default" : serviceTier;
  const tierTaken = genuine && tier !== null && TIERS.has(tier);
  if (tier !== null && !tierTaken) warnings.add("service_tier");
  if (cacheKey !== null && !genuine) warnings.add("prompt_cache_key");
  if (metadata !== null) warnings.add("metadata");
  return said({
    // Both are bounded to 64 characters; what is longer is still the same for the same user.
    [genuine ? "safety_identifier" : "user"]: bounded(user),
    prompt_cache_key: genuine ? bounded(cacheKey) : null,
    service_tier: tierTaken ? tier : null,
  });
}

function bounded(value: string | null): string | null {
  return value === null || value.length <= 64 ? value : callId(value, CALL_IDS.openai);
}
