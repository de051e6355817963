// Thoughts in Chat Completions: OpenAI shows none, servers their text, OpenRouter text and proof of the model's author.
import type { Reply } from "../answer/reply.ts";
import { isOf, sign } from "../answer/signature.ts";
import { Refusal } from "../rules/refusal.ts";
import type { ChatStyle } from "./style.ts";
import type { ChatMessage } from "./types.ts";

type Json = Readonly<Record<string, unknown>>;

/** Author of a model at OpenRouter → how its thoughts are proved, and by whom; all others prove nothing. */
const PROOFS: Readonly<Record<string, { readonly format: string; readonly maker: string }>> = {
  anthropic: { format: "anthropic-claude-v1", maker: "anthropic" },
  google: { format: "google-gemini-v1", maker: "gemini" },
  openai: { format: "openai-responses-v1", maker: "openai" },
};

/** Fields of a whole message. */
export function thoughtFields(reply: Reply, style: ChatStyle): Json {
  if (reply.thought === "" || style.kind === "openai") return {};
  const shown = reply.redacted ? "" : reply.thought;
  if (style.kind !== "openrouter") return shown === "" ? {} : { reasoning_content: shown };
  return { reasoning: shown === "" ? null : shown, reasoning_details: [detail(reply, style, shown)] };
}

/** A piece of text, of others than OpenAI. */
export function thoughtDelta(text: string, { kind, model }: ChatStyle): Json {
  if (kind === "openaiCompatible") return { reasoning_content: text };
  const format = proofOf(model)?.format ?? "unknown";
  return { reasoning: text, reasoning_details: [{ type: "reasoning.text", text, format, index: 0 }] };
}

/** What follows the text; null: nothing. */
export function thoughtEnd(reply: Reply, style: ChatStyle): Json | null {
  const proves = style.kind === "openrouter" && reply.thought !== "" && proofOf(style.model) !== null;
  return proves ? { reasoning_details: [detail(reply, style, "")] } : null;
}

/** @param shown text beside the proof; "" none */
function detail(reply: Reply, { model }: ChatStyle, shown: string): Json {
  const proof = proofOf(model);
  const known = { format: proof?.format ?? "unknown", index: 0 };
  if (proof === null) return { type: "reasoning.text", text: shown, ...known };
  const value = sign(proof.maker, reply.thought);
  if (reply.redacted || proof.maker !== "anthropic") return { type: "reasoning.encrypted", data: value, ...known };
  return { type: "reasoning.text", ...(shown === "" ? {} : { text: shown }), signature: value, ...known };
}

/** Refuses proofs of other authors' models. @throws Refusal */
export function checkDetails({ reasoning_details = [] }: ChatMessage, model: string): void {
  const proof = proofOf(model);
  for (const { signature, data } of reasoning_details) {
    const value = signature ?? data;
    if (value == null) continue;
    if (proof === null || !isOf(value, proof.maker))
      throw new Refusal("invalid", "Invalid signature in reasoning_details", "messages");
  }
}

function proofOf(model: string): (typeof PROOFS)[string] | null {
  const author = model.slice(0, Math.max(0, model.indexOf("/")));
  return PROOFS[author] ?? null;
}
