// Generated content, whole or as events.
import type { Ask } from "../answer/ask.ts";
import type { Call, Reply } from "../answer/reply.ts";
import { sign } from "../answer/signature.ts";
import { dataFrame, type Frame, pieces } from "../frame.ts";

/** What of the request shows in the answer. */
export interface GeminiStyle {
  readonly model: string;
  /** Whether thoughts are shown. */
  readonly thoughts: boolean;
  /** Proves its calls. */
  readonly signed: boolean;
  readonly logprobs: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** The whole answer. */
export function generated(ask: Ask, reply: Reply, style: GeminiStyle): Json {
  const end = endOf(reply, style);
  if (ask.commands.has("block")) return blocked(ask, style);
  const candidates = Array.from({ length: ask.choices }, (_, index) => {
    return { content: { role: "model", parts: partsOf(reply, style) }, index, ...end };
  });
  const usage = ask.commands.has("no-usage") ? {} : { usageMetadata: usageOf(ask, reply) };
  return { candidates, ...usage, ...headOf(ask, style) };
}

/** The answer as events; only the last says why it ends. */
export function* generatedEvents(ask: Ask, reply: Reply, style: GeminiStyle): Generator<Frame> {
  const head = headOf(ask, style);
  const frame = (role: Frame["role"], parts: readonly Json[], more: Json, usage: Json) => {
    const shown = ask.commands.has("no-usage") ? {} : { usageMetadata: usage };
    return dataFrame(role, {
      candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
      ...shown,
      ...head,
    });
  };
  if (ask.commands.has("block")) return yield dataFrame("content", blocked(ask, style));
  const early = { promptTokenCount: ask.input, totalTokenCount: ask.input, ...cachedOf(ask) };
  for (const part of streamedParts(reply, style)) yield frame("content", [part], {}, early);
  yield frame("finish", lastParts(reply, style), endOf(reply, style), usageOf(ask, reply));
}

/** Text comes in pieces, calls come whole. */
function* streamedParts(reply: Reply, style: GeminiStyle): Generator<Json> {
  if (style.thoughts && !reply.redacted) for (const text of pieces(reply.thought)) yield { text, thought: true };
  for (const text of pieces(reply.text)) yield { text };
  yield* callParts(reply, style);
}

/** A thought without calls is proved by the last part, which says nothing. */
function lastParts(reply: Reply, style: GeminiStyle): Json[] {
  if (reply.calls.length > 0 || reply.thought === "" || !style.signed) return [{ text: "" }];
  return [{ text: "", thoughtSignature: sign("gemini", reply.thought) }];
}

function partsOf(reply: Reply, style: GeminiStyle): Json[] {
  const proof = reply.thought === "" || !style.signed ? {} : { thoughtSignature: sign("gemini", reply.thought) };
  return [
    ...(style.thoughts && reply.thought !== "" && !reply.redacted ? [{ text: reply.thought, thought: true }] : []),
    ...(reply.text === "" ? [] : [{ text: reply.text, ...(reply.calls.length === 0 ? proof : {}) }]),
    ...callParts(reply, style),
  ];
}

/** The first of several calls carries the signature for all. */
function callParts(reply: Reply, { signed }: GeminiStyle): Json[] {
  if (reply.finish === "length") return [];
  return reply.calls.map((call, i) => ({
    functionCall: { name: call.name, args: argumentsOf(call) },
    ...(i === 0 && signed ? { thoughtSignature: sign("gemini", reply.thought) } : {}),
  }));
}

function argumentsOf(call: Call): unknown {
  try {
    return JSON.parse(call.arguments || "{}");
  } catch {
    return {};
  }
}

function endOf(reply: Reply, style: GeminiStyle): Json {
  const ends = { stop: "STOP", stopSequence: "STOP", length: "MAX_TOKENS", calls: "STOP", refusal: "SAFETY" } as const;
  const ratings = [{ category: "HARM_CATEGORY_HARASSMENT", probability: "NEGLIGIBLE" }];
  return { finishReason: ends[reply.finish], safetyRatings: ratings, ...logprobsOf(reply, style) };
}

function logprobsOf(reply: Reply, { logprobs }: GeminiStyle): Json {
  if (!logprobs) return {};
  const chosen = pieces(reply.text).map((token, i) => ({ token, tokenId: i, logProbability: -0.25 }));
  return {
    avgLogprobs: -0.25,
    logprobsResult: { chosenCandidates: chosen, topCandidates: chosen.map((c) => ({ candidates: [c] })) },
  };
}

function headOf(ask: Ask, { model }: GeminiStyle): Json {
  return { modelVersion: model, responseId: ask.seed.slice(0, 20) };
}

function blocked(ask: Ask, style: GeminiStyle): Json {
  const usageMetadata = { promptTokenCount: ask.input, totalTokenCount: ask.input };
  return { promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, usageMetadata, ...headOf(ask, style) };
}

function cachedOf(ask: Ask): Json {
  return ask.cacheRead === 0 ? {} : { cachedContentTokenCount: ask.cacheRead };
}

function usageOf(ask: Ask, reply: Reply): Json {
  const output = reply.output * ask.choices;
  const thoughts = reply.reasoning * ask.choices;
  return {
    promptTokenCount: ask.input,
    ...cachedOf(ask),
    candidatesTokenCount: output,
    ...(thoughts === 0 ? {} : { thoughtsTokenCount: thoughts }),
    totalTokenCount: ask.input + output + thoughts,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: ask.input }],
  };
}
