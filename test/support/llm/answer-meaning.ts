// What an answer says to its client, whatever its API: by our own strict readers of each.
import assert from "node:assert/strict";
import type { FormatName } from "../../../src/llm/format.ts";
import type { JsonObject } from "../../../src/llm/json/values.ts";
import { validateMessages } from "./anthropic-validator.ts";
import { validateChatStream } from "./chat-validator.ts";
import { validateGeminiEvents } from "./gemini-validator.ts";
import { validateResponsesStream } from "./responses-validator.ts";

/** A call, its arguments as JSON value; text of a freeform tool, or of arguments that are cut. */
export interface SaidCall {
  readonly name: string;
  readonly input: unknown;
}

/** What an answer says. */
export interface Said {
  readonly text: string;
  readonly refusal: string;
  readonly thoughts: string;
  readonly calls: readonly SaidCall[];
  /** `error`: the stream ended with one. */
  readonly finish: "stop" | "length" | "calls" | "filter" | "error";
  /** null: none was reported. */
  readonly usage: SaidUsage | null;
}

/** Tokens. */
export interface SaidUsage {
  /** All of the prompt. */
  readonly input: number;
  readonly cacheRead: number;
  /** All of the answer, thoughts included. */
  readonly output: number;
}

const FINISHES: Readonly<Record<string, Said["finish"]>> = {
  ...{ stop: "stop", length: "length", tool_calls: "calls", function_call: "calls", content_filter: "filter" },
  ...{ end_turn: "stop", stop_sequence: "stop", max_tokens: "length", tool_use: "calls", refusal: "filter" },
  ...{ STOP: "stop", MAX_TOKENS: "length", SAFETY: "filter", PROHIBITED_CONTENT: "filter", RECITATION: "filter" },
};

/** The word for a finish reason of any API. */
function finishOf(reason: unknown, calls: readonly SaidCall[]): Said["finish"] {
  const finish = FINISHES[String(reason)] ?? assert.fail(`finish reason ${String(reason)}`);
  // Gemini ends answers with and without calls alike.
  return reason === "STOP" && calls.length > 0 ? "calls" : finish;
}

