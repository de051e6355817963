// Finish reasons: `status` and `incomplete_details`.
import { type JsonObject, objectOr } from "../json/values.ts";
import type { FinishReason } from "../message/response.ts";

/** What an answer has beside its status. */
export interface Ending {
  readonly calls: boolean;
  readonly refusal: boolean;
}

/** Why an answer that is complete or incomplete ended. An incomplete one is never said to have stopped by itself. */
export function finishOf(response: JsonObject, { calls, refusal }: Ending): FinishReason {
  const details = objectOr(response.incomplete_details);
  if (response.status === "incomplete" || details !== null) {
    if (details?.reason === "content_filter") return "contentFilter";
    // The client itself has changed the course of the answer.
    if (details?.reason !== "steered") return "length";
  }
  if (calls) return "toolCalls";
  return refusal ? "contentFilter" : "stop";
}

/** `status` and `incomplete_details`. A refusal says itself what was withheld. */
export function outcomeOf(
  finish: FinishReason,
  refusal: boolean,
): { readonly status: string; readonly reason: string | null } {
  if (finish === "length") return { status: "incomplete", reason: "max_output_tokens" };
  if (finish === "contentFilter" && !refusal) return { status: "incomplete", reason: "content_filter" };
  return { status: "completed", reason: null };
}
