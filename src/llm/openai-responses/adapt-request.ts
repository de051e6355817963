// Changes that a client's own body needs: reasoning of other providers in the same conversation is not sent back.
import type { JsonEdits } from "../bytes/json-edit.ts";
import { isObject, type JsonObject } from "../json/values.ts";
import type { ModelTarget } from "../models/model.ts";
import { unseal } from "../reasoning/sealed-thoughts.ts";
import { CALL_IDS, callId } from "../tools/ids.ts";
import { OWN_THOUGHT, readCallProof, readThought } from "./reasoning-items.ts";

/** Changes by key; empty: the body passes as it is. Items are written anew only if one of them has to change. */
export function adaptRequest({ input }: JsonObject, { facts }: ModelTarget): JsonEdits {
  if (!Array.isArray(input)) return {};
  const own = input.map((item: unknown) => adaptedItem(item, facts.reasoningBack));
  if (own.every((item, index) => item === input[index])) return {};
  return { input: JSON.stringify(own.filter((item) => item !== null)) };
}

/** @param unproved whether the model takes thoughts without proof @returns the item itself if it may pass; null: it may not */
function adaptedItem(item: unknown, unproved: boolean): unknown {
  if (!isObject(item)) return item;
  if (item.type === "reasoning") return isForeign(item) ? unprovedThought(item, unproved) : item;
  const id = item.call_id;
  if (typeof id !== "string" || CALL_IDS.openai.allowed.test(id)) return item;
  return { ...item, call_id: callId(id, CALL_IDS.openai) };
}

/** Whether a thought was sealed, or named, by this gateway: OpenAI takes only proofs and ids of its own. */
function isForeign({ id, encrypted_content: encrypted }: JsonObject): boolean {
  if (typeof encrypted === "string" && encrypted !== "") return unseal(encrypted) !== null;
  return typeof id === "string" && id.startsWith(OWN_THOUGHT);
}

function unprovedThought(item: JsonObject, wanted: boolean): JsonObject | null {
  if (!wanted || readCallProof(item) !== null) return null;
  const { text, summary, signature } = readThought(item);
  if (signature !== null || summary || text === "") return null;
  return { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text }] };
}
