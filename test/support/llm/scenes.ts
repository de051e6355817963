// Answers as providers give them, the same in every API: what is said, and the bytes that say it.
import type { Ask } from "../../../src/demo/llm/answer/ask.ts";
import type { Call, Reply } from "../../../src/demo/llm/answer/reply.ts";
import { chunks, completion } from "../../../src/demo/llm/chat/answer.ts";
import type { ChatStyle } from "../../../src/demo/llm/chat/style.ts";
import type { Frame } from "../../../src/demo/llm/frame.ts";
import { generated, generatedEvents } from "../../../src/demo/llm/gemini/answer.ts";
import { message, messageEvents } from "../../../src/demo/llm/messages/answer.ts";
import { type ResponseStyle, response } from "../../../src/demo/llm/responses/answer.ts";
import { responseEvents } from "../../../src/demo/llm/responses/events.ts";
import { anthropicMessages } from "../../../src/llm/anthropic/format.ts";
import type { WireFormat } from "../../../src/llm/format.ts";
import { gemini } from "../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../src/llm/json/values.ts";
import { openaiChat } from "../../../src/llm/openai-chat/format.ts";
import { openaiResponses } from "../../../src/llm/openai-responses/format.ts";
import type { Said } from "./answer-meaning.ts";

/** An answer. */
export interface Scene {
  readonly name: string;
  readonly ask: Ask;
  readonly reply: Reply;
}

const ASK: Ask = {
  ...{ prompt: "Hello", attachments: [], results: [], tools: [], choice: "auto", allowed: null, parallel: true },
  ...{ thinks: false, maxTokens: null, stop: [], schema: null, choices: 1, commands: new Map<string, string>() },
  ...{ seed: "0123456789abcdef0123456789abcdef", input: 120, cacheRead: 0, cacheWrite: 0 },
};
const REPLY: Reply = {
  ...{ thought: "", redacted: false, text: "", refusal: "", calls: [], finish: "stop", stopSequence: "" },
  ...{ reasoning: 0, output: 9 },
};
const THOUGHT = { thought: "Let me think: naïve – or not?", reasoning: 8 };

function scene(name: string, reply: Partial<Reply>, ask: Partial<Ask> = {}): Scene {
  return { name, ask: { ...ASK, ...ask }, reply: { ...REPLY, ...reply } };
}

function call(name: string, args: string): Call {
  return { name, arguments: args, freeform: false };
}

const WEATHER = call("get_weather", '{"city":"Zürich 🏔","days":[1,2]}');
const TIME = call("get_time", '{"zone":"Europe/Zurich"}');
const TEXT = 'Grüße aus 東京 🗼 — "quoted"\\ and\nnew\tlines.';
const command = (name: string) => ({ commands: new Map([[name, ""]]) });

/** All of them. */
export const SCENES: readonly Scene[] = [
  scene("text", { text: TEXT }),
  scene("text with parts of the prompt from the cache", { text: TEXT }, { cacheRead: 70 }),
  scene("text at its length limit", { text: "It is cut h", finish: "length" }),
  scene("text before a stop sequence", { text: "one ", finish: "stopSequence", stopSequence: "two" }),
  scene("a thought and a text", { ...THOUGHT, text: TEXT }),
  scene("a thought that is encrypted, and a text", { ...THOUGHT, redacted: true, text: TEXT }),
  scene("one call", { calls: [WEATHER], finish: "calls" }),
  scene("one call without arguments", { calls: [call("now", "")], finish: "calls" }),
  scene("parallel calls", { calls: [WEATHER, call("now", ""), TIME], finish: "calls" }),
  scene("text and calls", { text: "One moment.", calls: [WEATHER, TIME], finish: "calls" }),
  scene("a thought, text and calls", { ...THOUGHT, text: "One moment.", calls: [WEATHER, TIME], finish: "calls" }),
  scene("a thought and a call", { ...THOUGHT, calls: [WEATHER], finish: "calls" }),
  scene("calls with the finish reason of texts", { calls: [WEATHER], finish: "stop" }),
  scene("a call at the length limit", { calls: [call("get_weather", '{"city":"Zür')], finish: "length" }),
  scene("a refusal", { refusal: "I cannot help with that.", finish: "refusal" }),
  scene("text without usage", { text: TEXT }, command("no-usage")),
  scene("text with early usage", { text: TEXT }, command("early-usage")),
];

