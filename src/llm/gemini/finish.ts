// Finish reasons.
import { type JsonObject, objectOr, textOr } from "../json/values.ts";
import { badResponse, type LlmError } from "../message/fault.ts";
import type { FinishReason } from "../message/response.ts";

/** Reasons for which there is an answer, or none that may be given. `STOP` is said for calls, too. */
const REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  CONTINUATION: "length",
  SAFETY: "contentFilter",
  RECITATION: "contentFilter",
  LANGUAGE: "contentFilter",
  OTHER: "contentFilter",
  BLOCKLIST: "contentFilter",
  PROHIBITED_CONTENT: "contentFilter",
  SPII: "contentFilter",
  MODEL_ARMOR: "contentFilter",
  IMAGE_SAFETY: "contentFilter",
  IMAGE_PROHIBITED_CONTENT: "contentFilter",
  IMAGE_RECITATION: "contentFilter",
  IMAGE_OTHER: "contentFilter",
};

const NAME = /^[A-Z_]{1,60}$/;

/**
 * @param calls whether the answer has calls
 * @returns null: the model has failed, or the reason is not known; then it must not pass for an answer
 */
export function finishOf(reason: string, calls: boolean): FinishReason | null {
  const finish = Object.hasOwn(REASONS, reason) ? REASONS[reason]! : null;
  return finish === "stop" && calls ? "toolCalls" : finish;
}

/** To be thrown where {@link finishOf} is null. */
export function badFinish(reason: string): LlmError {
  return badResponse(`the model stopped with ${NAME.test(reason) ? reason : "an unknown reason"}`);
}

/** The reason as Gemini says it. */
export function finishReason(finish: FinishReason): string {
  if (finish === "length") return "MAX_TOKENS";
  return finish === "contentFilter" ? "SAFETY" : "STOP";
}

/** `finishReason` of a candidate; null: it goes on. */
export function reasonOf({ finishReason }: JsonObject): string | null {
  if (typeof finishReason !== "string" || finishReason === "") return null;
  return finishReason === "FINISH_REASON_UNSPECIFIED" ? null : finishReason;
}

/** The prompt was blocked: there are no candidates. */
export function isBlocked(promptFeedback: unknown): boolean {
  const reason = textOr(objectOr(promptFeedback)?.blockReason);
  return reason !== null && reason !== "BLOCKED_REASON_UNSPECIFIED";
}
