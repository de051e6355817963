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
