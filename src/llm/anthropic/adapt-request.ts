// Changes that a client's own body needs: reasoning of other providers in the same conversation is not sent back.
import type { JsonEdits } from "../bytes/json-edit.ts";
import { isObject, type JsonObject } from "../json/values.ts";
import type { ModelTarget } from "../models/model.ts";
import { unseal } from "../reasoning/sealed-thoughts.ts";

/** Changes by key; empty: the body passes as it is. Messages are written anew only if one of them has to change. */
export function adaptRequest(body: JsonObject, { facts }: ModelTarget): JsonEdits {
  const { messages } = body;
  if (!Array.isArray(messages)) return {};
  const own = messages.map((message: unknown) => withoutForeign(message, facts.reasoningBack));
  if (own.every((message, index) => message === messages[index])) return {};
  const left = own.filter((message) => message !== null);
  const stuck = isObject(body.thinking) && body.thinking.type === "enabled" && loopsWithoutThought(left);
  return { messages: JSON.stringify(left), ...(stuck ? { thinking: '{"type":"disabled"}' } : null) };
}

/** @returns the message itself if it has no foreign thought; null: it has nothing else */
function withoutForeign(message: unknown, unsigned: boolean): unknown {
  if (!isObject(message) || message.role !== "assistant" || !Array.isArray(message.content)) return message;
  if (!message.content.some((block: unknown) => isForeign(block, unsigned))) return message;
  const content = message.content.filter((block: unknown) => !isForeign(block, unsigned));
  return content.length === 0 ? null : { ...message, content };
}

/** @param unsigned whether the provider takes thoughts without proof */
function isForeign(block: unknown, unsigned: boolean): boolean {
  if (!isObject(block)) return false;
  if (block.type === "redacted_thinking") return typeof block.data === "string" && unseal(block.data) !== null;
  if (block.type !== "thinking") return false;
  const signature = block.signature ?? "";
  return signature === "" ? !unsigned : typeof signature === "string" && unseal(signature) !== null;
}

/** Whether the last turn of the model called tools without a thought of its own: it cannot go on with a budget for thought. */
function loopsWithoutThought(messages: readonly unknown[]): boolean {
  const last = messages.filter(isObject).findLast(({ role }) => role === "assistant");
  if (last === undefined || !Array.isArray(last.content)) return false;
  const [first] = last.content.filter(isObject);
  const thought = first?.type === "thinking" || first?.type === "redacted_thinking";
  return !thought && last.content.some((block: unknown) => isObject(block) && block.type === "tool_use");
}
