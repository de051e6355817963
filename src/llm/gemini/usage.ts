// Reads and writes `usageMetadata`.
import { type JsonObject, numberOr, objectOr } from "../json/values.ts";
import { inputTokens, outputTokens, type Usage } from "../message/usage.ts";

/** `usageMetadata` of an answer or event, whose counts are those of the whole answer so far; null: none. */
export function usageOf(body: JsonObject): Usage | null {
  const written = objectOr(body.usageMetadata);
  if (written === null) return null;
  const cacheRead = tokens(written.cachedContentTokenCount);
  const prompt = tokens(written.promptTokenCount) + tokens(written.toolUsePromptTokenCount);
  return {
    input: Math.max(0, prompt - cacheRead),
    cacheRead,
    cacheWrite: 0,
    cacheWriteLong: 0,
    output: tokens(written.candidatesTokenCount),
    reasoning: tokens(written.thoughtsTokenCount),
  };
}

function tokens(value: unknown): number {
  return Math.max(0, numberOr(value) ?? 0);
}

/** `usageMetadata` for a client. */
export function usageMetadata(usage: Usage): JsonObject {
  const promptTokenCount = inputTokens(usage);
  return {
    promptTokenCount,
    ...(usage.cacheRead > 0 ? { cachedContentTokenCount: usage.cacheRead } : {}),
    candidatesTokenCount: usage.output,
    ...(usage.reasoning > 0 ? { thoughtsTokenCount: usage.reasoning } : {}),
    totalTokenCount: promptTokenCount + outputTokens(usage),
  };
}
