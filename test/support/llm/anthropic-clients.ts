// Official clients of Anthropic Messages against a writer of answers, without a network.
import { anthropicMessages } from "../../../src/llm/anthropic/format.ts";
import type { ReplyIdentity } from "../../../src/llm/format.ts";
import type { JsonObject } from "../../../src/llm/json/values.ts";
import type { Fault } from "../../../src/llm/message/fault.ts";
import type { ChatRequest } from "../../../src/llm/message/request.ts";
import type { ChatResponse } from "../../../src/llm/message/response.ts";
import type { StreamSink } from "../../../src/llm/message/stream-sink.ts";

/** A server in the process: answers what clients send. */
export interface Server {
  readonly fetch: typeof fetch;
  /** Requests received, in the common form. */
  readonly requests: ChatRequest[];
  /** Their fields. */
  readonly fields: Headers[];
}

/** Whole answers and streamed ones of a server. */
export interface Answers {
  readonly whole: ChatResponse | Fault;
  readonly streamed: readonly ((to: StreamSink) => void)[];
}

const { client } = anthropicMessages;

/** @param pieces bytes of each piece of a stream; 0: as written */
export function serve({ whole, streamed }: Answers, pieces = 0): Server {
  const requests: ChatRequest[] = [];
  const fields: Headers[] = [];
  const answer = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const body = JSON.parse(await new Request(url, init).text()) as JsonObject;
    const request = client.readRequest(body, { model: null, stream: null });
    requests.push(request);
    fields.push(new Headers(init?.headers));
    const as = { id: client.replyId("a".repeat(24)), model: request.model, createdAt: 0, request, inputEstimate: 9 };
    if (request.stream) return streamOf(as, streamed, pieces);
    if ("choices" in whole) return Response.json(client.writeResponse(whole, as));
    const { status, body: error } = client.writeError(whole, "req_1");
    return Response.json(error, { status, headers: { "x-should-retry": "false", "request-id": "req_1" } });
  };
  return { fetch: answer, requests, fields };
}

function streamOf(as: ReplyIdentity, steps: Answers["streamed"], pieces: number): Response {
  const writer = client.streamWriter(as);
  const chunks: Buffer[] = [];
  for (const step of steps) {
    step(writer);
    chunks.push(Buffer.from(writer.take() + client.keepAlive));
  }
  return new Response(readable(pieces === 0 ? chunks : cut(Buffer.concat(chunks), pieces)), {
    headers: { "content-type": "text/event-stream" },
  });
}

function readable(chunks: readonly Buffer[]): ReadableStream<Uint8Array> {
  const rest = chunks.values();
  return new ReadableStream({
    pull(controller) {
      const { value, done } = rest.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

function cut(bytes: Buffer, length: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) => {
    return bytes.subarray(index * length, (index + 1) * length);
  });
}
