// Reads a complete answer of generateContent.

import { isObject, type JsonObject, listOr, textOr } from "../json/values.ts";
import { badResponse, LlmError } from "../message/fault.ts";
import type { Part } from "../message/request.ts";
import type { ChatResponse, Choice } from "../message/response.ts";
import { newCallId } from "../tools/ids.ts";
import { readError } from "./errors.ts";
import { badFinish, finishOf, isBlocked } from "./finish.ts";
import { readLogprobs } from "./logprobs.ts";
import { type AnswerPart, createdAt, readCandidate } from "./read-candidate.ts";
import { usageOf } from "./usage.ts";

type TextPart = Extract<AnswerPart, { kind: "text" | "thought" }>;

/** @throws LlmError of `badResponse`, or the fault the body reports */
export function readResponse(body: JsonObject): ChatResponse {
  if (isObject(body.error)) throw new LlmError(readError(200, body, []));
  const choices = listOr(body.candidates).map(readChoice);
  if (choices.length === 0) {
    if (!isBlocked(body.promptFeedback)) throw badResponse("an answer without candidates");
    choices.push({ parts: [], finish: "contentFilter", stopSequence: null, logprobs: null });
  }
  return {
    id: textOr(body.responseId) ?? "",
    model: textOr(body.modelVersion) ?? "",
    createdAt: createdAt(body),
    choices,
    usage: usageOf(body),
    serviceTier: null,
  };
}

function readChoice(written: unknown, place: number): Choice {
  const { parts, finishReason, logprobsResult } = readCandidate(written, place);
  if (finishReason === null) throw badResponse("a candidate without a finishReason");
  const calls = parts.some(({ kind }) => kind === "call");
  const finish = finishOf(finishReason, calls);
  if (finish === null) throw badFinish(finishReason);
  return { parts: joined(parts), finish, stopSequence: null, logprobs: readLogprobs(logprobsResult) };
}

/** Texts in a row are one; a signature on a text proves the thought before it, which was not shown. */
function joined(parts: readonly AnswerPart[]): Part[] {
  const result: Part[] = [];
  for (const part of parts) {
    if (part.kind === "call") result.push(callOf(part));
    else if (part.kind === "media") result.push(mediaOf(part));
    else if (part.kind === "thought") addThought(part, result);
    else addText(part, result);
  }
  return result;
}

function addText({ text, signature }: TextPart, to: Part[]): void {
  const last = to.at(-1);
  if (text !== "" && last?.kind === "text") to[to.length - 1] = { ...last, text: last.text + text };
  else if (text !== "") to.push({ kind: "text", text, cache: null });
  if (signature === null) return;
  to.push({ kind: "reasoning", text: "", summary: false, signature, redacted: true, id: null });
}

function addThought({ text, signature }: TextPart, to: Part[]): void {
  const last = to.at(-1);
  if (last?.kind === "reasoning" && last.signature === null) {
    to[to.length - 1] = { ...last, text: last.text + text, signature };
  } else {
    to.push({ kind: "reasoning", text, summary: true, signature, redacted: text === "", id: null });
  }
}

function callOf({ id, name, args, signature }: Extract<AnswerPart, { kind: "call" }>): Part {
  const callId = id === "" ? newCallId() : id;
  return { kind: "toolCall", id: callId, name, arguments: args, freeform: false, signature, cache: null };
}

function mediaOf({ mediaType, data }: Extract<AnswerPart, { kind: "media" }>): Part {
  const source = { kind: "base64", mediaType, data } as const;
  if (mediaType.startsWith("image/")) return { kind: "image", source, detail: null, cache: null };
  if (mediaType.startsWith("audio/")) return { kind: "audio", source, cache: null };
  return { kind: "document", source, name: null, cache: null };
}
