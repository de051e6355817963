// The wire format of Gemini: generateContent and streamGenerateContent.
import type { ClientSide, ProviderSide, WireFormat } from "../format.ts";
import { adaptRequest } from "./adapt-request.ts";
import { readError, writeError } from "./errors.ts";
import { eventFacts } from "./event-facts.ts";
import { geminiPath } from "./read-path.ts";
import { readRequest } from "./read-request.ts";
import { readResponse } from "./read-response.ts";
import { GeminiStreamReader } from "./read-stream.ts";
import { ArrayFrames, EVENT_FRAMES, elementOf, eventOf } from "./stream-frames.ts";
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
    return `${elementOf(JSON.stringify(writeError(fault, requestId).body), begun)}]`;
  },
  streamType: "application/json; charset=UTF-8",
  keepAlive: "\r\n",
};

const PROVIDER: ProviderSide = {
  path: geminiPath,
  writeRequest,
  adaptRequest,
  unseals: true,
  readResponse,
  streamReader: (sink) => new GeminiStreamReader(sink),
  readError,
  usageOf,
  eventFacts: (_name, data) => eventFacts(data),
};

const SHARED = { name: "gemini", family: "gemini", provider: PROVIDER, modelKeys: [["modelVersion"]] } as const;

/** generateContent and streamGenerateContent. */
export const gemini: WireFormat = { ...SHARED, client: EVENTS, array: { ...SHARED, client: ARRAY } };
