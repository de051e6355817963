// Reads one candidate of an answer, streamed or not.
import { isObject, type JsonObject, listOr, numberOr, objectOr, textOr } from "../json/values.ts";
import { badResponse } from "../message/fault.ts";
import type { Signature } from "../message/request.ts";
import { reasonOf } from "./finish.ts";

/** A part, as far as other APIs know it. */
export type AnswerPart =
  | { readonly kind: "text" | "thought"; readonly text: string; readonly signature: Signature | null }
  | {
      readonly kind: "call";
      /** "" none. */
      readonly id: string;
      readonly name: string;
      /** JSON text. */
      readonly args: string;
      readonly signature: Signature | null;
    }
  | { readonly kind: "media"; readonly mediaType: string; readonly data: string };

/** A candidate, or a chunk of one. */
export interface Candidate {
  readonly index: number;
  readonly parts: readonly AnswerPart[];
  /** null: it goes on. */
  readonly finishReason: string | null;
  readonly logprobsResult: unknown;
}

/** @throws LlmError of `badResponse` */
export function readCandidate(written: unknown, place: number): Candidate {
  if (!isObject(written)) throw badResponse("a candidate that is no object");
  const parts: AnswerPart[] = [];
  for (const each of listOr(objectOr(written.content)?.parts)) {
    const part = isObject(each) ? readPart(each) : null;
    if (part !== null) parts.push(part);
  }
  return {
    index: indexOf(written.index, place),
    parts,
    finishReason: reasonOf(written),
    logprobsResult: written.logprobsResult ?? null,
  };
}

/** Most candidates an answer may have. */
const MAX_CANDIDATES = 128;

function indexOf(written: unknown, place: number): number {
  const index = numberOr(written) ?? place;
  if (Number.isInteger(index) && index >= 0 && index < MAX_CANDIDATES) return index;
  throw badResponse("a candidate with an impossible index");
}

/** In either alphabet. Clients decode signatures, so that another text would make them fail. */
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** @returns null: it is of a kind that is not asked for, such as code run at Google */
function readPart(part: JsonObject): AnswerPart | null {
  const proof = textOr(part.thoughtSignature) ?? "";
  const signature: Signature | null = BASE64.test(proof) ? { family: "gemini", value: proof } : null;
  const call = objectOr(part.functionCall);
  if (call !== null) return readCall(call, signature);
  const text = textOr(part.text);
  if (text !== null || signature !== null) {
    return { kind: part.thought === true ? "thought" : "text", text: text ?? "", signature };
  }
  const blob = objectOr(part.inlineData);
  const mediaType = textOr(blob?.mimeType);
  const data = textOr(blob?.data);
  return mediaType === null || data === null ? null : { kind: "media", mediaType, data };
}

function readCall(call: JsonObject, signature: Signature | null): AnswerPart {
  const name = textOr(call.name) ?? "";
  if (name === "") throw badResponse("a call without a name");
  if (call.partialArgs !== undefined || call.willContinue === true) throw badResponse("a call in pieces");
  const args = call.args ?? {};
  if (!isObject(args)) throw badResponse("a call whose arguments are no object");
  return { kind: "call", id: textOr(call.id) ?? "", name, args: JSON.stringify(args), signature };
}

/** `createTime` in s since 1970; 0 unknown. */
export function createdAt({ createTime }: JsonObject): number {
  const time = typeof createTime === "string" ? Date.parse(createTime) : Number.NaN;
  return Number.isNaN(time) ? 0 : Math.floor(time / 1000);
}
