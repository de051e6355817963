// Usage as Anthropic Messages counts it: cached input apart from the rest, thought as a part of output.
import { type JsonObject, numberOr, objectOr } from "../json/values.ts";
import { outputTokens, type Usage } from "../message/usage.ts";

/** Usage that an object of the API reports; null: none. Parts that it lacks are 0. */
export function usageOf(value: unknown): Usage | null {
  const usage = objectOr(value);
  if (usage === null) return null;
  const written = objectOr(usage.cache_creation);
  const long = count(written?.ephemeral_1h_input_tokens);
  const output = count(usage.output_tokens);
  const reasoning = Math.min(output, count(objectOr(usage.output_tokens_details)?.thinking_tokens));
  return {
    input: count(usage.input_tokens),
    cacheRead: count(usage.cache_read_input_tokens),
    cacheWrite: Math.max(count(usage.cache_creation_input_tokens) - long, count(written?.ephemeral_5m_input_tokens)),
    cacheWriteLong: long,
    output: output - reasoning,
    reasoning,
  };
}

function count(value: unknown): number {
  return Math.max(0, numberOr(value) ?? 0);
}

/** The parts of usage that every report to a client has. */
export function writeUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite + usage.cacheWriteLong,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: outputTokens(usage),
    output_tokens_details: usage.reasoning === 0 ? null : { thinking_tokens: usage.reasoning },
    server_tool_use: null,
  };
}

/** Usage of a message, as its first event or a complete answer has it. */
export function writeMessageUsage(usage: Usage, serviceTier: string | null): JsonObject {
  return {
    ...writeUsage(usage),
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite,
      ephemeral_1h_input_tokens: usage.cacheWriteLong,
    },
    service_tier: serviceTier === "priority" || serviceTier === "batch" ? serviceTier : "standard",
    inference_geo: null,
    speed: null,
  };
}
