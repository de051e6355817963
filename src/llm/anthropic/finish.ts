// Stop reasons.
import { badResponse } from "../message/fault.ts";
import type { FinishReason } from "../message/response.ts";

/** `stop_reason` → finish. `pause_turn` comes with tools of the provider only. */
const FINISHES: ReadonlyMap<unknown, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["pause_turn", "stop"],
  ["stop_sequence", "stopSequence"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "toolCalls"],
  ["refusal", "contentFilter"],
]);

/**
 * @param called whether the model has called tools: a plain end then means that it waits for their results
 * @throws LlmError of `badResponse`: the reason is not known, and must not pass for a plain end
 */
export function finishOf(stopReason: unknown, called: boolean): FinishReason {
  const finish = FINISHES.get(stopReason);
  if (finish !== undefined) return finish === "stop" && called ? "toolCalls" : finish;
  const known = typeof stopReason === "string" && /^\w{1,40}$/.test(stopReason);
  throw badResponse(known ? `the unknown stop_reason ${stopReason}` : "no stop_reason");
}

/** The fields of an answer, or of its last event, that say why the model stopped. */
export interface Stop {
  readonly stop_reason: string;
  readonly stop_sequence: string | null;
  readonly stop_details: object | null;
}

/** @param called whether the model has called tools @param refused whether it has declined in words of its own */
export function writeStop(finish: FinishReason, sequence: string | null, called: boolean, refused: boolean): Stop {
  if (finish === "contentFilter" || (refused && finish === "stop")) {
    const stop_details = { type: "refusal", category: null, explanation: null };
    return { stop_reason: "refusal", stop_sequence: null, stop_details };
  }
  if (finish === "stopSequence" && sequence !== null) {
    return { stop_reason: "stop_sequence", stop_sequence: sequence, stop_details: null };
  }
  const stop_reason = finish === "length" ? "max_tokens" : called ? "tool_use" : "end_turn";
  return { stop_reason, stop_sequence: null, stop_details: null };
}
