// A provider of two APIs, Chat Completions and Anthropic Messages: complete answers at once, and streams whose tokens carry
// the time they were sent at. A stream that lasts gets one every 20 ms, or less often where there are many.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { ANSWER, LASTING } from "../llm-orders.ts";

const CYCLE_MS = 20;
const TICK_MS = 4;
/** To all streams together. */
const MAX_TOKENS_PER_MS = 10;

/** How one API says things. */
interface Api {
  readonly complete: string;
  readonly begin: string;
  token(text: string): string;
  readonly end: string;
}

const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const named = (value: { readonly type: string }) => `event: ${value.type}\n${data(value)}`;

const usage = { prompt_tokens: 500, completion_tokens: 120, total_tokens: 620 };
const answer = { id: "chatcmpl-0123456789abcdefghijklmnopqrs", created: 1_790_000_000, model: "bench-2026-11-01" };
const chunk = { ...answer, object: "chat.completion.chunk", system_fingerprint: "fp_0123456789" };
const chunkOf = (delta: unknown, finish: string | null) =>
  data({ ...chunk, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });

const openai: Api = {
  complete: JSON.stringify({
    ...{ ...answer, object: "chat.completion", usage },
    choices: [{ index: 0, message: { role: "assistant", content: ANSWER, refusal: null }, finish_reason: "stop" }],
  }),
  begin: chunkOf({ role: "assistant", content: "", refusal: null }, null),
  token: (text) => chunkOf({ content: text }, null),
  end: `${chunkOf({}, "stop")}data: [DONE]\n\n`,
};

const message = { id: "msg_0123456789abcdefghijkl", type: "message", role: "assistant", model: "bench-20261101" };
const stop = { stop_reason: "end_turn", stop_sequence: null };

const anthropic: Api = {
  complete: JSON.stringify({
    ...{ ...message, ...stop, content: [{ type: "text", text: ANSWER }] },
    usage: { input_tokens: 500, output_tokens: 120 },
  }),
  begin: [
    named({
      type: "message_start",
      ...{
        message: {
          ...message,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 500, output_tokens: 1 },
        },
      },
    }),
    named({ type: "content_block_start", ...{ index: 0, content_block: { type: "text", text: "" } } }),
    named({ type: "ping" }),
  ].join(""),
  token: (text) => named({ type: "content_block_delta", ...{ index: 0, delta: { type: "text_delta", text } } }),
  end: [
    named({ type: "content_block_stop", ...{ index: 0 } }),
    named({ type: "message_delta", ...{ delta: stop, usage: { output_tokens: 120 } } }),
    named({ type: "message_stop" }),
  ].join(""),
};

interface Stream {
  readonly api: Api;
  readonly response: ServerResponse;
}

const streams: Stream[] = [];

/** The next token: the time it is sent at, and a word. */
function tokenOf(api: Api): string {
  return api.token(`${(Number(process.hrtime.bigint()) / 1e6).toFixed(3)} token `);
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const api = request.url?.includes("/messages") === true ? anthropic : openai;
  const chunks: Buffer[] = [];
  request.on("data", (part: Buffer) => chunks.push(part));
  request.on("end", () => reply(api, Buffer.concat(chunks), response));
}

function reply(api: Api, body: Buffer, response: ServerResponse): void {
  // What is asked for stands at either end; a prompt of 10 MB is not searched.
  const ends = body.toString("latin1", 0, 4096) + body.toString("latin1", Math.max(4096, body.length - 4096));
  if (!/"stream":\s*true/.test(ends)) {
    const fields = { "content-type": "application/json", "content-length": Buffer.byteLength(api.complete) };
    response.writeHead(200, fields).end(api.complete);
    return;
  }
  const tokens = Number(/"max(?:_completion)?_tokens":\s*(\d+)/.exec(ends)?.[1] ?? 5);
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (tokens < LASTING) {
    response.write(api.begin);
    for (let i = 0; i < tokens; i++) response.write(tokenOf(api));
    response.end(api.end);
    return;
  }
  response.write(api.begin + tokenOf(api));
  const stream = { api, response };
  streams.push(stream);
  const end = setTimeout(() => response.end(api.end), (tokens - LASTING) * 1000);
  response.on("error", () => undefined);
  response.on("close", () => {
    clearTimeout(end);
    const at = streams.indexOf(stream);
    const last = streams.pop()!;
    if (last !== stream) streams[at] = last;
  });
}

/** Every stream has its own place in the cycle, so that the tokens are spread over it. */
let position = 0;
let lastAt = performance.now();
let next = 0;

function tick(): void {
  const now = performance.now();
  const { length } = streams;
  position += Math.min(now - lastAt, CYCLE_MS) * Math.min(length / CYCLE_MS, MAX_TOKENS_PER_MS);
  lastAt = now;
  const due = Math.min(Math.floor(position), length);
  position -= due;
  for (let n = 0; n < due; n++) {
    next = next + 1 < length ? next + 1 : 0;
    const { api, response } = streams[next]!;
    response.write(tokenOf(api));
  }
}

setInterval(tick, TICK_MS);
createServer({ noDelay: true, keepAliveTimeout: 60_000 }, serve).listen(Number(process.argv[2]), "127.0.0.1", 4096);
