// Writes a complete answer for a client.
import type { ReplyIdentity } from "../format.ts";
import type { JsonObject } from "../json/values.ts";
import type { Part, ReasoningPart, ToolCallPart } from "../message/request.ts";
import type { ChatResponse } from "../message/response.ts";
import { sealCall } from "../reasoning/sealed-thoughts.ts";
import { estimateTokens } from "../token-estimate.ts";
import { argumentsOrRaw } from "../tools/arguments.ts";
import { wrapInput } from "../tools/freeform.ts";
import { CALL_IDS, callId } from "../tools/ids.ts";
import { writeStop } from "./finish.ts";
import { proofOf } from "./response-thinking.ts";
import { writeMessageUsage } from "./usage.ts";

/** A message. Clients of this format ask for one answer. */
export function writeResponse(response: ChatResponse, as: ReplyIdentity): JsonObject {
  const { parts, finish, stopSequence } = response.choices[0]!;
  const hide = as.request.reasoning?.visible === false;
  const content = parts.flatMap((part) => blocksOf(part, hide));
  const called = parts.some(({ kind }) => kind === "toolCall");
  const refused = parts.some(({ kind }) => kind === "refusal");
  const usage = response.usage ?? estimate(content, as);
  return {
    id: as.id,
    type: "message",
    role: "assistant",
    model: as.model,
    content,
    ...writeStop(finish, stopSequence, called, refused),
    container: null,
    usage: writeMessageUsage(usage, response.serviceTier),
  };
}

function blocksOf(part: Part, hide: boolean): object[] {
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text === "" ? [] : [{ type: "text", text: part.text }];
    case "toolCall":
      return callBlocks(part);
    case "reasoning":
      return thoughtBlocks(part, hide);
    default:
      return []; // no API answers with other parts
  }
}

function callBlocks({ id, name, arguments: args, freeform, signature }: ToolCallPart): object[] {
  const proof = signature === null ? [] : [{ type: "redacted_thinking", data: sealCall(signature, "anthropic") }];
  const input = freeform ? wrapInput(args) : argumentsOrRaw(args);
  return [...proof, { type: "tool_use", id: callId(id, CALL_IDS.anthropic), name, input, caller: { type: "direct" } }];
}

function thoughtBlocks(part: ReasoningPart, hide: boolean): object[] {
  const proof = proofOf(part, hide);
  if (part.redacted) return proof === "" ? [] : [{ type: "redacted_thinking", data: proof }];
  const thinking = hide ? "" : part.text;
  return thinking === "" && proof === "" ? [] : [{ type: "thinking", thinking, signature: proof }];
}

function estimate(
  content: readonly object[],
  { inputEstimate }: ReplyIdentity,
): Parameters<typeof writeMessageUsage>[0] {
  const output = estimateTokens(JSON.stringify(content));
  return { input: Math.max(1, inputEstimate), cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output, reasoning: 0 };
}
