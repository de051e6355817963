// A request without signatures of reasoning, for an account that cannot verify those of another.
import type { ChatRequest, Part, Turn } from "../message/request.ts";

/** Codes and words by which providers say that a proof is not theirs. */
const UNVERIFIED =
  /could not be verified|invalid_encrypted_content|invalid_signature|invalid `?signature`? in `?thinking|(?:invalid|corrupted) thought signature|thought signature is not valid/i;

/** Whether a fault says that a proof of a thought could not be verified. @param text of the fault, and its code */
export function isUnverified(text: string): boolean {
  return UNVERIFIED.test(text);
}

/** The request without thoughts, and without signatures of calls. */
export function withoutProofs(request: ChatRequest): ChatRequest {
  return { ...request, turns: request.turns.map(unproved) };
}

/** Whether there is anything that {@link withoutProofs} would leave out. */
export function hasProofs({ turns }: ChatRequest): boolean {
  return turns.some(({ parts }) => parts.some(isProof));
}

function unproved(turn: Turn): Turn {
  if (!turn.parts.some(isProof)) return turn;
  const parts = turn.parts.filter(({ kind }) => kind !== "reasoning");
  return { ...turn, parts: parts.map((part) => (part.kind === "toolCall" ? { ...part, signature: null } : part)) };
}

function isProof(part: Part): boolean {
  return part.kind === "reasoning" || (part.kind === "toolCall" && part.signature !== null);
}
