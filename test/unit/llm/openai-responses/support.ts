// Requests, models and recorders for tests of Responses.
import type { ReplyIdentity } from "../../../../src/llm/format.ts";
import type { JsonObject } from "../../../../src/llm/json.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import type { StreamSink } from "../../../../src/llm/message/stream-sink.ts";
import type { Dialect, ModelFacts, ModelTarget } from "../../../../src/llm/model.ts";
import { readRequest } from "../../../../src/llm/openai-responses/read-request.ts";
import { PROVIDER_KINDS } from "../../../../src/llm/providers.ts";

/** A request of a client, read. Its input is a greeting unless it says otherwise. */
export function read(body: JsonObject): ChatRequest {
  return readRequest({ model: "gpt", input: "Hi", ...body }, { model: null, stream: null });
}

/** An empty request in the common form. */
export const EMPTY: ChatRequest = read({ input: [] });

const FACTS: ModelFacts = {
  contextIn: 400_000,
  contextOut: 128_000,
  images: true,
  documents: true,
  audio: true,
  tools: true,
  schema: true,
  sampling: true,
  stop: true,
  reasoning: { kind: "effort", efforts: ["minimal", "low", "medium", "high"] },
  reasoningBack: false,
};

/** A model of OpenAI, but for what is given. */
export function model(facts: Partial<ModelFacts> = {}, dialect: Partial<Dialect> = {}): ModelTarget {
  return {
    upstreamName: "gpt-5",
    facts: { ...FACTS, ...facts },
    dialect: { ...PROVIDER_KINDS.openai.dialect, ...dialect },
  };
}

/** How a client sees an answer to a request. */
export function identity(request: ChatRequest = EMPTY): ReplyIdentity {
  return { id: "resp_abc", model: "gpt", createdAt: 1_700_000_000, request, inputEstimate: 3 };
}

/** What a sink was told, as lists of a name and arguments. */
export class Recorder implements StreamSink {
  readonly calls: unknown[][] = [];
  start = this.#record("start");
  text = this.#record("text");
  refusal = this.#record("refusal");
  reasoning = this.#record("reasoning");
  reasoningEnd = this.#record("reasoningEnd");
  toolStart = this.#record("toolStart");
  toolArguments = this.#record("toolArguments");
  toolEnd = this.#record("toolEnd");
  logprobs = this.#record("logprobs");
  usage = this.#record("usage");
  finish = this.#record("finish");
  end = this.#record("end");
  fault = this.#record("fault");

  #record(name: string) {
    return (...args: unknown[]): void => {
      this.calls.push([name, ...args]);
    };
  }
}

/** For `assert.throws`: a fault with this message. */
export function fault(message: string | RegExp) {
  return (error: unknown): boolean => {
    if (!(error instanceof LlmError)) throw error;
    if (typeof message === "string" ? error.message !== message : !message.test(error.message)) throw error;
    return true;
  };
}
