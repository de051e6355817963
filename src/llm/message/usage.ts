// What a request has cost in tokens, in one normal form whatever the provider counts.

/** Tokens, each counted once: the parts add up to the whole. */
export interface Usage {
  /** Input that was neither read from nor written to a prompt cache. */
  readonly input: number;
  readonly cacheRead: number;
  /** Written to a prompt cache for 5 minutes, or for the usual time of the provider. */
  readonly cacheWrite: number;
  /** Written to a prompt cache for an hour or longer. */
  readonly cacheWriteLong: number;
  /** Output without {@link reasoning}. */
  readonly output: number;
  readonly reasoning: number;
}

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
