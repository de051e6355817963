// Items of type `reasoning`, in which clients also keep the signatures of other providers' reasoning and calls.
import { isObject, type JsonObject, listOr, textOr } from "../json/values.ts";
import type { ReasoningPart, Signature } from "../message/request.ts";
import { seal, unseal, unsealThought } from "../reasoning/sealed-thoughts.ts";

/** Begins ids of thoughts that are named here: a provider must not get them back, since its proofs name its own. */
export const OWN_THOUGHT = "rs_gateway";

/** `encrypted_content` that carries the signature of a call, which has no place in items of calls. @param call id of it */
export function sealCall(signature: Signature, call: string): string {
  return seal({ signature, redacted: true, summary: false, id: call, hidden: null, ofCall: true }, "openai");
}

/** A signature that stands in an item of its own. */
export interface CallProof {
  /** Id of the call; null: the next. */
  readonly call: string | null;
  readonly signature: Signature;
}

/** The signature of a call that an item is; null: it is a thought. */
export function readCallProof(item: JsonObject): CallProof | null {
  const encrypted = textOr(item.encrypted_content);
  const proof = encrypted === null ? null : unseal(encrypted);
  return proof?.ofCall === true ? { call: proof.id, signature: proof.signature } : null;
}

/** In place of a proof, for thoughts without one: without it OpenAI would look for an item it has stored. */
const UNSIGNED: Signature = { family: "other", value: "" };

/** `encrypted_content` of a thought. @param signature null: it has none */
export function sealThought(
  signature: Signature | null,
  { redacted, summary, id }: Pick<ReasoningPart, "redacted" | "summary" | "id">,
): string {
  return seal({ signature: signature ?? UNSIGNED, redacted, summary, id, hidden: null }, "openai");
}

/** A thought, as a client or provider sends it. */
export function readThought(item: JsonObject): ReasoningPart {
  const thought = textsOf(item.content);
  const text = thought === "" ? textsOf(item.summary) : thought;
  const summary = thought === "" && text !== "";
  const encrypted = textOr(item.encrypted_content) ?? "";
  const named = textOr(item.id);
  const id = named?.startsWith(OWN_THOUGHT) ? null : named;
  if (encrypted === "") return { kind: "reasoning", text, summary, signature: null, redacted: false, id };
  const part = unsealThought(text, encrypted, "openai");
  if (part.signature?.value === "") return { ...part, signature: null };
  // What was sealed says itself whether it is a summary, and whose id it has.
  return unseal(encrypted) === null && part.signature !== null ? { ...part, summary, id } : part;
}

function textsOf(parts: unknown): string {
  const texts = listOr(parts).map((part) => (isObject(part) ? (textOr(part.text) ?? "") : ""));
  return texts.length === 1 ? texts[0]! : texts.join("\n\n");
}
