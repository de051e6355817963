// Reads a provider's complete answer.
import { isObject, type JsonObject, textOr } from "../json/values.ts";
import { badResponse, LlmError } from "../message/fault.ts";
import type { Part } from "../message/request.ts";
import type { ChatResponse } from "../message/response.ts";
import { ANSWER_TOOL } from "./answer-tool.ts";
import { faultOfError } from "./errors.ts";
import { finishOf } from "./finish.ts";
import { usageOf } from "./usage.ts";

/** @throws LlmError of `badResponse`, or the fault that the body reports */
export function readResponse(body: JsonObject): ChatResponse {
  if (body.type === "error") throw new LlmError(faultOfError(body, 0, -1));
  if (!Array.isArray(body.content)) throw badResponse("a message without content");
  const parts = body.content.filter(isObject).flatMap((block) => readBlock(block) ?? []);
  const called = parts.some(({ kind }) => kind === "toolCall");
  const answered = !called && body.content.some((block) => isObject(block) && isAnswer(block));
  const finish = finishOf(body.stop_reason, called);
  const usage = isObject(body.usage) ? body.usage : null;
  return {
    id: textOr(body.id) ?? "",
    model: textOr(body.model) ?? "",
    createdAt: 0,
    choices: [
      {
        parts,
        finish: answered && finish === "toolCalls" ? "stop" : finish,
        stopSequence: textOr(body.stop_sequence),
        logprobs: null,
      },
    ],
    usage: usageOf(usage),
    serviceTier: textOr(usage?.service_tier),
  };
}

/** null: a block that only clients of this format understand. */
function readBlock(block: JsonObject): Part | null {
  const { type } = block;
  if (isAnswer(block)) return { kind: "text", text: JSON.stringify(block.input ?? {}), cache: null };
  if (type === "text") return { kind: "text", text: textOr(block.text) ?? "", cache: null };
  if (type === "tool_use") return readCall(block);
  if (type === "thinking") return thought(textOr(block.thinking) ?? "", textOr(block.signature) ?? "", false);
  if (type === "redacted_thinking") return thought("", textOr(block.data) ?? "", true);
  return null;
}

/** Whether a block is the answer to a request for JSON. */
export function isAnswer({ type, name }: JsonObject): boolean {
  return type === "tool_use" && name === ANSWER_TOOL;
}

function readCall({ id, name, input }: JsonObject): Part {
  return {
    kind: "toolCall",
    id: textOr(id) ?? "",
    name: textOr(name) ?? "",
    arguments: JSON.stringify(input ?? {}),
    freeform: false,
    signature: null,
    cache: null,
  };
}

function thought(text: string, value: string, redacted: boolean): Part {
  const signature = value === "" ? null : ({ family: "anthropic", value } as const);
  return { kind: "reasoning", text, summary: false, signature, redacted, id: null };
}
