// A message, whole or as events.
import type { Ask } from "../answer/ask.ts";
import type { Call, Reply } from "../answer/reply.ts";
import { sign } from "../answer/signature.ts";
import { type Frame, namedFrame, pieces } from "../frame.ts";

/** What of the request shows in the answer. */
export interface ClaudeStyle {
  readonly model: string;
  /** Thoughts are proved, but not shown. */
  readonly omitted: boolean;
  /** What is written to the cache stays for an hour. */
  readonly hour: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** The whole answer. */
export function message(ask: Ask, reply: Reply, style: ClaudeStyle): Json {
  const content = [
    ...thoughtBlocks(reply, style),
    ...textBlocks(reply),
    ...reply.calls.map((call, i) => toolUse(ask, call, i)),
  ];
  const usage = ask.commands.has("no-usage") ? {} : { usage: usageOf(ask, reply, style) };
  return { ...headOf(ask, style), content, ...endOf(reply), ...usage };
}

/** The answer as events. */
export function* messageEvents(ask: Ask, reply: Reply, style: ClaudeStyle): Generator<Frame> {
  const start = { ...headOf(ask, style), content: [], stop_reason: null, stop_sequence: null };
  const first = { ...inputUsage(ask, style), output_tokens: 1, service_tier: "standard" };
  yield namedFrame("start", { type: "message_start", message: { ...start, usage: first } });
  yield namedFrame("start", { type: "ping" });
  let index = 0;
  for (const block of thoughtBlocks(reply, style)) yield* thoughtEvents(block, index++);
  for (const block of textBlocks(reply)) yield* textEvents(block.text, index++);
  for (const [i, call] of reply.calls.entries()) yield* callEvents(ask, call, i, index++);
  const usage = ask.commands.has("no-usage") ? { output_tokens: 0 } : usageOf(ask, reply, style);
  yield event("finish", { type: "message_delta", delta: endOf(reply), usage });
  yield event("end", { type: "message_stop" });
}

function* thoughtEvents(block: Json, index: number): Generator<Frame> {
  if (block.type === "redacted_thinking") {
    yield event("content", { type: "content_block_start", index, content_block: block });
    yield event("content", { type: "content_block_stop", index });
    return;
  }
  const empty = { type: "thinking", thinking: "", signature: "" };
  yield event("start", { type: "content_block_start", index, content_block: empty });
  for (const thinking of pieces(String(block.thinking))) yield delta(index, { type: "thinking_delta", thinking });
  yield delta(index, { type: "signature_delta", signature: block.signature });
  yield event("content", { type: "content_block_stop", index });
}

function* textEvents(text: string, index: number): Generator<Frame> {
  yield event("start", { type: "content_block_start", index, content_block: { type: "text", text: "" } });
  for (const piece of pieces(text)) yield delta(index, { type: "text_delta", text: piece });
  yield event("content", { type: "content_block_stop", index });
}

function* callEvents(ask: Ask, call: Call, i: number, index: number): Generator<Frame> {
  const { id, name } = toolUse(ask, call, i);
  yield event("content", {
    type: "content_block_start",
    index,
    content_block: { type: "tool_use", id, name, input: {} },
  });
  yield delta(index, { type: "input_json_delta", partial_json: "" });
  for (const partial_json of pieces(call.arguments)) yield delta(index, { type: "input_json_delta", partial_json });
  yield event("content", { type: "content_block_stop", index });
}

function delta(index: number, content: Json): Frame {
  return event("content", { type: "content_block_delta", index, delta: content });
}

function event(role: Frame["role"], data: Json & { readonly type: string }): Frame {
  return namedFrame(role, data);
}

function headOf(ask: Ask, { model }: ClaudeStyle): Json {
  return { id: `msg_01${ask.seed.slice(0, 22)}`, type: "message", role: "assistant", model };
}

function thoughtBlocks(reply: Reply, { omitted }: ClaudeStyle): Json[] {
  if (reply.thought === "") return [];
  const signature = sign("anthropic", reply.thought);
  if (reply.redacted) return [{ type: "redacted_thinking", data: signature }];
  return [{ type: "thinking", thinking: omitted ? "" : reply.thought, signature }];
}

function textBlocks(reply: Reply): { readonly type: "text"; readonly text: string }[] {
  const text = reply.refusal || reply.text;
  return text === "" ? [] : [{ type: "text", text }];
}

function toolUse(ask: Ask, call: Call, i: number): { id: string; name: string } & Json {
  const id = `toolu_01${ask.seed.slice(0, 20)}${String(i).padStart(2, "0")}`;
  return { type: "tool_use", id, name: call.name, input: inputOf(call.arguments) };
}

/** Broken arguments are no JSON value: what a whole answer could hold of them is nothing. */
function inputOf(text: string): unknown {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return {};
  }
}

const STOPS = {
  stop: "end_turn",
  stopSequence: "stop_sequence",
  length: "max_tokens",
  calls: "tool_use",
  refusal: "refusal",
} as const;

function endOf({ finish, stopSequence }: Reply): Json {
  const details =
    finish === "refusal" ? { stop_details: { type: "refusal", category: "general_harms", explanation: null } } : {};
  return { stop_reason: STOPS[finish], stop_sequence: stopSequence === "" ? null : stopSequence, ...details };
}

function inputUsage(ask: Ask, { hour }: ClaudeStyle): Json {
  const written = Math.min(ask.cacheWrite, ask.input - ask.cacheRead);
  return {
    input_tokens: ask.input - ask.cacheRead - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: ask.cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: hour ? 0 : written,
      ephemeral_1h_input_tokens: hour ? written : 0,
    },
  };
}

function usageOf(ask: Ask, reply: Reply, style: ClaudeStyle): Json {
  return {
    ...inputUsage(ask, style),
    output_tokens: reply.output + reply.reasoning,
    output_tokens_details: { thinking_tokens: reply.reasoning },
    service_tier: "standard",
  };
}
