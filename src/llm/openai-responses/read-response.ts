// Reads a provider's complete answer.

import { isObject, type JsonObject, listOr, numberOr, objectOr, textOr } from "../json/values.ts";
import { badResponse, type Fault, faultOf, LlmError } from "../message/fault.ts";
import type { Part } from "../message/request.ts";
import type { ChatResponse } from "../message/response.ts";
import { faultOfError } from "../openai/errors.ts";
import { newCallId } from "../tools/ids.ts";
import { finishOf } from "./finish.ts";
import { textPart } from "./read-content.ts";
import { readCallProof, readThought } from "./reasoning-items.ts";
import { qualifiedName } from "./tool-names.ts";
import { readUsage } from "./usage.ts";

/** @throws LlmError of `badResponse`, or the fault the answer reports */
export function readResponse(body: JsonObject): ChatResponse {
  requireComplete(body);
  if (!Array.isArray(body.output)) throw badResponse("it has no output");
  const parts: Part[] = [];
  const logprobs: unknown[] = [];
  for (const item of body.output) {
    if (isObject(item)) readItem(item, parts, logprobs);
  }
  const calls = parts.some(({ kind }) => kind === "toolCall");
  const refusal = parts.some(({ kind }) => kind === "refusal");
  const finish = finishOf(body, { calls, refusal });
  return {
    id: textOr(body.id) ?? "",
    model: textOr(body.model) ?? "",
    createdAt: numberOr(body.created_at) ?? 0,
    choices: [{ parts, finish, stopSequence: null, logprobs: logprobs.length === 0 ? null : inChat(logprobs) }],
    usage: readUsage(objectOr(body.usage)),
    serviceTier: textOr(body.service_tier),
  };
}

/** Of an answer that the provider was told to give up. */
export const CANCELLED: Fault = faultOf("server", "The provider has cancelled the answer");

function requireComplete({ error = null, status }: JsonObject): void {
  if (error !== null || status === "failed") throw new LlmError(faultOfError(error));
  if (status === "cancelled") throw new LlmError(CANCELLED);
  if (status === "queued" || status === "in_progress") throw badResponse("it is not complete");
}

/** Log probabilities in the form of Chat Completions, whose entries are the same. */
export function inChat(entries: readonly unknown[]): JsonObject {
  return { content: entries, refusal: null };
}

function readItem(item: JsonObject, parts: Part[], logprobs: unknown[]): void {
  switch (item.type) {
    case "message":
      for (const part of listOr(item.content)) readPart(part, parts, logprobs);
      return;
    case "function_call":
      parts.push(readCall(item, textOr(item.arguments) ?? "", false));
      return;
    case "custom_tool_call":
      parts.push(readCall(item, textOr(item.input) ?? "", true));
      return;
    case "reasoning":
      if (readCallProof(item) === null) parts.push(readThought(item));
  }
}

function readPart(part: unknown, parts: Part[], logprobs: unknown[]): void {
  if (!isObject(part)) return;
  if (part.type === "refusal") parts.push({ kind: "refusal", text: textOr(part.refusal) ?? "" });
  else if (part.type === "output_text") {
    parts.push(textPart(textOr(part.text) ?? ""));
    logprobs.push(...listOr(part.logprobs));
  }
}

function readCall(item: JsonObject, args: string, freeform: boolean): Part {
  const id = textOr(item.call_id) ?? textOr(item.id) ?? newCallId();
  const name = qualifiedName(textOr(item.namespace), textOr(item.name) ?? "");
  return { kind: "toolCall", id, name, arguments: args, freeform, signature: null, cache: null };
}
