// Changes that a client's own body needs, because endpoints of Chat Completions differ.
import type { JsonEdits } from "../bytes/json-edit.ts";
import { isObject, type JsonObject } from "../json/values.ts";
import type { Dialect, ModelTarget } from "../models/model.ts";
import { CALL_IDS, callId, type NameRule } from "../tools/ids.ts";
import { adaptedThoughts } from "./adapt-reasoning.ts";

/** Changes by key; empty: the body passes as it is. Messages are written anew only if one of them has to change. */
export function adaptRequest(body: JsonObject, to: ModelTarget): JsonEdits {
  const messages = adaptedMessages(body.messages, to);
  return { ...limitEdits(body, to.dialect), ...(messages === null ? null : { messages: JSON.stringify(messages) }) };
}

/** The bound of the output under the name that the endpoint knows. */
function limitEdits(body: JsonObject, { maxTokensField: known }: Dialect): JsonEdits {
  const other = known === "max_tokens" ? "max_completion_tokens" : "max_tokens";
  if (typeof body[other] !== "number") return {};
  // Where both are said, OpenAI's newer name holds.
  const value = other === "max_completion_tokens" ? body[other] : (body[known] ?? body[other]);
  return { [other]: null, [known]: JSON.stringify(value) };
}

/** null: none changes. */
function adaptedMessages(messages: unknown, to: ModelTarget): readonly unknown[] | null {
  if (!Array.isArray(messages)) return null;
  const rule = CALL_IDS[to.dialect.callIds];
  let changed = false;
  const adapted = messages.map((message: unknown) => {
    const now = isObject(message) ? adaptedMessage(adaptedThoughts(message, to), to.dialect, rule) : message;
    if (now !== message) changed = true;
    return now;
  });
  return changed ? adapted : null;
}

function adaptedMessage(message: JsonObject, { developerRole }: Dialect, rule: NameRule): JsonObject {
  const { role, tool_call_id: id, tool_calls: calls } = message;
  if (role === "developer" && !developerRole) return { ...message, role: "system" };
  if (typeof id === "string" && !rule.allowed.test(id)) return { ...message, tool_call_id: callId(id, rule) };
  if (!Array.isArray(calls)) return message;
  if (!calls.some((call: unknown) => hasOtherId(call, rule))) return message;
  const known = calls.map((call: unknown) => {
    return hasOtherId(call, rule) ? { ...call, id: callId(call.id, rule) } : call;
  });
  return { ...message, tool_calls: known };
}

function hasOtherId(call: unknown, { allowed }: NameRule): call is JsonObject & { readonly id: string } {
  return isObject(call) && typeof call.id === "string" && !allowed.test(call.id);
}
