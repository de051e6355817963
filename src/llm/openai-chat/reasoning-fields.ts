// Reasoning in messages of Chat Completions, which OpenAI does not have: `reasoning_content` as DeepSeek and vLLM write it,
// or `reasoning` with `reasoning_details` as OpenRouter does.
import { isObject, type JsonObject, listOr, textOr } from "../json/values.ts";
import type { Family, ReasoningPart, Signature } from "../message/request.ts";

/** `format` of a detail, by whose it is. */
const FORMATS: Readonly<Record<Family, string>> = {
  openai: "openai-responses-v1",
  anthropic: "anthropic-claude-v1",
  gemini: "google-gemini-v1",
  other: "unknown",
};

/** The proof of a tool call, which Gemini demands. */
export interface CallProof {
  /** Id of the call; null: the first. */
  readonly id: string | null;
  readonly signature: Signature;
}

/** What a message says of thoughts. */
export interface Thoughts {
  readonly parts: readonly ReasoningPart[];
  readonly proofs: readonly CallProof[];
}

/** Whose the proof in a detail is. */
export function familyOf(format: unknown): Family {
  const name = textOr(format) ?? "";
  if (name.startsWith("anthropic")) return "anthropic";
  if (name.startsWith("google")) return "gemini";
  return name.startsWith("openai") || name.startsWith("azure-openai") ? "openai" : "other";
}

/** The text of a thought beside its details; "" none. Servers that write two fields write the same in both. */
export function plainThought(message: JsonObject): string {
  return textOr(message.reasoning_content) || textOr(message.reasoning) || "";
}

const NONE: Thoughts = { parts: [], proofs: [] };

/** The thoughts of a message, or those of its delta. */
export function readThoughts(message: JsonObject): Thoughts {
  const text = plainThought(message);
  const details = listOr(message.reasoning_details);
  if (details.length === 0) return text === "" ? NONE : { parts: [unsigned(text, false, null)], proofs: [] };
  const reader = new DetailReader();
  for (const detail of details) if (isObject(detail)) reader.add(detail);
  if (text !== "" && reader.parts.every((part) => part.text === "")) reader.parts.unshift(unsigned(text, false, null));
  return reader;
}

/** Puts details together that belong to one thought: streamed texts, a summary and its encrypted thought. */
class DetailReader {
  readonly parts: ReasoningPart[] = [];
  readonly proofs: CallProof[] = [];

  add(detail: JsonObject): void {
    const id = textOr(detail.id);
    const last = this.parts.at(-1);
    const open = last?.signature === null && !last.redacted ? last : null;
    if (detail.type === "reasoning.encrypted") this.#addEncrypted(detail, id, open);
    else {
      const summary = detail.type === "reasoning.summary";
      const text = textOr(summary ? detail.summary : detail.text) ?? "";
      const signature = signatureOf(detail, "signature");
      const joined = open?.summary === summary ? open : null;
      const part = { ...unsigned((joined?.text ?? "") + text, summary, joined?.id ?? id), signature };
      if (joined !== null) this.parts.pop();
      if (part.text !== "" || signature !== null) this.parts.push(part);
    }
  }

  #addEncrypted(detail: JsonObject, id: string | null, open: ReasoningPart | null): void {
    const signature = signatureOf(detail, "data");
    if (signature === null) return;
    if (signature.family === "gemini") this.proofs.push({ id, signature });
    else if (open?.summary === true) this.parts[this.parts.length - 1] = { ...open, signature, id: open.id ?? id };
    else this.parts.push({ kind: "reasoning", text: "", summary: false, signature, redacted: true, id });
  }
}

function signatureOf(detail: JsonObject, key: string): Signature | null {
  const value = textOr(detail[key]);
  return value === null || value === "" ? null : { family: familyOf(detail.format), value };
}

function unsigned(text: string, summary: boolean, id: string | null): ReasoningPart {
  return { kind: "reasoning", text, summary, signature: null, redacted: false, id };
}

/** The details that let a thought be proved when it is sent back; empty: it has no proof. @param index of the first */
export function writeDetails(part: ReasoningPart, index: number): readonly JsonObject[] {
  const { signature, text, summary, redacted, id } = part;
  if (signature === null) return [];
  const common = { format: FORMATS[signature.family], id, index };
  const encrypted = { type: "reasoning.encrypted", data: signature.value };
  if (redacted || (summary && text === "")) return [{ ...encrypted, ...common }];
  if (!summary) return [{ type: "reasoning.text", text, signature: signature.value, ...common }];
  const shown = { type: "reasoning.summary", summary: text, ...common };
  return [shown, { ...encrypted, ...common, index: index + 1 }];
}

/** The field of a call that carries its proof, as Google's compatible endpoint has it. */
export function writeCallProof(signature: Signature): JsonObject {
  return { extra_content: { google: { thought_signature: signature.value } } };
}

/** The proof in that field of a call; null: none. */
export function readCallProof(call: JsonObject): Signature | null {
  const extra = isObject(call.extra_content) ? call.extra_content.google : null;
  const value = isObject(extra) ? textOr(extra.thought_signature) : null;
  return value === null ? null : { family: "gemini", value };
}
