// Reads texts and thoughts of a conversation.
import type { Part } from "../message/request.ts";
import { unsealThought } from "../reasoning/sealed-thoughts.ts";
import { SKIP_SIGNATURE } from "./signatures.ts";

/**
 * Adds a text part to those of its turn. What the model says in one go stays together, however it was streamed.
 * @param signature "" none; on a text it proves the thought before it, which was not shown
 * @param model whether the model has said it
 */
export function readText(text: string, thought: boolean, signature: string, model: boolean, to: Part[]): void {
  const signed = signature !== "" && signature !== SKIP_SIGNATURE;
  if (!thought) {
    addText(text, model, to);
    if (signed) to.push(unsealThought("", signature, "gemini"));
  } else if (signed) {
    addProof(text, signature, to);
  } else {
    addThought(text, to);
  }
}

function addText(text: string, model: boolean, to: Part[]): void {
  if (text === "") return;
  const last = to.at(-1);
  if (model && last?.kind === "text") to[to.length - 1] = { ...last, text: last.text + text };
  else to.push({ kind: "text", text, cache: null });
}

function addThought(text: string, to: Part[]): void {
  if (text === "") return;
  const before = unproved(to);
  if (before === null) to.push({ kind: "reasoning", text, summary: true, signature: null, redacted: false, id: null });
  else to[to.length - 1] = { ...before, text: before.text + text };
}

/** Proves the thought that was streamed before it. */
function addProof(text: string, signature: string, to: Part[]): void {
  const before = unproved(to);
  if (before !== null) to.pop();
  const { signature: proof, ...part } = unsealThought(`${before?.text ?? ""}${text}`, signature, "gemini");
  to.push({ ...part, signature: proof?.value === "" ? null : proof });
}

function unproved(to: readonly Part[]): Extract<Part, { kind: "reasoning" }> | null {
  const last = to.at(-1);
  return last?.kind === "reasoning" && last.signature === null && !last.redacted ? last : null;
}
