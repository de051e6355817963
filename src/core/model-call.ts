// What is known of a request to a language model: for the access log and the meters.

/** Tokens, each counted once: the parts add up to the whole. */
export interface TokenCounts {
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

/** A request to a language model. */
export interface ModelCall {
  /** Name the client asked for. */
  readonly requested: string;
  /** Model that answered, or was asked last; "" before. */
  readonly model: string;
  /** Its provider; "" before. */
  readonly provider: string;
  /** Format the client speaks. */
  readonly format: string;
  readonly stream: boolean;
  /** Of all attempts; null: none is known. */
  readonly tokens: TokenCounts | null;
  /** Whether some of {@link tokens} were estimated, because a provider has not reported them. */
  readonly tokensEstimated: boolean;
  /** From the arrival of the request to the first content, ms; -1 none came. */
  readonly firstContentMs: number;
  /** Why another than the first choice was asked; "" it was not. */
  readonly fallbackReason: string;
  /** Who pays: `operator`, `client`, `none`; "" nobody was asked. */
  readonly billed: string;
  /** Ids the providers gave the attempts, in order. */
  readonly upstreamIds: readonly string[];
}
