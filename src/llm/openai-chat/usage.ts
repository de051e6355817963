// Reads and writes `usage`, which includes cached and reasoning tokens in its totals.
import { isObject, type JsonObject, numberOr, objectOr } from "../json/values.ts";
import { inputTokens, outputTokens, type Usage } from "../message/usage.ts";

/** Reads `usage` of an answer or a chunk, or where Groq has it; null: it reports none. */
export function usageOf(body: JsonObject): Usage | null {
  const reported = isObject(body.usage) ? body.usage : objectOr(objectOr(body.x_groq)?.usage);
  return reported === null ? null : readUsage(reported);
}

function readUsage(usage: JsonObject): Usage | null {
  const prompt = numberOr(usage.prompt_tokens);
  const completion = numberOr(usage.completion_tokens);
  if (prompt === null && completion === null) return null;
  const input = objectOr(usage.prompt_tokens_details) ?? {};
  const lifetimes = objectOr(input.cache_write_tokens_details) ?? {};
  const cacheRead = count(input.cached_tokens) || count(usage.prompt_cache_hit_tokens);
  const cacheWriteLong = count(lifetimes.ttl_12h_tokens);
  const cacheWrite = Math.max(0, count(input.cache_write_tokens) - cacheWriteLong);
  return {
    input: Math.max(0, (prompt ?? 0) - cacheRead - cacheWrite - cacheWriteLong),
    cacheRead,
    cacheWrite,
    cacheWriteLong,
    ...outputOf(usage, prompt ?? 0, completion ?? 0),
  };
}

/** Some servers (xAI, Gemini) do not count thoughts among the completion, but in the total. */
function outputOf(usage: JsonObject, prompt: number, completion: number): { output: number; reasoning: number } {
  const beyond = count(usage.total_tokens) - prompt - completion;
  if (beyond > 0) return { output: completion, reasoning: beyond };
  const reasoning = Math.min(completion, count(objectOr(usage.completion_tokens_details)?.reasoning_tokens));
  return { output: completion - reasoning, reasoning };
}

function count(value: unknown): number {
  return Math.max(0, numberOr(value) ?? 0);
}

/** `usage` for a client. */
export function writeUsage(usage: Usage): JsonObject {
  const prompt = inputTokens(usage);
  const completion = outputTokens(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      cache_write_tokens: usage.cacheWrite + usage.cacheWriteLong,
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
