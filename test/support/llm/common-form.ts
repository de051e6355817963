// Requests, models and answers in the common form, for tests of wire formats.
import type { ReplyIdentity } from "../../../src/llm/format.ts";
import type { Fault } from "../../../src/llm/message/fault.ts";
import type { ChatRequest, Part, TextPart, Tool, Turn } from "../../../src/llm/message/request.ts";
import type { ChatResponse, Choice } from "../../../src/llm/message/response.ts";
import type { StreamSink } from "../../../src/llm/message/stream-sink.ts";
import type { Dialect, ModelFacts, ModelTarget } from "../../../src/llm/models/model.ts";
import { PROVIDER_KINDS } from "../../../src/llm/providers/kinds.ts";

/** A text. */
export function text(value: string): TextPart {
  return { kind: "text", text: value, cache: null };
}

/** A turn of the user. */
export function user(...parts: readonly (Part | string)[]): Turn {
  return { role: "user", parts: parts.map((part) => (typeof part === "string" ? text(part) : part)) };
}

/** A turn of the model. */
export function assistant(...parts: readonly (Part | string)[]): Turn {
  return { ...user(...parts), role: "assistant" };
}

/** A function. */
export function tool(name: string, more: Partial<Tool> = {}): Tool {
  const none = { description: "", schema: null, strict: null, grammar: null, freeform: false, namespace: null };
  return { name, ...none, cache: null, ...more };
}

/** A call of a function. */
export function call(id: string, name: string, args: string, more: object = {}): Extract<Part, { kind: "toolCall" }> {
  return { kind: "toolCall", id, name, arguments: args, freeform: false, signature: null, cache: null, ...more };
}

/** The answer of a function. */
export function result(id: string, output: string, more: object = {}): Extract<Part, { kind: "toolResult" }> {
  const parts = [text(output)];
  return { kind: "toolResult", id, name: null, parts, failed: false, freeform: false, cache: null, ...more };
}

/** A request that says nothing but "Hello". */
export function chatRequest(more: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: "acme/model",
    system: [],
    turns: [user("Hello")],
    tools: [],
    toolChoice: null,
    parallelTools: null,
    maxTokens: null,
    stop: [],
    sampling: {
      ...{ temperature: null, topP: null, topK: null },
      ...{ frequencyPenalty: null, presencePenalty: null, seed: null, logitBias: null },
    },
    choices: 1,
    logprobs: null,
    output: null,
    reasoning: null,
    verbosity: null,
    stream: false,
    streamUsage: true,
    user: null,
    cacheKey: null,
    serviceTier: null,
    metadata: null,
    nativeOnly: [],
    droppable: [],
    ...more,
  };
}

/** A model that can do everything. */
export function modelTarget(facts: Partial<ModelFacts> = {}, dialect: Partial<Dialect> = {}): ModelTarget {
  return {
    upstreamName: "model",
    facts: {
      ...{ contextIn: 0, contextOut: 0, images: true, documents: true, audio: true, tools: true, schema: true },
      ...{ sampling: true, stop: true, reasoning: { kind: "none" }, reasoningBack: false },
      ...facts,
    },
    dialect: { ...PROVIDER_KINDS.openai.dialect, ...dialect },
  };
}

/** An answer with one choice. */
export function chatResponse(choice: Partial<Choice>, more: Partial<ChatResponse> = {}): ChatResponse {
  const choices = [{ parts: [], finish: "stop", stopSequence: null, logprobs: null, ...choice } as const];
  return { id: "", model: "", createdAt: 0, choices, usage: null, serviceTier: null, ...more };
}

/** How the client of a request sees its answer. */
export function identity(request: Partial<ChatRequest> = {}, more: Partial<ReplyIdentity> = {}): ReplyIdentity {
  const asked = chatRequest(request);
  return { id: "id-1", model: asked.model, createdAt: 1_700_000_000, request: asked, inputEstimate: 7, ...more };
}

/** One call of a {@link StreamSink}: the name of the method, and its arguments. */
export type SinkCall = readonly [keyof StreamSink, ...unknown[]];

/** Notes what is called, each as name and arguments. */
export function recordingSink(): { readonly sink: StreamSink; readonly calls: SinkCall[]; faults: Fault[] } {
  const calls: SinkCall[] = [];
  const faults: Fault[] = [];
  const sink = new Proxy({} as StreamSink, {
    get: (_, method: keyof StreamSink) => {
      return (...args: unknown[]): void => {
        calls.push([method, ...args]);
        if (method === "fault") faults.push(args[0] as Fault);
      };
    },
  });
  return { sink, calls, faults };
}

/** Makes noted calls. */
export function replay(calls: readonly SinkCall[], sink: StreamSink): void {
  for (const [method, ...args] of calls) (sink[method] as (...args: unknown[]) => void).apply(sink, args);
}
