// A provider whose answers a test writes by hand, request by request, with the bytes that a provider would send.
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Backend, startBackend } from "../backend.ts";
import { read } from "../client.ts";

/** A request as the provider has received it. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly body: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  readonly response: ServerResponse;
  /** Resolves when the exchange is over, whichever way. */
  readonly closed: Promise<void>;
}

/** A provider, and what it was asked. */
export interface ScriptedProvider extends Pick<Backend, "close"> {
  readonly port: number;
  /** Requests begun and not ended. */
  readonly active: number;
  readonly asked: readonly Asked[];
  /** How the following requests are answered. */
  answer: (asked: Asked) => void;
}

/** Starts one. Until {@link ScriptedProvider.answer} is set it answers with one short chat completion. */
export async function scriptedProvider(): Promise<ScriptedProvider> {
  const asked: Asked[] = [];
  const backend = await startBackend(async (request, response) => {
    const closed = new Promise<void>((resolve) => response.on("close", () => resolve()));
    const bytes = await read(request);
    const one: Asked = { request, bytes, body: bytes.length === 0 ? {} : jsonOf(bytes), response, closed };
    asked.push(one);
    provider.answer(one);
  });
  const provider: ScriptedProvider = {
    port: backend.port,
    get active() {
      return backend.active;
    },
    asked,
    answer: completion("hello"),
    close: () => backend.close(),
  };
  return provider;
}

function jsonOf(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(bytes.toString()) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

/** Answers with a chat completion. */
export function completion(content: string): ScriptedProvider["answer"] {
  return ({ body, response }) =>
    json(response, 200, {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model: `${body.model}-2026-01-01`,
      choices: [
        { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
    });
}

/** Answers with an error in the form of OpenAI. */
export function failure(status: number, code: string | null = null, fields: Record<string, string> = {}) {
  return ({ response }: Asked) =>
    json(response, status, { error: { message: `status ${status}`, type: "error", param: null, code } }, fields);
}

/** Sends a JSON answer. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  fields: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...fields }).end(JSON.stringify(body));
}

/** Begins an event stream. */
export function events(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
}

/** One chunk of a streamed chat completion. */
export function chunk(response: ServerResponse, delta: object, finish: string | null = null): void {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  const data = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m-2026", choices };
  response.write(`data: ${JSON.stringify(data)}\n\n`);
}

/** Answers with a whole streamed chat completion, one chunk a word. */
export function streamed(...words: string[]): ScriptedProvider["answer"] {
  return ({ response, body }) => {
    events(response);
    chunk(response, { role: "assistant", content: "" });
    for (const content of words) chunk(response, { content });
    chunk(response, {}, "stop");
    const options = body.stream_options as { include_usage?: boolean } | undefined;
    if (options?.include_usage === true) {
      const usage = { prompt_tokens: 7, completion_tokens: words.length, total_tokens: 7 + words.length };
      const data = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage };
      response.write(`data: ${JSON.stringify(data)}\n\n`);
    }
    response.end("data: [DONE]\n\n");
  };
}
