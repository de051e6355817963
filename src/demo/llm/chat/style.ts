// How one answer of Chat Completions is written.

/** How a kind of provider writes what the others do not. */
export interface ChatStyle {
  readonly kind: string;
  readonly model: string;
  /** Whether a usage chunk was asked for. */
  readonly usage: boolean;
  /** Pads chunks, as OpenAI does. */
  readonly obfuscates: boolean;
  /** Log probabilities per token; null: none. */
  readonly logprobs: number | null;
  /** Which choices of the request tier it was served at. */
  readonly tier: string;
}
