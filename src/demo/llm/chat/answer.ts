// A chat completion, whole or as chunks.
import type { Ask } from "../answer/ask.ts";
import type { Call, Reply } from "../answer/reply.ts";
import { dataFrame, type Frame, pieces } from "../frame.ts";
import type { ChatStyle } from "./style.ts";
import { thoughtDelta, thoughtEnd, thoughtFields } from "./thoughts.ts";

const CREATED = 1_764_547_200;

type Json = Readonly<Record<string, unknown>>;

/** The whole answer. */
export function completion(ask: Ask, said: Reply, style: ChatStyle): Json {
  const reply = withArguments(said);
  const message = {
    role: "assistant",
    content: reply.text === "" ? null : reply.text,
    refusal: reply.refusal === "" ? null : reply.refusal,
    ...thoughtFields(reply, style),
    ...(reply.calls.length === 0 ? {} : { tool_calls: reply.calls.map((call, i) => wholeCall(ask, call, i)) }),
    annotations: [],
  };
  const choices = Array.from({ length: ask.choices }, (_, index) => {
    return { index, message, logprobs: logprobsOf(reply.text, style), finish_reason: finishOf(reply) };
  });
  const usage = ask.commands.has("no-usage") ? {} : { usage: usageOf(ask, reply, style) };
  return { ...headOf(ask, style, "chat.completion"), choices, ...usage };
}

/** The answer as events. */
export function* chunks(ask: Ask, said: Reply, style: ChatStyle): Generator<Frame> {
  const reply = style.kind === "openai" ? withArguments(said) : said;
  const head = headOf(ask, style, "chat.completion.chunk");
  const pad = style.obfuscates ? { obfuscation: "a8Qw" } : {};
  const rest = { ...(style.usage ? { usage: null } : {}), ...pad };
  for (let index = 0; index < ask.choices; index++) {
    const frame = (role: Frame["role"], delta: Json, finish: string | null = null, logprobs: unknown = null) =>
      dataFrame(role, { ...head, choices: [{ index, delta, logprobs, finish_reason: finish }], ...rest });
    const firstIsCall = reply.calls.length > 0 && reply.text === "";
    yield frame("start", { role: "assistant", content: firstIsCall ? null : "", refusal: null });
    for (const piece of reply.redacted || style.kind === "openai" ? [] : pieces(reply.thought))
      yield frame("content", thoughtDelta(piece, style));
    const proof = thoughtEnd(reply, style);
    if (proof !== null) yield frame("content", proof);
    for (const piece of pieces(reply.refusal)) yield frame("content", { refusal: piece });
    for (const piece of pieces(reply.text)) yield frame("content", { content: piece }, null, logprobsOf(piece, style));
    if (ask.commands.has("early-usage")) yield dataFrame("content", { ...head, choices: [], usage: earlyUsage(ask) });
    for (const [i, call] of reply.calls.entries()) yield* callFrames(ask, call, i, frame);
    yield frame("finish", {}, finishOf(reply));
  }
  if (style.usage && !ask.commands.has("no-usage"))
    yield dataFrame("usage", { ...head, choices: [], usage: usageOf(ask, reply, style), ...pad });
  yield { role: "end", text: "data: [DONE]\n\n" };
}

function* callFrames(ask: Ask, call: Call, index: number, frame: (role: Frame["role"], delta: Json) => Frame) {
  const key = call.freeform ? "custom" : "function";
  const field = call.freeform ? "input" : "arguments";
  const head = { index, id: callIdOf(ask, index), type: key, [key]: { name: call.name, [field]: "" } };
  yield frame("content", { tool_calls: [head] });
  for (const piece of pieces(call.arguments))
    yield frame("content", { tool_calls: [{ index, [key]: { [field]: piece } }] });
}

function headOf(ask: Ask, style: ChatStyle, object: string): Json {
  const more = style.kind === "openrouter" ? { provider: "Mock" } : { service_tier: style.tier };
  const { model } = style;
  return { id: `chatcmpl-${ask.seed}`, object, created: CREATED, model, ...more, system_fingerprint: "fp_mock" };
}

function wholeCall(ask: Ask, call: Call, i: number): Json {
  const id = callIdOf(ask, i);
  if (call.freeform) return { id, type: "custom", custom: { name: call.name, input: call.arguments } };
  return { id, type: "function", function: { name: call.name, arguments: call.arguments } };
}

/** Where there are no arguments OpenAI writes an empty object; the streams of other servers have nothing. */
function withArguments(reply: Reply): Reply {
  const calls = reply.calls.map((call) => (call.freeform ? call : { ...call, arguments: call.arguments || "{}" }));
  return { ...reply, calls };
}

/** Ids differ in every answer of a conversation. */
function callIdOf(ask: Ask, i: number): string {
  return `call_${ask.seed.slice(0, 22)}${String(i).padStart(2, "0")}`;
}

function finishOf({ finish }: Reply): string {
  if (finish === "calls") return "tool_calls";
  return finish === "length" ? "length" : "stop";
}

function logprobsOf(text: string, { logprobs }: ChatStyle): Json | null {
  if (logprobs === null) return null;
  const content = pieces(text).map((token) => {
    const one = { token, logprob: -0.25, bytes: [...Buffer.from(token)] };
    return { ...one, top_logprobs: Array.from({ length: logprobs }, () => one) };
  });
  return { content, refusal: null };
}

function usageOf(ask: Ask, reply: Reply, { kind }: ChatStyle): Json {
  const completion = (reply.output + reply.reasoning) * ask.choices;
  return {
    prompt_tokens: ask.input,
    completion_tokens: completion,
    total_tokens: ask.input + completion,
    prompt_tokens_details: { cached_tokens: ask.cacheRead, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reply.reasoning * ask.choices,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
    ...(kind === "openrouter" ? { cost: (ask.input + 4 * completion) / 1e6, is_byok: false } : {}),
  };
}

/** What some servers report before they are done. */
function earlyUsage(ask: Ask): Json {
  return { prompt_tokens: ask.input, completion_tokens: 1, total_tokens: ask.input + 1 };
}
