// Writes a complete answer for a client of Responses.
import type { ReplyIdentity } from "../format.ts";
import { type JsonObject, listOr, objectOr } from "../json/values.ts";
import type { ChatResponse } from "../message/response.ts";
import { outcomeOf } from "./finish.ts";
import { RESPONSES_TIERS, replyFields } from "./response-object.ts";
import { writeUsage } from "./usage.ts";
import { itemsOf } from "./write-output-items.ts";

/** `response`. The format has one choice. */
export function writeResponse({ choices, usage, serviceTier }: ChatResponse, as: ReplyIdentity): JsonObject {
  const { parts, finish, logprobs } = choices[0]!;
  const refusal = parts.some(({ kind }) => kind === "refusal");
  const { status, reason } = outcomeOf(finish, refusal);
  const entries = listOr(objectOr(logprobs)?.content);
  return {
    ...replyFields(as),
    status,
    error: null,
    incomplete_details: reason === null ? null : { reason },
    output: itemsOf(parts, entries, status === "completed" ? "completed" : "incomplete", as),
    usage: usage === null ? null : writeUsage(usage),
    ...(serviceTier !== null && RESPONSES_TIERS.has(serviceTier) ? { service_tier: serviceTier } : null),
  };
}
