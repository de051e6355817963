// Adapts a request that passes to a model of Gemini: its own cap of the output, and no proofs of others.
import type { JsonEdits } from "../bytes/json-edit.ts";
import { isObject, type JsonObject, numberOr, objectOr } from "../json/values.ts";
import type { ModelTarget } from "../models/model.ts";
import { unseal } from "../reasoning/sealed-thoughts.ts";
import { SKIP_SIGNATURE } from "./signatures.ts";

/** Changes by key; empty: the body passes as it is. @param warnings gets the name of a cap that is lowered */
export function adaptRequest(body: JsonObject, { facts }: ModelTarget, warnings: string[] = []): JsonEdits {
  const edits = facts.contextOut === 0 ? {} : capFor(body, facts.contextOut, warnings);
  const { contents } = body;
  if (!Array.isArray(contents)) return edits;
  const own = contents.map((content: unknown) => ownContent(content, facts.reasoningBack));
  if (own.every((content, index) => content === contents[index])) return edits;
  return { ...edits, contents: JSON.stringify(own.filter((content) => content !== null)) };
}

/** A cap the model cannot reach, in either spelling. */
function capFor(body: JsonObject, most: number, warnings: string[]): JsonEdits {
  for (const config of ["generationConfig", "generation_config"]) {
    for (const key of ["maxOutputTokens", "max_output_tokens"]) {
      if ((numberOr(objectOr(body[config])?.[key]) ?? 0) <= most) continue;
      warnings.push(`${config}.${key}`);
      return { [config]: { [key]: String(most) } };
    }
  }
  return {};
}

/**
 * A message without proofs of others.
 * @param signed whether the model wants a signature on the first call of each message
 * @returns the message itself if it has none; null: it has nothing else
 */
function ownContent(content: unknown, signed: boolean): unknown {
  if (!isObject(content) || content.role !== "model" || !Array.isArray(content.parts)) return content;
  const { parts } = content;
  const own = parts.map(ownPart).filter((part) => part !== null);
  const first = signed ? own.findIndex((part) => isObject(part) && callOf(part) !== undefined) : -1;
  const call = own[first];
  if (isObject(call) && signatureOf(call) === undefined) own[first] = { ...call, thoughtSignature: SKIP_SIGNATURE };
  if (own.length === parts.length && own.every((part, index) => part === parts[index])) return content;
  return own.length === 0 ? null : { ...content, parts: own };
}

/** @returns null: the part is nothing but the proof of another maker */
function ownPart(part: unknown): unknown {
  const signature = isObject(part) ? signatureOf(part) : undefined;
  const proof = typeof signature === "string" ? unseal(signature) : null;
  if (proof === null) return part;
  const { thoughtSignature: _, thought_signature: __, ...rest } = part as JsonObject;
  if (proof.signature.family === "gemini") {
    const hidden = proof.hidden === null ? {} : { text: proof.hidden };
    return { ...rest, ...hidden, thoughtSignature: proof.signature.value };
  }
  return rest.thought === true || rest.text === "" ? null : rest;
}

function signatureOf(part: JsonObject): unknown {
  return part.thoughtSignature ?? part.thought_signature ?? undefined;
}

function callOf(part: JsonObject): unknown {
  return part.functionCall ?? part.function_call ?? undefined;
}
