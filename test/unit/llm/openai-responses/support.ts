// Requests of clients of Responses, and faults, for tests.
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { readRequest } from "../../../../src/llm/openai-responses/read-request.ts";

/** A request of a client, read. Its input is a greeting unless it says otherwise. */
export function read(body: JsonObject): ChatRequest {
  return readRequest({ model: "gpt", input: "Hi", ...body }, { model: null, stream: null });
}

/** For `assert.throws`: an error of this message. */
export function fault(message: string) {
  return (error: unknown): boolean => error instanceof LlmError && error.message === message;
}
