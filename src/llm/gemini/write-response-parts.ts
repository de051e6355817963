// Writes parts of an answer for a client.

import type { ChatRequest, Family, ReasoningPart, Signature, ToolCallPart } from "../message/request.ts";
import { seal } from "../reasoning/sealed-thoughts.ts";
import { parseArguments } from "../tools/arguments.ts";
import { wrapInput } from "../tools/freeform.ts";

/** How the client of a request sees thoughts. */
export interface ThoughtView {
  /** It has asked for them. */
  readonly visible: boolean;
  /** Thoughts that nobody has signed come back, too, because some models want theirs in tool loops. */
  readonly loops: boolean;
}

/** @see ThoughtView */
export function thoughtView({ reasoning, tools }: Pick<ChatRequest, "reasoning" | "tools">): ThoughtView {
  return { visible: reasoning?.visible === true, loops: tools.length > 0 };
}

/** Stands for the signature of a thought that has none. */
const UNSIGNED: Signature = { family: "other", value: "" };

/**
 * The proof of a thought. Where the client is not to see the thought, it is sealed into the proof.
 * @param shown the text, unless the client has it already
 * @returns null: there is nothing the client has to send back
 */
export function proofPart(
  part: Omit<ReasoningPart, "kind">,
  shown: string,
  { visible, loops }: ThoughtView,
): object | null {
  const { signature, redacted, summary, id, text } = part;
  if (signature === null && (!loops || (text === "" && !visible))) return null;
  const hidden = visible || text === "" ? null : text;
  const proof = { signature: signature ?? UNSIGNED, redacted, summary, id, hidden };
  return { text: shown, thought: true, thoughtSignature: seal(proof, "gemini") };
}

/** A whole thought; null: the client is not to see it, and has nothing to send back. */
export function thoughtPart(part: ReasoningPart, view: ThoughtView): object | null {
  const shown = view.visible ? part.text : "";
  const proof = proofPart(part, shown, view);
  if (proof !== null || shown === "") return proof;
  return { text: shown, thought: true };
}

/** A call; null: its arguments are no JSON object, which Gemini's API cannot express. */
export function callPart(
  call: Pick<ToolCallPart, "id" | "name" | "arguments" | "freeform" | "signature">,
): object | null {
  const args = call.freeform ? wrapInput(call.arguments) : parseArguments(call.arguments);
  if (args === null) return null;
  const functionCall = { id: call.id, name: call.name, args };
  if (call.signature === null) return { functionCall };
  return { functionCall, thoughtSignature: sealedSignature(call.signature, "gemini") };
}

function sealedSignature(signature: Signature, own: Family): string {
  return seal({ signature, redacted: false, summary: false, id: null, hidden: null }, own);
}

/** What Gemini itself says of such a call. @param text of its arguments */
export function malformedCall(name: string, text: string): object {
  const message = `Malformed function call: ${name}(${text.slice(0, 500)})`;
  return { finishReason: "MALFORMED_FUNCTION_CALL", finishMessage: message };
}
