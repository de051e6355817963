// Reads and writes `usage`, which includes cached and reasoning tokens in its totals.
import { type JsonObject, numberOr, objectOr } from "../json/values.ts";
import { inputTokens, outputTokens, type Usage } from "../message/usage.ts";

/** The normal form of `usage`; null: it reports nothing. */
export function readUsage(usage: JsonObject | null): Usage | null {
  const read = numberOr(usage?.input_tokens);
  const written = numberOr(usage?.output_tokens);
  if (usage === null || (read === null && written === null)) return null;
  const cached = objectOr(usage.input_tokens_details);
  const cacheRead = numberOr(cached?.cached_tokens) ?? 0;
  const cacheWrites = numberOr(cached?.cache_write_tokens) ?? 0;
  const long = numberOr(objectOr(cached?.cache_write_tokens_details)?.ttl_12h_tokens) ?? 0;
  const reasoning = numberOr(objectOr(usage.output_tokens_details)?.reasoning_tokens) ?? 0;
  return {
    input: Math.max(0, (read ?? 0) - cacheRead - cacheWrites),
    cacheRead,
    cacheWrite: Math.max(0, cacheWrites - long),
    cacheWriteLong: long,
    output: Math.max(0, (written ?? 0) - reasoning),
    reasoning,
  };
}

/** `usage`. */
export function writeUsage(usage: Usage): JsonObject {
  const input = inputTokens(usage);
  const output = outputTokens(usage);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cacheRead,
      cache_write_tokens: usage.cacheWrite + usage.cacheWriteLong,
      ...(usage.cacheWriteLong === 0
        ? null
        : { cache_write_tokens_details: { ttl_30m_tokens: usage.cacheWrite, ttl_12h_tokens: usage.cacheWriteLong } }),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + output,
  };
}
