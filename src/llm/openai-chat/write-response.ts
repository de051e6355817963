// Writes a complete answer for a client of Chat Completions.
import type { ReplyIdentity } from "../format.ts";
import type { JsonObject } from "../json/values.ts";
import type { Part, RefusalPart, TextPart, ToolCallPart } from "../message/request.ts";
import type { ChatResponse, Choice } from "../message/response.ts";
import { SERVICE_TIERS } from "../openai/account.ts";
import { WORDS } from "./finish.ts";
import { writeCallProof, writeDetails } from "./reasoning-fields.ts";
import { writeUsage } from "./usage.ts";

/** `chat.completion`. */
export function writeResponse(response: ChatResponse, as: ReplyIdentity): JsonObject {
  return {
    id: as.id,
    object: "chat.completion",
    created: as.createdAt,
    model: as.model,
    choices: response.choices.map((choice, index) => writeChoice(choice, index, as)),
    ...(response.usage === null ? null : { usage: writeUsage(response.usage) }),
    ...writeTier(response.serviceTier),
  };
}

/** Other APIs have tiers that clients of OpenAI do not know. */
function writeTier(tier: string | null): JsonObject | null {
  return tier !== null && SERVICE_TIERS.has(tier) ? { service_tier: tier } : null;
}

function writeChoice({ parts, finish, logprobs }: Choice, index: number, { request }: ReplyIdentity): JsonObject {
  const functions = request.functions === true;
  return {
    index,
    message: {
      role: "assistant",
      content: textOf(parts, "text"),
      refusal: textOf(parts, "refusal"),
      ...(request.reasoning?.visible === false ? null : thoughts(parts)),
      ...calls(parts, functions),
    },
    logprobs: logprobs ?? null,
    finish_reason: functions && finish === "toolCalls" ? "function_call" : WORDS[finish],
  };
}

/** Texts of a kind as one; null: there are none. */
function textOf(parts: readonly Part[], kind: "text" | "refusal"): string | null {
  const texts = parts.flatMap((part) => (part.kind === kind ? [(part as TextPart | RefusalPart).text] : []));
  return texts.length === 0 ? null : texts.join("");
}

/** Thoughts as text, and as details that can be sent back where they are proved. */
function thoughts(parts: readonly Part[]): JsonObject {
  const all = parts.filter((part) => part.kind === "reasoning");
  const text = all.map((part) => part.text).join("");
  const details: JsonObject[] = [];
  for (const part of all) details.push(...writeDetails(part, details.length));
  return {
    ...(text === "" ? null : { reasoning_content: text }),
    ...(details.length === 0 ? null : { reasoning_details: details }),
  };
}

function calls(parts: readonly Part[], functions: boolean): JsonObject {
  const made = parts.filter((part) => part.kind === "toolCall");
  if (made.length === 0) return {};
  const { name, arguments: args } = made[0]!;
  return functions ? { function_call: { name, arguments: args || "{}" } } : { tool_calls: made.map(writeCall) };
}

function writeCall({ id, name, arguments: args, freeform, signature }: ToolCallPart): JsonObject {
  if (freeform) return { id, type: "custom", custom: { name, input: args } };
  const proof = signature?.family === "gemini" ? writeCallProof(signature) : null;
  return { id, type: "function", function: { name, arguments: args || "{}" }, ...proof };
}
