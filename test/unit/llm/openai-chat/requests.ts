// Requests of clients of Chat Completions, and what a reader makes of them.
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";

export const HELLO = [{ role: "user", content: "Hello" }];

/** A request for a model, of one message unless there are others. */
export function read(body: JsonObject): ChatRequest {
  return openaiChat.client.readRequest(
    { model: "acme/model", messages: HELLO, ...body },
    { model: null, stream: null },
  );
}
