// `gateway llm chat TEXT`: asks a language model, through the running gateway or in this process.
import { text as textOf } from "node:stream/consumers";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "../command.ts";
import { flagOn, type Parsed, UsageError } from "../flags.ts";
import { HEADER_HELP, headersOf } from "../header-flag.ts";
import { type OwnListener, ownListener } from "../own-listener.ts";
import type { ChatEnd, ChatRequest } from "./chat-request.ts";
import { type ChatRoute, chatRoute } from "./chat-route.ts";

/** Exit code 0 when there is an answer, else 1. */
export const llmChat: Command = {
  name: "llm chat",
  summary: "ask a language model, through the running gateway, or in this process if none is running",
  operands: "TEXT",
  flags: { ...CONFIG_FLAGS, model: "text", stream: "bool", rule: "text", H: "text", url: "text" },
  help: {
    ...CONFIG_HELP,
    model: "model, as clients name it (default auto)",
    stream: "print the answer as it comes",
    rule: "id of the rule whose models are asked (default the first with language models)",
    H: HEADER_HELP,
    url: "ask the gateway at this URL, such as https://llm.example.com, instead of the configured listener",
  },
  async run(parsed, env) {
    const prompt = await promptOf(parsed.rest);
    const { config } = loadConfig(loadOptions(parsed, env));
    const route = chatRoute(config, parsed.values.get("rule") ?? null, headersOf(parsed));
    const request: ChatRequest = { path: route.path, fields: route.fields, body: bodyOf(parsed, prompt) };
    const url = parsed.values.get("url");
    const startedAt = performance.now();
    let written = "";
    const say = (text: string) => {
      written = text;
      process.stdout.write(text);
    };
    const end = await (url === undefined
      ? askRunning(config, route, request, say)
      : ask({ listener: null, origin: originOf(url) }, request, say));
    if (written !== "" && !written.endsWith("\n")) process.stdout.write("\n");
    process.stderr.write(`${summaryOf(end, performance.now() - startedAt)}\n`);
    return end.problem === null ? 0 : 1;
  },
};

/** The arguments, or standard input for `-`. @throws UsageError when there is none */
async function promptOf(words: readonly string[]): Promise<string> {
  const prompt = words.length === 1 && words[0] === "-" ? await textOf(process.stdin) : words.join(" ");
  if (prompt.trim() === "") throw new UsageError("llm chat needs a TEXT; - reads it from standard input");
  return prompt;
}

function bodyOf(parsed: Parsed, content: string): ChatRequest["body"] {
  const stream = flagOn(parsed, "stream", false);
  return {
    model: parsed.values.get("model") ?? "auto",
    messages: [{ role: "user", content }],
    ...(stream && { stream, stream_options: { include_usage: true } }),
  };
}

function originOf(url: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new UsageError(`-url takes an http or https URL, not "${url}"`);
  return url.replace(/\/+$/, "");
}

type Say = (text: string) => void;

async function askRunning(config: Config, route: ChatRoute, request: ChatRequest, say: Say): Promise<ChatEnd> {
  try {
    return await ask(ownListener(route.listeners), request, say);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ECONNREFUSED" && code !== "ENOENT") throw new Error(`no answer from the gateway: ${message}`);
    process.stderr.write("no gateway is running with this configuration: asking in this process\n");
  }
  const { withGateway } = await import("./in-process.ts");
  return withGateway(config, route.listeners[0]!, (to) => ask(to, request, say));
}

async function ask(to: OwnListener, request: ChatRequest, say: Say): Promise<ChatEnd> {
  const { chat } = await import("./chat-request.ts");
  return chat(to, request, say);
}

function summaryOf({ problem, model, provider, tokensIn, tokensOut, finish }: ChatEnd, ms: number): string {
  if (problem !== null) return `gateway: ${problem}`;
  const parts = [
    provider === "" ? model : `${model} at ${provider}`,
    ...(tokensIn < 0 ? [] : [`${tokensIn} tokens in, ${tokensOut} out`]),
    ...(finish === "" || finish === "stop" ? [] : [`ended by ${finish}`]),
    `${(ms / 1000).toFixed(1)}s`,
  ];
  return parts.join(", ");
}
