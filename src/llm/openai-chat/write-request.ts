// Writes a request for a provider of Chat Completions.

import type { WrittenRequest } from "../format.ts";
import { type JsonObject, withoutNulls } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest, Effort, OutputShape, Reasoning } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { accountFields, SERVICE_TIERS } from "../openai/account.ts";
import { effortOf, orderOf, type ReasoningOrder } from "../reasoning/effort.ts";
import { ChatContext } from "./write-context.ts";
import { writeMessages } from "./write-messages.ts";
import { writeTools } from "./write-tools.ts";

/** @throws LlmError of `unsupported` for what the endpoint or the model cannot express */
export function writeRequest(request: ChatRequest, to: ModelTarget): WrittenRequest {
  const [native] = request.nativeOnly;
  if (native !== undefined) throw unsupported(native, native);
  const context = new ChatContext(request, to);
  const body = {
    model: to.upstreamName,
    messages: writeMessages(request, context),
    ...writeTools(request, context),
    ...writeLimits(request, context),
    ...writeSampling(request, context),
    ...writeReasoning(request, context),
    ...(request.output === null ? null : { response_format: writeOutput(request.output, to) }),
    ...accountFields(request, context, SERVICE_TIERS),
    ...writeStream(request, to),
  };
  return { body, warnings: [...context.warnings], toolNames: context.names.restores ? context.names : null };
}

function writeLimits({ maxTokens, stop, choices }: ChatRequest, { to, warnings, openRouter }: ChatContext): JsonObject {
  const { contextOut, stop: stops } = to.facts;
  const clamped = maxTokens !== null && contextOut > 0 && maxTokens > contextOut;
  if (clamped) warnings.add("max_tokens");
  if (stop.length > 0 && !stops) warnings.add("stop");
  if (choices > 1 && openRouter) throw unsupported("More than one choice", "n");
  return withoutNulls({
    [to.dialect.maxTokensField]: clamped ? contextOut : maxTokens,
    stop: stop.length > 0 && stops ? stop : null,
    n: choices > 1 ? choices : null,
  });
}

/** Values that say what every model does unless told otherwise. */
const USUAL: Readonly<Record<string, number>> = { temperature: 1, top_p: 1, frequency_penalty: 0, presence_penalty: 0 };

function writeSampling({ sampling, logprobs }: ChatRequest, { to, warnings }: ChatContext): JsonObject {
  const fields = withoutNulls({
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

function writeReasoning(request: ChatRequest, context: ChatContext): JsonObject {
  const { reasoning } = request;
  const changed: string[] = [];
  const order = orderOf(reasoning, context.to.facts.reasoning, changed);
  for (const name of changed) context.warnings.add(name);
  const told = context.openRouter ? openRouterReasoning(order, reasoning) : plainReasoning(order, reasoning, context);
  return { ...told, ...writeVerbosity(request.verbosity, context) };
}

function effortIn(order: ReasoningOrder): Effort | null {
  if (order.kind === "off") return "none";
  return order.kind === "effort" || order.kind === "adaptive" ? order.effort : null;
}

/** Models that count tokens of thought have no common field for them, but most servers know efforts. */
function plainReasoning(order: ReasoningOrder, reasoning: Reasoning | null, { warnings }: ChatContext): JsonObject {
  if (order.kind === "unsaid" || reasoning === null) return {};
  const effort = effortIn(order) ?? effortOf(reasoning);
  if (effort !== null) return { reasoning_effort: effort };
  warnings.add("reasoning");
  return {};
}

function openRouterReasoning(order: ReasoningOrder, reasoning: Reasoning | null): JsonObject {
  const told = withoutNulls({
    effort: effortIn(order),
    max_tokens: order.kind === "budget" && order.tokens >= 0 ? order.tokens : null,
    exclude: reasoning?.visible === false ? true : null,
  });
  if (Object.keys(told).length > 0) return { reasoning: told };
  return order.kind === "unsaid" ? {} : { reasoning: { enabled: true } };
}

function writeVerbosity(verbosity: string | null, { to, openRouter, warnings }: ChatContext): JsonObject {
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
  return { type: "json_schema", json_schema: withoutNulls({ name, description, schema, strict }) };
}

/** Usage is always asked for; a client that has not asked does not see it. */
function writeStream({ stream }: ChatRequest, { dialect }: ModelTarget): JsonObject {
  if (!stream) return {};
  return dialect.streamUsage ? { stream: true, stream_options: { include_usage: true } } : { stream: true };
}
