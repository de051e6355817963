// What is known of a model and its endpoint: it decides how requests are written, so that no code looks at names.
import type { Effort, Family } from "../message/request.ts";

/** How a model is told to think. */
export type ReasoningShape =
  /** It does not think, or cannot be told. */
  | { readonly kind: "none" }
  /** `reasoning_effort`, `reasoning.effort`. @param efforts it accepts, ascending */
  | { readonly kind: "effort"; readonly efforts: readonly Effort[] }
  /** Anthropic: `thinking: {type: adaptive}` with `output_config.effort`. */
  | { readonly kind: "adaptive"; readonly efforts: readonly Effort[] }
  /** A number of tokens. @param min smallest budget that counts @param off whether 0 turns it off */
  | { readonly kind: "budget"; readonly min: number; readonly max: number; readonly off: boolean }
  /** Gemini 3: `thinkingLevel`. */
  | { readonly kind: "level"; readonly levels: readonly Effort[] };

/** What a model can do. */
export interface ModelFacts {
  /** Most tokens it reads and writes; 0 unknown. */
  readonly contextIn: number;
  /** Most tokens it writes; 0 unknown. */
  readonly contextOut: number;
  readonly images: boolean;
  readonly documents: boolean;
  readonly audio: boolean;
  readonly tools: boolean;
  /** Answers by a JSON schema. */
  readonly schema: boolean;
  /** Accepts temperature, top_p and top_k other than the default. */
  readonly sampling: boolean;
  readonly stop: boolean;
  readonly reasoning: ReasoningShape;
  /** Wants its own reasoning back in the turns of a tool loop (`reasoning_content`; signatures of Gemini 3). */
  readonly reasoningBack: boolean;
  /** Gemini: takes images and documents inside results of tools; else, or absent, they follow the results. */
  readonly toolMedia?: boolean;
}

/** How an endpoint of a provider differs from the format it speaks. */
export interface Dialect {
  /** Chat Completions: which field bounds the output. */
  readonly maxTokensField: "max_tokens" | "max_completion_tokens";
  /** Chat Completions: whether role `developer` is known; else `system` is sent. */
  readonly developerRole: boolean;
  /** Chat Completions: whether `stream_options.include_usage` is accepted. */
  readonly streamUsage: boolean;
  /** Chat Completions: how reasoning is asked for and where it is shown. */
  readonly reasoning: "reasoning_effort" | "openrouter";
  /** Chat Completions: which ids of tool calls are accepted, see `ids.ts`. */
  readonly callIds: "openai" | "mistral";
  /**
   * Chat Completions: whether it has all that OpenAI has, such as freeform tools (`custom`) and choices among `allowed_tools`,
   * and refuses what OpenAI has not, such as `top_k`.
   */
  readonly genuine: boolean;
  /** Sends remote images and documents as URLs; else they are refused by name. */
  readonly remoteUrls: boolean;
}

/** A model as one request may use it. */
export interface ModelTarget {
  /** Name at the provider. */
  readonly upstreamName: string;
  readonly facts: ModelFacts;
  readonly dialect: Dialect;
  /** Whose proofs of thoughts the model takes, where it is reached through another company's API; absent: of the format. */
  readonly family?: Family;
}
