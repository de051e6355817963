// A mock provider of language models: the API of a real one, on a port of this machine, without a model.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type DemoServer, listen } from "../server.ts";
import { PromptCache } from "./answer/prompt-cache.ts";
import { digest } from "./answer/signature.ts";
import type { Api, ProviderState } from "./api.ts";
import { chatApi } from "./chat/api.ts";
import { COMMANDS } from "./commands.ts";
import { Exchange, type RecordedRequest } from "./exchange.ts";
import { geminiApi } from "./gemini/api.ts";
import { anthropicApi } from "./messages/api.ts";
import { ObjectStore } from "./objects.ts";
import { openaiApi } from "./openai-api.ts";
import { Refusal } from "./rules/refusal.ts";

/** Kinds as `llm.providers.<id>.kind` has them. */
const APIS = {
  openai: openaiApi,
  anthropic: anthropicApi,
  gemini: geminiApi,
  openrouter: chatApi("openrouter"),
  openaiCompatible: chatApi("openaiCompatible"),
} as const;

/** Kind of provider. */
export type MockKind = keyof typeof APIS;

/** How a mock provider is made. */
export interface MockOptions {
  readonly kind: MockKind;
  /** Name in the configuration: commands may be addressed to it. */
  readonly name: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Time before an answer begins, ms; 0 unless given. */
  readonly headMs?: number;
  /** Time between events, ms; 0 unless given. */
  readonly eventMs?: number;
  /** Called with every request. */
  readonly record?: (request: RecordedRequest) => void;
  /** Commands for a request that say nothing themselves, asked for each; "" none. */
  readonly force?: (request: IncomingMessage) => string;
}

const HELP = [
  "This is a mock provider of language models: it answers from the prompt alone. Prompts may say:",
  ...["hello", 'call get_weather with {"city":"Paris"}', 'say "one moment" and call #1'].map((line) => `  ${line}`),
  "Commands, as mock:NAME in a prompt, ~NAME after a model, or NAME in the field X-Mock; NAME@PROVIDER for one provider:",
  ...Object.entries(COMMANDS).map(([name, what]) => `  ${name.padEnd(18)} ${what}`),
].join("\n");

const MOST_BODY_BYTES = 64 * 1024 * 1024;

/** Starts a mock provider. @throws the system's error when the port is taken */
export function startMockProvider(options: MockOptions): Promise<DemoServer> {
  const api: Api = APIS[options.kind];
  const { headMs = 0, eventMs = 0 } = options;
  const state: ProviderState = { pace: { headMs, eventMs }, cache: new PromptCache(), objects: new ObjectStore() };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void readBody(request)
      .then((body) => {
        if (body === null) response.destroy();
        else return answer(api, options, state, request, response, body);
      })
      .catch((error: unknown) => {
        process.stderr.write(`mock provider ${options.name}: ${String(error)}\n`);
        response.destroy();
      });
  });
  return listen(server, options.port, { title: `${api.title} "${options.name}" (mock)`, scheme: "http" });
}

/** The whole body; null if the client leaves, or sends too much. */
function readBody(request: IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST_BODY_BYTES) request.destroy();
      else chunks.push(chunk);
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("close", () => resolve(null));
  });
}

async function answer(
  api: Api,
  options: MockOptions,
  state: ProviderState,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): Promise<void> {
  const forced = options.force?.(request) ?? "";
  const exchange = new Exchange(request, response, body, [options.name, options.kind], forced);
  if (exchange.path === "/") return exchange.bytes(200, "text/plain; charset=utf-8", Buffer.from(HELP));
  options.record?.(exchange);
  const requestId = `req_${digest(exchange.seed).slice(0, 24)}`;
  Object.assign(exchange.own, api.ownFields(requestId));
  try {
    exchange.account = api.authenticate(exchange);
    await dispatch(api, exchange, state);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, body: content, fields } = api.writeRefusal(error, requestId);
    exchange.send(status, content, fields);
  }
}

function dispatch(api: Api, exchange: Exchange, state: ProviderState): void | Promise<void> {
  for (const [method, path, handler] of api.routes) {
    const found = method === exchange.method ? path.exec(exchange.path) : null;
    if (found !== null) return handler(exchange, found, state);
  }
  throw new Refusal("notFound", `Unknown request URL: ${exchange.method} ${exchange.path}.`, null, "unknown_url");
}
