// Reads a provider's complete answer.

import { isObject, type JsonObject, listOr, numberOr, textOr } from "../json/values.ts";
import { badResponse, LlmError } from "../message/fault.ts";
import type { Part, ToolCallPart } from "../message/request.ts";
import type { ChatResponse, Choice } from "../message/response.ts";
import { faultOfError } from "../openai/errors.ts";
import { newCallId } from "../tools/ids.ts";
import { readFinish } from "./finish.ts";
import { readCallProof, readThoughts } from "./reasoning-fields.ts";
import { usageOf } from "./usage.ts";

/** @throws LlmError of `badResponse` or, where the body reports one, the fault */
export function readResponse(body: JsonObject): ChatResponse {
  if (body.error) throw new LlmError(faultOfError(body.error));
  if (body.object === "error") throw new LlmError(faultOfError(body));
  const choices = listOr(body.choices).filter(isObject);
  if (choices.length === 0) throw badResponse("no choices");
  return {
    id: textOr(body.id) ?? "",
    model: textOr(body.model) ?? "",
    createdAt: numberOr(body.created) ?? 0,
    choices: choices.map(readChoice),
    usage: usageOf(body),
    serviceTier: textOr(body.service_tier),
  };
}

function readChoice(choice: JsonObject): Choice {
  if (choice.error) throw new LlmError(faultOfError(choice.error));
  if (!isObject(choice.message)) throw badResponse("a choice without a message");
  const parts = readMessage(choice.message);
  const called = parts.some(({ kind }) => kind === "toolCall");
  // A complete body is a complete answer, even if a server does not say why it ended.
  const said = choice.finish_reason || (called ? "tool_calls" : "stop");
  const { reason, stopSequence } = readFinish({ ...choice, finish_reason: said }, called);
  return { parts, finish: reason, stopSequence, logprobs: choice.logprobs ?? null };
}

function readMessage(message: JsonObject): readonly Part[] {
  const { parts: thoughts, proofs } = readThoughts(message);
  const parts: Part[] = [...thoughts];
  addContent(message.content, parts);
  const refusal = textOr(message.refusal);
  if (refusal) parts.push({ kind: "refusal", text: refusal });
  const calls = listOr(message.tool_calls).filter(isObject).map(readCall);
  if (isObject(message.function_call)) calls.push(functionCall("", message.function_call));
  for (const [index, call] of calls.entries()) {
    const proof = proofs.find(({ id }) => id === call.id) ?? (index === 0 ? proofs[0] : undefined);
    parts.push(call.signature === null && proof !== undefined ? { ...call, signature: proof.signature } : call);
  }
  return parts;
}

/** Content as a text, or as parts, where Mistral has thoughts too. */
function addContent(content: unknown, parts: Part[]): void {
  if (typeof content === "string") {
    if (content !== "") parts.push({ kind: "text", text: content, cache: null });
    return;
  }
  for (const part of listOr(content)) {
    if (!isObject(part)) continue;
    const thought = partThought(part);
    if (thought !== "") {
      parts.push({ kind: "reasoning", text: thought, summary: false, signature: null, redacted: false, id: null });
    }
    if (typeof part.text === "string" && part.text !== "") parts.push({ kind: "text", text: part.text, cache: null });
  }
}

/** The thought in a part of Mistral's; "" none. */
export function partThought(part: JsonObject): string {
  if (part.type !== "thinking") return "";
  if (typeof part.thinking === "string") return part.thinking;
  return listOr(part.thinking)
    .map((piece) => (isObject(piece) ? (textOr(piece.text) ?? "") : ""))
    .join("");
}

function readCall(call: JsonObject): ToolCallPart {
  const id = textOr(call.id) ?? "";
  if (!isObject(call.custom)) return { ...functionCall(id, call.function), signature: readCallProof(call) };
  const { name, input } = call.custom;
  return { ...functionCall(id, { name, arguments: input }), freeform: true };
}

function functionCall(id: string, called: unknown): ToolCallPart {
  const name = isObject(called) ? textOr(called.name) : null;
  if (!isObject(called) || name === null || name === "") throw badResponse("a tool call without a name");
  const args = called.arguments ?? "";
  return {
    kind: "toolCall",
    id: id === "" ? newCallId() : id,
    name,
    // Some servers send the object itself.
    arguments: typeof args === "string" ? args : JSON.stringify(args),
    freeform: false,
    signature: null,
    cache: null,
  };
}
