// Finish reasons.
import { type JsonObject, textOr } from "../json/values.ts";
import { badResponse, faultOf, LlmError } from "../message/fault.ts";
import type { FinishReason } from "../message/response.ts";
import { faultOfError } from "../openai/errors.ts";
import { withoutKeys } from "../providers/error-text.ts";

/** `finish_reason` → reason. Beside OpenAI's, words of servers that call themselves compatible. */
const REASONS: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ["stop", "stop"],
  ["eos", "stop"],
  ["eos_token", "stop"],
  ["end_turn", "stop"],
  ["stop_sequence", "stopSequence"],
  ["length", "length"],
  ["max_tokens", "length"],
  ["model_length", "length"],
  ["tool_calls", "toolCalls"],
  ["tool_use", "toolCalls"],
  ["function_call", "toolCalls"],
  ["content_filter", "contentFilter"],
  ["safety", "contentFilter"],
  ["refusal", "contentFilter"],
]);

/** Why one choice stopped. */
export interface Finish {
  readonly reason: FinishReason;
  /** null: none, or the server does not say. */
  readonly stopSequence: string | null;
}

/**
 * Reads the end of a choice. Whether tools are called is told by the calls: many servers say `stop` after them.
 * @throws LlmError the fault that it stands for, or `badResponse` for an unknown word: what it hides may be a block
 */
export function readFinish(choice: JsonObject, called: boolean): Finish {
  const word = choice.finish_reason;
  if (typeof word !== "string") throw badResponse("a finish reason that is no text");
  if (word === "error") throw new LlmError(faultOfError(choice.error ?? {}));
  if (word === "insufficient_system_resource") throw new LlmError(faultOf("overloaded", "The provider is overloaded"));
  const reason = REASONS.get(word.toLowerCase());
  if (reason === undefined) throw badResponse(`the finish reason ${withoutKeys(word.slice(0, 40))}`);
  if (reason === "toolCalls" && !called) return { reason: "stop", stopSequence: null };
  if (reason !== "stop" && reason !== "stopSequence") return { reason, stopSequence: null };
  if (called) return { reason: "toolCalls", stopSequence: null };
  // vLLM says which sequence it was; a number is a token that ends every text.
  const stopSequence = textOr(choice.stop_reason);
  return { reason: stopSequence === null ? reason : "stopSequence", stopSequence };
}

/** Reason → `finish_reason`. */
export const WORDS = {
  stop: "stop",
  stopSequence: "stop",
  length: "length",
  toolCalls: "tool_calls",
  contentFilter: "content_filter",
} as const satisfies Record<FinishReason, string>;
