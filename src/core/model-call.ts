// What is known of a request to a language model: for the access log and the meters.

/** Tokens of a request, each counted once. */
export interface TokenCounts {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cacheWriteLong: number;
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
