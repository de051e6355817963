// A response, whole: its items, its end and its usage.
import type { Ask } from "../answer/ask.ts";
import type { Call, Reply } from "../answer/reply.ts";
import { sign } from "../answer/signature.ts";
import type { ResponseBody } from "./types.ts";

type Json = Readonly<Record<string, unknown>>;

/** What of the request shows in the answer. */
export interface ResponseStyle {
  readonly body: ResponseBody;
  /** Without commands. */
  readonly model: string;
  /** Of the key: thoughts are encrypted for it. */
  readonly account: string;
}

/** An item of the output. */
export interface OutputItem extends Json {
  readonly type: "message" | "reasoning" | "function_call" | "custom_tool_call";
  readonly id: string;
}

/** The whole response. */
export function response(ask: Ask, reply: Reply, style: ResponseStyle): Json {
  const usage = ask.commands.has("no-usage") ? null : usageOf(ask, reply);
  return { ...headOf(ask, style), ...endOf(reply), output: outputOf(ask, reply, style), usage };
}

/** The response before it has any output. */
export function begun(ask: Ask, style: ResponseStyle): Json {
  const nothing = { status: "in_progress", completed_at: null, incomplete_details: null, error: null };
  return { ...headOf(ask, style), ...nothing, output: [], usage: null };
}

/** All items. */
export function outputOf(ask: Ask, reply: Reply, style: ResponseStyle): OutputItem[] {
  const items: OutputItem[] = [];
  if (reply.thought !== "") items.push(reasoningItem(ask, reply, style));
  if (reply.text !== "" || reply.refusal !== "") items.push(messageItem(ask, reply));
  for (const [i, call] of reply.calls.entries()) items.push(callItem(ask, call, i, reply.finish === "length"));
  return items;
}

function reasoningItem(ask: Ask, { thought, redacted }: Reply, { body, account }: ResponseStyle): OutputItem {
  const summarized = body.reasoning?.summary != null && !redacted;
  const encrypted = body.include?.includes("reasoning.encrypted_content") === true;
  return {
    id: `rs_${ask.seed}`,
    type: "reasoning",
    summary: summarized ? [{ type: "summary_text", text: thought }] : [],
    ...(encrypted ? { encrypted_content: sign("openai", thought, account) } : {}),
  };
}

function messageItem(ask: Ask, { text, refusal, finish }: Reply): OutputItem {
  const part =
    refusal === "" ? { type: "output_text", text, annotations: [], logprobs: [] } : { type: "refusal", refusal };
  const status = finish === "length" ? "incomplete" : "completed";
  return { id: `msg_${ask.seed}`, type: "message", status, role: "assistant", content: [part] };
}

function callItem(ask: Ask, call: Call, i: number, cut: boolean): OutputItem {
  const number = String(i).padStart(2, "0");
  const call_id = `call_${ask.seed.slice(0, 22)}${number}`;
  const { name } = call;
  const status = cut ? "incomplete" : "completed";
  if (call.freeform)
    return { id: `ctc_${ask.seed}${number}`, type: "custom_tool_call", status, call_id, name, input: call.arguments };
  const text = call.arguments || "{}";
  return { id: `fc_${ask.seed}${number}`, type: "function_call", status, call_id, name, arguments: text };
}

function headOf(ask: Ask, { body, model }: ResponseStyle): Json {
  return {
    id: `resp_${ask.seed}`,
    object: "response",
    created_at: 1_764_547_200,
    background: false,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    model,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: body.reasoning?.summary ?? null },
    service_tier: "default",
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: body.text?.format ?? { type: "text" } },
    tool_choice: body.tool_choice ?? "auto",
    tools: body.tools ?? [],
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? "disabled",
  };
}

function endOf({ finish }: Reply): Json {
  const cut = finish === "length";
  return {
    status: cut ? "incomplete" : "completed",
    completed_at: cut ? null : 1_764_547_201,
    incomplete_details: cut ? { reason: "max_output_tokens" } : null,
    error: null,
  };
}

function usageOf(ask: Ask, reply: Reply): Json {
  const output = reply.output + reply.reasoning;
  return {
    input_tokens: ask.input,
    input_tokens_details: { cached_tokens: ask.cacheRead, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reply.reasoning },
    total_tokens: ask.input + output,
  };
}