/** A JSON value, or the text itself if it is none; "" stands for no arguments. */
function inputOf(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a stream says to a client. @throws AssertionError where no client may be sent this */
export function streamSays(client: FormatName, stream: string): Said {
  return STREAMS[client](stream);
}

const STREAMS: Readonly<Record<FormatName, (stream: string) => Said>> = {
  "openai-chat"(stream) {
    const { choices, usage, error } = validateChatStream(stream, { usage: true });
    const { text = "", refusal = "", thoughts = "", calls = [], finish = null } = choices[0] ?? {};
    const said = calls.map((call) => ({ name: call.name, input: inputOf(call.arguments) }));
    const end = error === null ? finishOf(finish, said) : "error";
    return { text, refusal, thoughts, calls: said, finish: end, usage: usage === null ? null : chatUsage(usage) };
  },
  "openai-responses"(stream) {
    const { response, error, events } = validateResponsesStream(stream);
    if (error === null && response !== null && response.status !== "failed") return responseSays(response);
    // What has failed does not hold the item that was in progress, but the client has seen it.
    const text = events.map(({ type, delta }) => (type === "response.output_text.delta" ? delta : "")).join("");
    return { text, refusal: "", thoughts: "", calls: [], finish: "error", usage: null };
  },
  "anthropic-messages"(stream) {
    const { content, stopReason, usage, error } = validateMessages(stream);
    return messageSays({ content, stop_reason: stopReason, usage }, error !== null);
  },
  gemini(stream) {
    const { candidates, usage, error } = validateGeminiEvents(stream);
    const { text = "", thoughts = "", calls = [], finishReason = null } = candidates[0] ?? {};
    const said = calls.map(({ name, args }) => ({ name, input: args }));
    const finish = error === null ? finishOf(finishReason, said) : "error";
    return { text, refusal: "", thoughts, calls: said, finish, usage: usage === null ? null : geminiUsage(usage) };
  },
};

/** What a complete answer says to a client. */
export function bodySays(client: FormatName, body: JsonObject): Said {
  return BODIES[client](body);
}

const BODIES: Readonly<Record<FormatName, (body: JsonObject) => Said>> = {
  "openai-chat"(body) {
    const [choice] = body.choices as JsonObject[];
    const message = choice!.message as JsonObject;
    const calls = ((message.tool_calls ?? []) as JsonObject[]).map((call) => {
      const { name, arguments: text, input } = (call.function ?? call.custom) as Record<string, string>;
      return { name: name!, input: inputOf(text ?? input!) };
    });
    return {
      text: String(message.content ?? ""),
      refusal: String(message.refusal ?? ""),
      thoughts: String(message.reasoning_content ?? ""),
      calls,
      finish: finishOf(choice!.finish_reason, calls),
      usage: body.usage == null ? null : chatUsage(body.usage as JsonObject),
    };
  },
  "openai-responses": responseSays,
  "anthropic-messages": (body) => messageSays(body, false),
  gemini(body) {
    const [candidate] = body.candidates as JsonObject[];
    const { parts } = candidate!.content as { parts: Record<string, unknown>[] };
    const calls = parts.flatMap(({ functionCall }) => {
      if (functionCall === undefined) return [];
      const { name, args } = functionCall as { name: string; args: unknown };
      return [{ name, input: args }];
    });
    const textOf = (thought: boolean) =>
      parts
        .filter((part) => part.text !== undefined && (part.thought === true) === thought)
        .map(({ text }) => text)
        .join("");
    const usage = body.usageMetadata === undefined ? null : geminiUsage(body.usageMetadata as JsonObject);
    const finish = finishOf(candidate!.finishReason, calls);
    return { text: textOf(false), refusal: "", thoughts: textOf(true), calls, finish, usage };
  },
};

/** What a response says. */
export function responseSays(response: JsonObject): Said {
  const output = response.output as JsonObject[];
  const parts = output.flatMap((item) => (item.type === "message" ? (item.content as JsonObject[]) : []));
  const joined = (key: string) => parts.map((part) => part[key] ?? "").join("");
  const calls = output.flatMap((item) => {
    if (item.type === "function_call") return [{ name: String(item.name), input: inputOf(String(item.arguments)) }];
    return item.type === "custom_tool_call" ? [{ name: String(item.name), input: item.input }] : [];
  });
  const thoughts = output
    .filter(({ type }) => type === "reasoning")
    .flatMap(({ summary, content }) => [...((summary ?? []) as JsonObject[]), ...((content ?? []) as JsonObject[])])
    .map(({ text }) => text)
    .join("");
  const reason = (response.incomplete_details as JsonObject | null)?.reason;
  const whole = calls.length > 0 ? "calls" : "stop";
  const cut = reason === "content_filter" ? "filter" : "length";
  const usage = response.usage as JsonObject | null;
  return {
    text: joined("text"),
    refusal: joined("refusal"),
    thoughts,
    calls,
    finish: response.status === "incomplete" ? cut : whole,
    usage: usage === null ? null : responseUsage(usage),
  };
}

function messageSays({ content, stop_reason, usage }: JsonObject, failed: boolean): Said {
  const blocks = content as JsonObject[];
  const joined = (type: string, key: string) =>
    blocks
      .filter((block) => block.type === type)
      .map((block) => block[key] ?? "")
      .join("");
  const calls = blocks
    .filter(({ type }) => type === "tool_use")
    .map(({ name, input }) => ({ name: String(name), input: typeof input === "string" ? inputOf(input) : input }));
  return {
    text: joined("text", "text"),
    refusal: "",
    thoughts: joined("thinking", "thinking"),
    calls,
    finish: failed ? "error" : finishOf(stop_reason, calls),
    usage: usage == null ? null : messageUsage(usage as JsonObject),
  };
}

function chatUsage(usage: JsonObject): SaidUsage {
  const details = usage.prompt_tokens_details as JsonObject | undefined;
  const [input, output] = [Number(usage.prompt_tokens), Number(usage.completion_tokens)];
  return { input, cacheRead: Number(details?.cached_tokens ?? 0), output };
}

function responseUsage(usage: JsonObject): SaidUsage {
  const details = usage.input_tokens_details as JsonObject;
  const [input, output] = [Number(usage.input_tokens), Number(usage.output_tokens)];
  return { input, cacheRead: Number(details.cached_tokens), output };
}

function messageUsage(usage: JsonObject): SaidUsage {
  const of = (key: string) => Number(usage[key] ?? 0);
  const cacheRead = of("cache_read_input_tokens");
  const input = of("input_tokens") + cacheRead + of("cache_creation_input_tokens");
  return { input, cacheRead, output: of("output_tokens") };
}

function geminiUsage(usage: JsonObject): SaidUsage {
  const of = (key: string) => Number(usage[key] ?? 0);
  const output = of("candidatesTokenCount") + of("thoughtsTokenCount");
  return { input: of("promptTokenCount"), cacheRead: of("cachedContentTokenCount"), output };
}
