// The wire format of OpenAI's Responses API.
import type { WireFormat } from "../format.ts";
import { readOpenAiError, writeOpenAiError } from "../openai/errors.ts";
import { adaptRequest } from "./adapt-request.ts";
import { errorEvents } from "./errors.ts";
import { eventFacts, usageOf } from "./event-facts.ts";
import { readRequest } from "./read-request.ts";
import { readResponse } from "./read-response.ts";
import { ResponsesStreamReader } from "./read-stream.ts";
import { writeRequest } from "./write-request.ts";
import { writeResponse } from "./write-response.ts";
import { ResponsesStreamWriter } from "./write-stream.ts";

/** OpenAI Responses. */
export const openaiResponses: WireFormat = {
  name: "openai-responses",
  family: "openai",
  client: {
    readRequest,
    writeResponse,
    streamWriter: (as) => new ResponsesStreamWriter(as),
    replyId: (random) => `resp_${random}`,
    writeError: writeOpenAiError,
    errorEvents,
    keepAlive: ": keep-alive\n\n",
  },
  provider: {
    path: () => "/responses",
    writeRequest,
    adaptRequest,
    unseals: true,
    readResponse,
    streamReader: (sink) => new ResponsesStreamReader(sink),
    readError: readOpenAiError,
    usageOf,
    eventFacts,
  },
  modelKeys: [["model"], ["response", "model"]],
};
