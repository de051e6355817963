// Tokens of an answer in one normal form, whatever the provider counts.
import type { TokenCounts } from "../../core/model-call.ts";

/** Tokens of an answer. */
export type Usage = TokenCounts;

/** All tokens read, cached ones included. */
export function inputTokens({ input, cacheRead, cacheWrite, cacheWriteLong }: Usage): number {
  return input + cacheRead + cacheWrite + cacheWriteLong;
}

/** All tokens written, reasoning included. */
export function outputTokens({ output, reasoning }: Usage): number {
  return output + reasoning;
}

/**
 * What two reports of one answer say together. Counts only grow, so a later report that lacks a part, or does not tell the
 * kinds of cache writes apart, leaves what the earlier one said.
 */
export function mergeUsage(earlier: Usage | null, later: Usage): Usage {
  if (earlier === null) return later;
  const kept = later.cacheWriteLong === 0 ? earlier.cacheWriteLong : 0;
  const output = outputTokens(later) === 0 ? earlier : later;
  return {
    input: later.input || earlier.input,
    cacheRead: later.cacheRead || earlier.cacheRead,
    cacheWrite: later.cacheWrite > kept ? later.cacheWrite - kept : earlier.cacheWrite,
    cacheWriteLong: later.cacheWriteLong || earlier.cacheWriteLong,
    output: output.output,
    reasoning: output.reasoning,
  };
}

/** Usage of two attempts; null: neither has reported any. */
export function addUsage(a: Usage | null, b: Usage | null): Usage | null {
  if (a === null || b === null) return a ?? b;
  return {
    input: a.input + b.input,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    cacheWriteLong: a.cacheWriteLong + b.cacheWriteLong,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
  };
}
