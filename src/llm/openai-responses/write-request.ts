// Writes a request for a provider of Responses.

import type { WrittenRequest } from "../format.ts";
import { type JsonObject, withoutNulls } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest, Effort, OutputShape, Reasoning } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { accountFields } from "../openai/account.ts";
import { effortOf, orderOf, type ReasoningOrder } from "../reasoning/effort.ts";
import { RESPONSES_TIERS } from "./response-object.ts";
import { ResponsesContext } from "./write-context.ts";
import { writeInput } from "./write-input.ts";
import { writeToolChoice, writeTools } from "./write-tools.ts";

/** @throws LlmError of `unsupported` for what the endpoint or the model cannot express */
export function writeRequest(request: ChatRequest, to: ModelTarget): WrittenRequest {
  const [native] = request.nativeOnly;
  if (native !== undefined) throw unsupported(native, native);
  const context = new ResponsesContext(request, to);
  const body = {
    model: to.upstreamName,
    ...writeInstructions(request, context),
    input: writeInput(request, context),
    ...toolFields(request, context),
    ...writeLimits(request, context),
    ...writeSampling(request, context),
    ...writeReasoning(request, context),
    ...writeText(request, to),
    ...writeInclude(request, to),
    ...accountFields(request, context, RESPONSES_TIERS),
    // Clients of other formats have asked nobody to keep what they send.
    store: false,
    ...(request.stream ? { stream: true } : null),
  };
  return { body, warnings: [...context.warnings], toolNames: context.names.restores ? context.names : null };
}

function writeInstructions({ system }: ChatRequest, { warnings }: ResponsesContext): JsonObject {
  if (system.length === 0) return {};
  if (system.some(({ cache }) => cache !== null)) warnings.add("cache_control");
  return { instructions: system.map(({ text }) => text).join("\n\n") };
}

function toolFields({ tools, toolChoice, parallelTools }: ChatRequest, context: ResponsesContext): JsonObject {
  if (tools.length === 0) return {};
  if (!context.to.facts.tools) throw unsupported("A tool", "tools");
  if (tools.some(({ cache }) => cache !== null)) context.warnings.add("cache_control");
  return withoutNulls({
    tools: writeTools(tools, context),
    tool_choice: toolChoice === null ? null : writeToolChoice(toolChoice, tools, context),
    parallel_tool_calls: parallelTools,
  });
}

/** Smallest bound that OpenAI accepts. */
const LEAST_TOKENS = 16;

function writeLimits({ maxTokens, stop, choices }: ChatRequest, { to, warnings }: ResponsesContext): JsonObject {
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

function writeSampling({ sampling, logprobs }: ChatRequest, { to, warnings }: ResponsesContext): JsonObject {
  const fields = withoutNulls({
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_logprobs: logprobs === 0 ? null : logprobs,
  });
  const lost = withoutNulls({
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

function writeReasoning({ reasoning }: ChatRequest, context: ResponsesContext): JsonObject {
  const changed: string[] = [];
  const order = orderOf(reasoning, context.to.facts.reasoning, changed);
  for (const name of changed) context.warnings.add(name);
  if (reasoning === null || context.to.facts.reasoning.kind === "none") return {};
  const told = withoutNulls({ effort: effortIn(order, reasoning), summary: summaryOf(reasoning) });
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
  const text = withoutNulls({ format: output === null ? null : writeShape(output, to), verbosity });
  return Object.keys(text).length === 0 ? {} : { text };
}

/** @throws LlmError of `unsupported` */
function writeShape(output: OutputShape, { facts }: ModelTarget): JsonObject {
  if (output.kind === "json") return { type: "json_object" };
  if (!facts.schema) throw unsupported("An answer by a JSON schema", "text.format");
  const { name, description, schema, strict } = output;
  // Other formats have schemas without names.
  return { type: "json_schema", ...withoutNulls({ name: name === "" ? "answer" : name, description, schema, strict }) };
}

/** Proofs of thoughts are asked for, so that the next turn has them: without them nothing is stored to refer to. */
function writeInclude({ logprobs }: ChatRequest, { facts, dialect }: ModelTarget): JsonObject {
  const include: string[] = [];
  if (dialect.genuine && facts.reasoning.kind !== "none") include.push("reasoning.encrypted_content");
  if (logprobs !== null && facts.sampling) include.push("message.output_text.logprobs");
  return include.length === 0 ? {} : { include };
}
