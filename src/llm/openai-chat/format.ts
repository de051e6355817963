// The wire format of Chat Completions, as OpenAI, OpenRouter and compatible servers speak it.
import type { WireFormat } from "../format.ts";
import { readOpenAiError, writeOpenAiError } from "../openai/errors.ts";
import { adaptRequest } from "./adapt-request.ts";
import { errorEvents } from "./errors.ts";
import { eventFacts } from "./event-facts.ts";
import { readRequest } from "./read-request.ts";
import { readResponse } from "./read-response.ts";
import { ChatStreamReader } from "./read-stream.ts";
import { usageOf } from "./usage.ts";
import { writeRequest } from "./write-request.ts";
import { writeResponse } from "./write-response.ts";
import { ChatStreamWriter } from "./write-stream.ts";

/** The format. */
export const openaiChat: WireFormat = {
  name: "openai-chat",
  family: "openai",
  client: {
    readRequest,
    writeResponse,
    streamWriter: (as) => new ChatStreamWriter(as),
    replyId: (random) => `chatcmpl-${random}`,
    writeError: writeOpenAiError,
    errorEvents,
    keepAlive: ": keep-alive\n\n",
  },
  provider: {
    path: () => "/chat/completions",
    writeRequest,
    adaptRequest,
    readResponse,
    streamReader: (sink) => new ChatStreamReader(sink),
    readError: readOpenAiError,
    usageOf,
    eventFacts,
  },
  modelKeys: [["model"]],
};
