// Chunks of Chat Completions as providers send them, and what a reader tells of them.
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { recordingSink, type SinkCall } from "../../../support/llm/common-form.ts";

export const START: SinkCall = ["start", "chatcmpl-1", "gpt", 1_700_000_000];
export const END: SinkCall = ["end"];

export function chunk(choices: unknown, more: object = {}): string {
  return JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "gpt",
    choices,
    ...more,
  });
}

export function delta(content: object, finish: string | null = null, more: object = {}): string {
  return chunk([{ index: 0, delta: content, finish_reason: finish, ...more }]);
}

export function toolDelta(...calls: readonly object[]): string {
  return delta({ tool_calls: calls });
}

/** What the sink is told of these events, `[DONE]` included unless it is left out. */
export function read(events: readonly string[], end: "done" | "closed" = "done"): readonly SinkCall[] {
  const { sink, calls } = recordingSink();
  const reader = openaiChat.provider.streamReader(sink);
  for (const data of events) reader.event("", data);
  if (end === "done") reader.event("", "[DONE]");
  reader.close();
  return calls;
}

export const finish = (reason: string, sequence: string | null = null): SinkCall => ["finish", 0, reason, sequence];
export const usage = (input: number, output: number, more: object = {}): SinkCall => [
  "usage",
  { input, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output, reasoning: 0, ...more },
];

export const HELLO = [
  delta({ role: "assistant", content: "", refusal: null }),
  delta({ content: "Hel" }),
  delta({ content: "lo" }),
];
export const SAID: readonly SinkCall[] = [START, ["text", 0, "Hel"], ["text", 0, "lo"]];
