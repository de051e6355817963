// A complete answer in the common form.
import type { Part } from "./request.ts";
import type { Usage } from "./usage.ts";

/** Why a model stopped. */
export type FinishReason =
  | "stop"
  /** A stop sequence was reached. */
  | "stopSequence"
  | "length"
  | "toolCalls"
  /** The provider withheld content, or the model declined. */
  | "contentFilter";

/** One of the answers asked for. */
export interface Choice {
  readonly parts: readonly Part[];
  readonly finish: FinishReason;
  /** The stop sequence that was reached, if the provider says which; null: none, or unknown. */
  readonly stopSequence: string | null;
  /** In the form of Chat Completions (`{ content, refusal }`); null: none. */
  readonly logprobs: unknown;
}

/** A complete answer. */
export interface ChatResponse {
  /** As the provider named it; "" unnamed. */
  readonly id: string;
  /** The model that answered, as the provider names it; "" unnamed. */
  readonly model: string;
  /** When it was made, s since 1970; 0 unknown. */
  readonly createdAt: number;
  /** Never empty. */
  readonly choices: readonly Choice[];
  /** null: the provider has not said. */
  readonly usage: Usage | null;
  readonly serviceTier: string | null;
}
