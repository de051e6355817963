// Reasoning in a client's own messages: an endpoint must not get that of other models, nor fields that OpenAI refuses, and
// must get one where its model requires it.
import { isObject, type JsonObject } from "../json/values.ts";
import type { ModelTarget } from "../models/model.ts";
import { familyOf } from "./reasoning-fields.ts";

const FIELDS = ["reasoning_content", "reasoning", "reasoning_details"] as const;

/** The message itself if nothing has to change. */
export function adaptedThoughts(message: JsonObject, to: ModelTarget): JsonObject {
  if (message.role !== "assistant") return message;
  if (to.dialect.genuine) return withoutProofsOfCalls(without(message, FIELDS));
  const left = withoutForeign(message, to);
  // Many clients do not keep thoughts, and such models refuse a turn with calls that lacks the field.
  if (!to.facts.reasoningBack || !Array.isArray(left.tool_calls)) return left;
  if (FIELDS.some((field) => left[field] !== undefined)) return left;
  return { ...left, [to.dialect.reasoning === "openrouter" ? "reasoning" : "reasoning_content"]: "" };
}

function withoutForeign(message: JsonObject, to: ModelTarget): JsonObject {
  const { reasoning_details: details } = message;
  if (!Array.isArray(details)) return message;
  const own = details.filter((detail: unknown) => !isForeign(detail, to));
  if (own.length === details.length) return message;
  // The text beside foreign details is theirs.
  return { ...without(message, FIELDS), ...(own.length === 0 ? null : { reasoning_details: own }) };
}

/** Whether a detail carries the proof of another family's model. */
function isForeign(detail: unknown, { family }: ModelTarget): boolean {
  if (!isObject(detail)) return false;
  const proof = detail.signature ?? detail.data ?? null;
  return proof !== null && familyOf(detail.format) !== (family ?? "openai");
}

/** OpenAI knows no `extra_content`, where Google has them. */
function withoutProofsOfCalls(message: JsonObject): JsonObject {
  const { tool_calls: calls } = message;
  if (!Array.isArray(calls)) return message;
  const left = calls.map((call: unknown) => (isObject(call) ? without(call, ["extra_content"]) : call));
  return left.every((call, index) => call === calls[index]) ? message : { ...message, tool_calls: left };
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  if (!keys.some((key) => key in object)) return object;
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
