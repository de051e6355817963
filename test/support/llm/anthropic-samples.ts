// Requests, models and answers for tests of Anthropic Messages.
import { anthropicMessages } from "../../../src/llm/anthropic/format.ts";
import type { ReplyIdentity, StreamReader, StreamWriter, WrittenRequest } from "../../../src/llm/format.ts";
import type { JsonObject } from "../../../src/llm/json/values.ts";
import type { ChatRequest } from "../../../src/llm/message/request.ts";
import type { ModelFacts, ModelTarget } from "../../../src/llm/models/model.ts";
import { PROVIDER_KINDS } from "../../../src/llm/providers/kinds.ts";

/** A model that can do everything and is told to think by effort. */
const FACTS: ModelFacts = {
  contextIn: 200_000,
  contextOut: 64_000,
  images: true,
  documents: true,
  audio: false,
  tools: true,
  schema: true,
  sampling: true,
  stop: true,
  reasoning: { kind: "adaptive", efforts: ["none", "low", "medium", "high", "max"] },
  reasoningBack: false,
};

/** A model of the provider. */
export function target(facts: Partial<ModelFacts> = {}): ModelTarget {
  return {
    upstreamName: "claude-test",
    facts: { ...FACTS, ...facts },
    dialect: PROVIDER_KINDS.anthropic.dialect,
  };
}

/** The request of a client that sends `body` over the least that is valid. */
export function read(body: JsonObject = {}): ChatRequest {
  const least = { model: "claude", max_tokens: 100, messages: [{ role: "user", content: "hi" }] };
  return anthropicMessages.client.readRequest({ ...least, ...body }, { model: null, stream: null });
}

/** A request in the common form, other than a client of this format would send it. */
export function request(parts: Partial<ChatRequest> = {}): ChatRequest {
  return { ...read(), ...parts };
}

/** What the provider is sent. */
export function write(parts: Partial<ChatRequest>, facts: Partial<ModelFacts> = {}): WrittenRequest {
  return anthropicMessages.provider.writeRequest(request(parts), target(facts));
}

/** The body the provider is sent, as it arrives there. */
export function written(parts: Partial<ChatRequest>, facts: Partial<ModelFacts> = {}): JsonObject {
  return JSON.parse(JSON.stringify(write(parts, facts).body));
}

/** How the client sees the answer. */
export function identity(body: JsonObject = {}): ReplyIdentity {
  return { id: "msg_test", model: "my-model", createdAt: 1_790_000_000, request: read(body), inputEstimate: 42 };
}

/** Feeds events, each an object with its type, as the provider would send them. */
export function feed(reader: StreamReader, events: readonly JsonObject[]): void {
  for (const event of events) reader.event(String(event.type), JSON.stringify(event));
}

/** All that a writer writes, taken after each step. */
export function stream(as: ReplyIdentity, ...steps: readonly ((to: StreamWriter) => void)[]): string {
  const writer = anthropicMessages.client.streamWriter(as);
  let events = "";
  for (const step of steps) {
    step(writer);
    events += writer.take();
  }
  return events;
}
