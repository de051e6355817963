// Thinking blocks and signatures in answers for clients.
import type { Signature } from "../message/request.ts";
import { seal } from "../reasoning/sealed-thoughts.ts";

/** A thought that is complete. */
export interface Thought {
  readonly text: string;
  readonly summary: boolean;
  readonly signature: Signature | null;
  readonly redacted: boolean;
  readonly id: string | null;
}

/**
 * What stands in `signature`, or in `data` of a redacted thought; "" nothing.
 * @param hide the client does not want to see the text, so that the proof has to carry it
 */
export function proofOf({ text, summary, signature, redacted, id }: Thought, hide: boolean): string {
  if (signature === null) return "";
  // The maker of a thought knows it by its signature.
  const hidden = hide && text !== "" && signature.family !== "anthropic" ? text : null;
  return seal({ signature, redacted, summary, id, hidden }, "anthropic");
}
