// Signatures of reasoning for clients of another API: one opaque text each, which they send back unchanged.
import { isObject, parseJson, textOr } from "../json/values.ts";
import type { Family, ReasoningPart, Signature } from "../message/request.ts";

/** Base64 of `gateway-sig:`: whole groups of three, so that every sealed text begins with it. No provider's own does. */
const MARK = Buffer.from("gateway-sig:").toString("base64");

const FAMILIES: ReadonlySet<string> = new Set<Family>(["openai", "anthropic", "gemini", "other"]);

/** A proof, with what its maker needs beside it. */
export interface Proof {
  readonly signature: Signature;
  readonly redacted: boolean;
  readonly summary: boolean;
  /** Id of the item at its maker; null: none. */
  readonly id: string | null;
  /** The thought, if the client does not see it; null: it stands beside the proof. */
  readonly hidden: string | null;
  /** It proves the tool call that follows, not a thought; absent: no. */
  readonly ofCall?: boolean;
}

/**
 * A proof as a client of family `own` gets it: as it is if it belongs to that family and says it all, else in Base64 that
 * names the family. Where the field of the client's API is Base64, the alphabet may be changed on the way.
 */
export function seal(proof: Proof, own: Family): string {
  const { signature, redacted, summary, id, hidden, ofCall } = proof;
  if (signature.family === own && hidden === null && ofCall !== true) return signature.value;
  const content = { f: signature.family, v: signature.value, r: redacted, s: summary, i: id, h: hidden, c: ofCall };
  return MARK + Buffer.from(JSON.stringify(content)).toString("base64");
}

/** Whether a request has a sealed proof somewhere: providers, its maker too, would refuse it as it is. */
export function hasSealed(request: Buffer): boolean {
  return request.includes(MARK, 0, "latin1");
}

/** What was sealed. @param text as the client sent it @returns null: nothing was, so the text is a signature of the client's API */
export function unseal(text: string): Proof | null {
  if (!text.startsWith(MARK)) return null;
  const content = parseJson(Buffer.from(text.slice(MARK.length), "base64").toString());
  if (!isObject(content)) return null;
  const family = textOr(content.f);
  const value = textOr(content.v);
  if (family === null || value === null || !FAMILIES.has(family)) return null;
  return {
    signature: { family: family as Family, value },
    redacted: content.r === true,
    summary: content.s === true,
    id: textOr(content.i),
    hidden: textOr(content.h),
    ...(content.c === true ? { ofCall: true } : null),
  };
}

/**
 * The thought a client has sent back.
 * @param text shown to it
 * @param proof of the text, as the client sent it; one that was sealed and damaged proves nothing
 * @param own family of its API
 */
export function unsealThought(text: string, proof: string, own: Family): ReasoningPart {
  const found = unseal(proof);
  if (found === null) {
    const signature = proof.startsWith(MARK) ? null : { family: own, value: proof };
    return { kind: "reasoning", text, summary: false, signature, redacted: text === "", id: null };
  }
  const { signature, redacted, summary, id, hidden } = found;
  return { kind: "reasoning", text: hidden ?? text, summary, signature, redacted, id };
}

/** The proof of a tool call, for clients whose API has none: stands before the call, as a thought without text would. */
export function sealCall(signature: Signature, own: Family): string {
  return seal({ signature, redacted: true, summary: false, id: null, hidden: null, ofCall: true }, own);
}

/** The signature of the tool call that follows; null: this is no proof of a call. @param text as the client sent it */
export function unsealCall(text: string): Signature | null {
  const proof = unseal(text);
  return proof?.ofCall === true ? proof.signature : null;
}
