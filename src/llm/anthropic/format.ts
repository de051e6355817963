// The wire format of Anthropic Messages.
import type { WireFormat } from "../format.ts";
import { adaptRequest } from "./adapt-request.ts";
import { errorEvents, readError, writeError } from "./errors.ts";
import { eventFacts } from "./event-facts.ts";
import { readRequest } from "./read-request.ts";
import { readResponse } from "./read-response.ts";
import { AnthropicStreamReader } from "./read-stream.ts";
import { usageOf } from "./usage.ts";
import { writeRequest } from "./write-request.ts";
import { writeResponse } from "./write-response.ts";
import { AnthropicStreamWriter } from "./write-stream.ts";

/** `POST /v1/messages`. */
export const anthropicMessages: WireFormat = {
  name: "anthropic-messages",
  family: "anthropic",
  client: {
    readRequest,
    writeResponse,
    streamWriter: (as) => new AnthropicStreamWriter(as),
    replyId: (random) => `msg_${random}`,
    writeError,
    errorEvents,
    keepAlive: 'event: ping\ndata: {"type": "ping"}\n\n',
  },
  provider: {
    path: () => "/v1/messages",
    writeRequest,
    adaptRequest,
    readResponse,
    streamReader: (sink) => new AnthropicStreamReader(sink),
    readError,
    usageOf: (body) => usageOf(body.usage),
    eventFacts,
  },
  modelKeys: [["model"], ["message", "model"]],
};
