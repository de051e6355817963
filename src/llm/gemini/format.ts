// The wire format of Gemini: generateContent and streamGenerateContent.
import type { ClientSide, WireFormat } from "../format.ts";
import { readError, writeError } from "./errors.ts";
import { eventFacts } from "./event-facts.ts";
import { ArrayFrames, EVENT_FRAMES, eventOf } from "./frames.ts";
import { geminiPath } from "./place.ts";
import { readRequest } from "./read-request.ts";
import { readResponse } from "./read-response.ts";
import { GeminiStreamReader } from "./read-stream.ts";
import { usageOf } from "./usage.ts";
import { writeRequest } from "./write-request.ts";
import { writeResponse } from "./write-response.ts";
import { GeminiStreamWriter } from "./write-stream.ts";

const EVENTS: ClientSide = {
  readRequest,
  writeResponse,
  streamWriter: (as) => new GeminiStreamWriter(as, EVENT_FRAMES),
  replyId: (random) => random,
  writeError,
  errorEvents: (fault, requestId) => eventOf(JSON.stringify(writeError(fault, requestId).body)),
  // Google's clients skip an event that does not begin with `data:`, so it must be one of its own.
  keepAlive: ": keep-alive\r\n\r\n",
};

const ARRAY: ClientSide = {
  ...EVENTS,
  streamWriter: (as) => new GeminiStreamWriter(as, new ArrayFrames()),
  errorEvents: (fault, requestId, begun = false) => {
    return `${begun ? ",\r\n" : "["}${JSON.stringify(writeError(fault, requestId).body)}]`;
  },
  streamType: "application/json; charset=UTF-8",
  keepAlive: "\r\n",
};

/** generateContent, streamed as events (`alt=sse`). */
export const gemini: WireFormat = {
  name: "gemini",
  family: "gemini",
  client: EVENTS,
  provider: {
    path: geminiPath,
    writeRequest,
    readResponse,
    streamReader: (sink) => new GeminiStreamReader(sink),
    readError,
    usageOf,
    eventFacts: (_name, data) => eventFacts(data),
  },
  modelKeys: [["modelVersion"]],
};

/** For clients that stream without `alt=sse`: they get one array. */
export const geminiArray: WireFormat = { ...gemini, client: ARRAY };
