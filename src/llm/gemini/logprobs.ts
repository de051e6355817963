// Log probabilities: `logprobsResult` of a candidate, and `logprobs` of Chat Completions as the common form has them.
import { isObject, type JsonObject, listOr, numberOr, objectOr, textOr } from "../json/values.ts";

interface Token {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

/** @returns null: there are none */
export function readLogprobs(written: unknown): JsonObject | null {
  const result = objectOr(written);
  if (result === null) return null;
  const tops = listOr(result.topCandidates);
  const content = listOr(result.chosenCandidates).map((chosen, index) => {
    const top = objectOr(tops[index]);
    return { ...readToken(chosen), top_logprobs: listOr(top?.candidates).map(readToken) };
  });
  return { content, refusal: null };
}

function readToken(written: unknown): Token {
  const candidate = objectOr(written);
  const token = textOr(candidate?.token) ?? "";
  return { token, logprob: numberOr(candidate?.logProbability) ?? 0, bytes: [...Buffer.from(token)] };
}

/** @param logprobs in the common form @returns null: there are none */
export function writeLogprobs(logprobs: unknown): JsonObject | null {
  const content = objectOr(logprobs)?.content;
  if (!Array.isArray(content) || content.length === 0) return null;
  const chosen = content.filter(isObject);
  return {
    chosenCandidates: chosen.map(writeToken),
    topCandidates: chosen.map((each) => ({ candidates: listOr(each.top_logprobs).filter(isObject).map(writeToken) })),
  };
}

function writeToken({ token, logprob }: JsonObject): JsonObject {
  return { token: textOr(token) ?? "", logProbability: numberOr(logprob) ?? 0 };
}
