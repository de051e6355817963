// A request in the words of a provider of Chat Completions.
import type { WrittenRequest } from "../format.ts";
import type { JsonObject } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest, Effort, OutputShape, Reasoning } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { effortOf, orderOf, type ReasoningOrder } from "../reasoning/effort.ts";
import { CALL_IDS, callId } from "../tools/ids.ts";
import { Writing } from "./write-context.ts";
import { writeMessages } from "./write-messages.ts";
import { writeTools } from "./write-tools.ts";

/** @throws LlmError of `unsupported` for what the endpoint or the model cannot express */
export function writeRequest(request: ChatRequest, to: ModelTarget): WrittenRequest {
  const [native] = request.nativeOnly;
  if (native !== undefined) throw unsupported(native, native);
  const writing = new Writing(request, to);
  for (const name of request.droppable) writing.warnings.add(name);
  const body = {
    model: to.upstreamName,
    messages: writeMessages(request, writing),
    ...writeTools(request, writing),
    ...writeLimits(request, writing),
    ...writeSampling(request, writing),
    ...writeReasoning(request, writing),
    ...(request.output === null ? null : { response_format: writeOutput(request.output, to) }),
    ...writeAccount(request, writing),
    ...writeStream(request, to),
  };
  return { body, warnings: [...writing.warnings], toolNames: writing.names.restores ? writing.names : null };
}

/** Without the fields that are null. */
function said(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function writeLimits({ maxTokens, stop, choices }: ChatRequest, { to, warnings, openRouter }: Writing): JsonObject {
  const { contextOut, stop: stops } = to.facts;
  const clamped = maxTokens !== null && contextOut > 0 && maxTokens > contextOut;
  if (clamped) warnings.add("max_tokens");
  if (stop.length > 0 && !stops) warnings.add("stop");
  if (choices > 1 && openRouter) throw unsupported("More than one choice", "n");
  return said({
    [to.dialect.maxTokensField]: clamped ? contextOut : maxTokens,
    stop: stop.length > 0 && stops ? stop : null,
    n: choices > 1 ? choices : null,
  });
}

/** Values that say what every model does unless told otherwise. */
const USUAL: Readonly<Record<string, number>> = { temperature: 1, top_p: 1, frequency_penalty: 0, presence_penalty: 0 };

function writeSampling({ sampling, logprobs }: ChatRequest, { to, warnings }: Writing): JsonObject {
  const fields = said({
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
    logit_bias: sampling.logitBias,
    logprobs: logprobs === null ? null : true,
    top_logprobs: logprobs === null || logprobs === 0 ? null : logprobs,
  });
  const kept = Object.entries(fields).filter(([name, value]) => {
    const taken = name === "seed" || (to.facts.sampling && (name !== "top_k" || !to.dialect.genuine));
    if (!taken && USUAL[name] !== value) warnings.add(name);
    return taken;
  });
  return Object.fromEntries(kept);
}

function writeReasoning(request: ChatRequest, writing: Writing): JsonObject {
  const { reasoning } = request;
  const changed: string[] = [];
  const order = orderOf(reasoning, writing.to.facts.reasoning, changed);
  for (const name of changed) writing.warnings.add(name);
  const told = writing.openRouter ? openRouterReasoning(order, reasoning) : plainReasoning(order, reasoning, writing);
  return { ...told, ...writeVerbosity(request.verbosity, writing) };
}

function effortIn(order: ReasoningOrder): Effort | null {
  if (order.kind === "off") return "none";
  return order.kind === "effort" || order.kind === "adaptive" ? order.effort : null;
}

/** Models that count tokens of thought have no common field for them, but most servers know efforts. */
function plainReasoning(order: ReasoningOrder, reasoning: Reasoning | null, { warnings }: Writing): JsonObject {
  if (order.kind === "unsaid" || reasoning === null) return {};
  const effort = effortIn(order) ?? effortOf(reasoning);
  if (effort !== null) return { reasoning_effort: effort };
  warnings.add("reasoning");
  return {};
}

function openRouterReasoning(order: ReasoningOrder, reasoning: Reasoning | null): JsonObject {
  const told = said({
    effort: effortIn(order),
    max_tokens: order.kind === "budget" && order.tokens >= 0 ? order.tokens : null,
    exclude: reasoning?.visible === false ? true : null,
  });
  if (Object.keys(told).length > 0) return { reasoning: told };
  return order.kind === "unsaid" ? {} : { reasoning: { enabled: true } };
}

function writeVerbosity(verbosity: string | null, { to, openRouter, warnings }: Writing): JsonObject {
  if (verbosity === null) return {};
  if (to.dialect.genuine || openRouter) return { verbosity };
  warnings.add("verbosity");
  return {};
}

/** @throws LlmError of `unsupported` */
function writeOutput(output: OutputShape, { facts }: ModelTarget): JsonObject {
  if (output.kind === "json") return { type: "json_object" };
  if (!facts.schema) throw unsupported("An answer by a JSON schema", "response_format");
  const { name, description, schema, strict } = output;
  return { type: "json_schema", json_schema: said({ name, description, schema, strict }) };
}

/** Service tiers of OpenAI. */
const TIERS: ReadonlySet<string> = new Set(["auto", "default", "flex", "scale", "priority", "fast"]);

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

/** Usage is always asked for; a client that has not asked does not see it. */
function writeStream({ stream }: ChatRequest, { dialect }: ModelTarget): JsonObject {
  if (!stream) return {};
  return dialect.streamUsage ? { stream: true, stream_options: { include_usage: true } } : { stream: true };
}
