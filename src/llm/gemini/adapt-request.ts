// Changes that a client's own body needs: output tokens within the model's limit, and no signatures of other providers.
import type { JsonEdits } from "../bytes/json-edit.ts";
import { isObject, type JsonObject, numberOr, objectOr } from "../json/values.ts";
import type { ModelFacts, ModelTarget } from "../models/model.ts";
import { unseal } from "../reasoning/sealed-thoughts.ts";
import { SKIP_SIGNATURE } from "./signatures.ts";

/** Changes by key; empty: the body passes as it is. @param warnings gets the name of a cap that is lowered */
export function adaptRequest(body: JsonObject, { facts }: ModelTarget, warnings: string[] = []): JsonEdits {
  const edits = boundsFor(body, facts, warnings);
  const { contents } = body;
  if (!Array.isArray(contents)) return edits;
  const own = contents.map((content: unknown) => ownContent(content, facts.reasoningBack));
  if (own.every((content, index) => content === contents[index])) return edits;
  return { ...edits, contents: JSON.stringify(own.filter((content) => content !== null)) };
}

/** Numbers that the model would refuse, in either spelling: a cap it cannot reach, a budget for thoughts outside of its range. */
function boundsFor(body: JsonObject, { contextOut, reasoning }: ModelFacts, warnings: string[]): JsonEdits {
  const edits: Record<string, JsonEdits> = {};
  const add = (places: readonly string[], bound: (asked: number) => number) => {
    const found = boundOf(body, places, bound, warnings);
    if (found !== null) edits[found.section] = { ...edits[found.section], ...found.edit };
  };
  if (contextOut > 0) add(OUTPUT, (asked) => Math.min(asked, contextOut));
  if (reasoning.kind !== "budget") return edits;
  const { min, max } = reasoning;
  // 0 turns thoughts off, and -1 leaves them to the model.
  add(THOUGHTS, (asked) => (asked <= 0 ? asked : Math.min(Math.max(asked, min), max)));
  return edits;
}

const OUTPUT = ["maxOutputTokens", "max_output_tokens"] as const;
const SECTIONS = ["generationConfig", "generation_config"] as const;
const THOUGHTS = ["thinkingConfig.thinkingBudget", "thinking_config.thinking_budget"] as const;

interface Bound {
  readonly section: string;
  readonly edit: JsonEdits;
}

/** The change of a number to what the model takes; null: none. @param places within the section, with at most one dot */
function boundOf(
  body: JsonObject,
  places: readonly string[],
  bound: (asked: number) => number,
  warnings: string[],
): Bound | null {
  for (const section of SECTIONS) {
    for (const place of places) {
      const [key, inner] = place.split(".") as [string, string | undefined];
      const value = objectOr(body[section])?.[key];
      const asked = numberOr(inner === undefined ? value : objectOr(value)?.[inner]);
      if (asked === null || bound(asked) === asked) continue;
      warnings.push(`${section}.${place}`);
      const written = String(bound(asked));
      return { section, edit: { [key]: inner === undefined ? written : { [inner]: written } } };
    }
  }
  return null;
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