/** A short one with something of everything, to be cut at every byte. */
export const SHORT = scene("something of everything", {
  ...{ thought: "né?", reasoning: 1, text: "ü 🗼" },
  ...{ calls: [call("a", '{"x":"ß"}'), call("b", "")], finish: "calls" },
});

/** A provider that gives the answers. */
export interface ScenePlayer {
  readonly name: string;
  readonly format: WireFormat;
  /** Whether it can say this at all. */
  can(scene: Scene): boolean;
  stream(scene: Scene): string;
  body(scene: Scene): JsonObject;
  /** Whether its thoughts can be read. */
  readonly shows: boolean;
}

const REQUEST = { model: "gpt-5", reasoning: { summary: "auto" }, include: ["reasoning.encrypted_content"] };
const responseStyle: ResponseStyle = { body: REQUEST, model: "gpt-5", account: "" };
const claudeStyle = { model: "claude-sonnet-4-6", omitted: false, hour: false };
const geminiStyle = { model: "gemini-3-pro", thoughts: true, signed: true, logprobs: false };

/** All of them. */
export const PLAYERS: readonly ScenePlayer[] = [
  chatPlayer("openai"),
  chatPlayer("openaiCompatible"),
  chatPlayer("openrouter"),
  {
    name: "responses",
    format: openaiResponses,
    shows: true,
    can: ({ reply }) => reply.finish !== "stopSequence",
    stream: ({ ask, reply }) => bytesOf(responseEvents(ask, reply, responseStyle)),
    body: ({ ask, reply }) => asSent(response(ask, reply, responseStyle)),
  },
  {
    name: "anthropic",
    format: anthropicMessages,
    shows: true,
    can: () => true,
    stream: ({ ask, reply }) => bytesOf(messageEvents(ask, reply, claudeStyle)),
    body: ({ ask, reply }) => asSent(message(ask, reply, claudeStyle)),
  },
  {
    name: "gemini",
    format: gemini,
    shows: true,
    // Its calls are whole or absent, and it refuses without a word.
    can: ({ reply }) => reply.finish !== "refusal" && !(reply.finish === "length" && reply.calls.length > 0),
    stream: ({ ask, reply }) => bytesOf(generatedEvents(ask, reply, geminiStyle)).replaceAll("\n", "\r\n"),
    body: ({ ask, reply }) => asSent(generated(ask, reply, geminiStyle)),
  },
];

function chatPlayer(kind: string): ScenePlayer {
  const style: ChatStyle = {
    ...{
      kind,
      model: kind === "openrouter" ? "anthropic/claude-sonnet-4.6" : "gpt-5",
      usage: true,
      obfuscates: kind === "openai",
      logprobs: null,
      tier: "default",
    },
  };
  return {
    name: kind,
    format: openaiChat,
    shows: kind !== "openai",
    can: () => true,
    stream: ({ ask, reply }) => bytesOf(chunks(ask, reply, style)),
    body: ({ ask, reply }) => asSent(completion(ask, reply, style)),
  };
}

function bytesOf(frames: Iterable<Frame>): string {
  return [...frames].map(({ text }) => text).join("");
}

function asSent(body: unknown): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject;
}

/** What a client is to hear of a scene. */
export function expected({ ask, reply }: Scene, { shows }: ScenePlayer): Omit<Said, "refusal"> {
  const calls = reply.calls.map(({ name, arguments: text }) => ({ name, input: argumentsOf(text) }));
  const finishes = { stop: "stop", stopSequence: "stop", length: "length", calls: "calls", refusal: "filter" } as const;
  const silent = ask.commands.has("no-usage");
  return {
    text: reply.text + reply.refusal,
    thoughts: shows && !reply.redacted ? reply.thought : "",
    calls,
    finish: calls.length > 0 && reply.finish === "stop" ? "calls" : finishes[reply.finish],
    usage: silent ? null : { input: ask.input, cacheRead: ask.cacheRead, output: reply.output + reply.reasoning },
  };
}

function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return text;
  }
}
