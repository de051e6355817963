// Streams for clients of Chat Completions, as a writer makes them.
import assert from "node:assert/strict";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { type ChatAnswer, validateChatStream } from "../../../support/llm/chat-validator.ts";
import { identity, replay, type SinkCall } from "../../../support/llm/common-form.ts";

export const START: SinkCall = ["start", "up-1", "gpt", 5];
export const USAGE: SinkCall = [
  "usage",
  { input: 3, cacheRead: 2, cacheWrite: 1, cacheWriteLong: 0, output: 5, reasoning: 4 },
];
export const finish = (reason: string): SinkCall => ["finish", 0, reason, null];
const call = (tool: number, id: string, name: string, args: string): readonly SinkCall[] => [
  ["toolStart", 0, tool, id, name, false],
  ...(args === ""
    ? []
    : ([
        ["toolArguments", 0, tool, args.slice(0, 4)],
        ["toolArguments", 0, tool, args.slice(4)],
      ] as SinkCall[])),
  ["toolEnd", 0, tool, null],
];

export function write(calls: readonly SinkCall[], request: Partial<ChatRequest> = {}): string {
  const writer = openaiChat.client.streamWriter(identity({ stream: true, ...request }, { id: "chatcmpl-9" }));
  let out = "";
  for (const each of calls) {
    replay([each], writer);
    out += writer.take();
  }
  assert.equal(writer.take(), "");
  return out;
}

export function validated(calls: readonly SinkCall[], request: Partial<ChatRequest> = {}): ChatAnswer {
  return validateChatStream(write(calls, request), { usage: request.streamUsage ?? true });
}

export const TEXT: readonly SinkCall[] = [
  START,
  ["text", 0, "Hé"],
  ["text", 0, "llo\n"],
  USAGE,
  finish("stop"),
  ["end"],
];
export const TOOLS: readonly SinkCall[] = [
  START,
  ["text", 0, "Let me"],
  ...call(0, "call_a", "read", '{"path":"a"}'),
  ...call(1, "call_b", "list", ""),
  USAGE,
  finish("toolCalls"),
  ["end"],
];
