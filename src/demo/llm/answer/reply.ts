// What a mock model answers: decided by the prompt alone.
import { amount } from "../commands.ts";
import type { Ask } from "./ask.ts";
import { argumentsFor, bySchema } from "./by-schema.ts";
import { callsIn, saidIn, type WantedCall } from "./calls.ts";
import { tokensOf } from "./tokens.ts";

/** A tool call. */
export interface Call {
  readonly name: string;
  /** JSON text, or raw input of a freeform tool; "" no arguments. */
  readonly arguments: string;
  readonly freeform: boolean;
}

/** An answer, and what it has cost in tokens. */
export interface Reply {
  /** "" none. */
  readonly thought: string;
  /** Only its proof is shown. */
  readonly redacted: boolean;
  readonly text: string;
  readonly refusal: string;
  readonly calls: readonly Call[];
  readonly finish: "stop" | "stopSequence" | "length" | "calls" | "refusal";
  /** The stop sequence that was reached; "" none. */
  readonly stopSequence: string;
  /** Tokens of the thought. */
  readonly reasoning: number;
  /** Tokens of all else. */
  readonly output: number;
}

const MOST_ECHO = 400;

/** Answers. */
export function replyTo(ask: Ask): Reply {
  const { commands } = ask;
  const thought = ask.thinks || commands.has("think") ? `The user says: ${short(ask.prompt)}. I shall answer.` : "";
  const redacted = thought !== "" && commands.has("redacted");
  const base = { thought, redacted, text: "", refusal: "", calls: [], stopSequence: "", reasoning: tokensOf(thought) };
  if (commands.has("refuse")) {
    const refusal = "I cannot help with that.";
    return { ...base, refusal, finish: "refusal", output: tokensOf(refusal) };
  }
  const calls = callsOf(ask);
  if (calls.length > 0) return withCalls(base, ask, calls);
  const text = ask.schema === null ? textOf(ask) : JSON.stringify(bySchema(ask.schema, ask.prompt));
  return cut({ ...base, text, finish: "stop", output: 0 }, ask);
}

function withCalls(base: Omit<Reply, "finish" | "output">, ask: Ask, calls: readonly Call[]): Reply {
  const text = saidIn(ask.prompt);
  const cutShort = ask.commands.has("length");
  const all = cutShort || ask.commands.has("bad-arguments") ? calls.map(broken) : calls;
  const output = tokensOf(text + all.map((call) => call.name + call.arguments).join(""));
  const finish = cutShort ? "length" : ask.commands.has("stop-with-calls") ? "stop" : "calls";
  return { ...base, text, calls: all, finish, output };
}

/** The last call ends in the middle of its arguments. */
function broken(call: Call, i: number, all: readonly Call[]): Call {
  return i < all.length - 1 ? call : { ...call, arguments: (call.arguments || '{"a":1}').slice(0, -2) };
}

function callsOf(ask: Ask): Call[] {
  if (ask.choice === "none" || ask.tools.length === 0) return [];
  const open = ask.tools.filter(({ name }) => ask.allowed === null || ask.allowed.includes(name));
  const wanted = ask.results.length > 0 ? [] : callsIn(ask.prompt);
  const found = wanted.flatMap((call) => callOf(call, ask.tools, open));
  if (found.length === 0 && ask.choice === "required" && open[0] !== undefined)
    found.push({ name: open[0].name, arguments: argumentsFor(open[0], ask.prompt), freeform: open[0].freeform });
  return ask.parallel ? found : found.slice(0, 1);
}

/** @param tools all of them: `#2` is the second @param open which may be called */
function callOf({ name, input }: WantedCall, tools: Ask["tools"], open: Ask["tools"]): Call[] {
  const tool = name.startsWith("#") ? tools[Number(name.slice(1)) - 1] : open.find((one) => one.name === name);
  if (tool === undefined || !open.includes(tool)) return [];
  return [{ name: tool.name, arguments: input, freeform: tool.freeform }];
}

function textOf(ask: Ask): string {
  const words = amount(ask.commands, "words", 0);
  if (words > 0) return Array.from({ length: words }, (_, i) => `word${i + 1}`).join(" ");
  if (ask.results.length > 0) return `The tool said: ${ask.results.map(short).join(" | ")}`;
  const seen = ask.attachments.length === 0 ? "" : ` [${ask.attachments.join(", ")}]`;
  return `You said: ${short(ask.prompt)}${seen}`;
}

/** Cuts an answer where a stop sequence begins, or at its length limit. */
function cut(reply: Reply, ask: Ask): Reply {
  const found = ask.stop
    .map((stop) => ({ stop, at: reply.text.indexOf(stop) }))
    .filter(({ stop, at }) => stop !== "" && at !== -1)
    .sort((a, b) => a.at - b.at)[0];
  let { text, finish, stopSequence } = reply;
  if (found !== undefined) {
    text = text.slice(0, found.at);
    finish = "stopSequence";
    stopSequence = found.stop;
  }
  const left = Math.max(1, (ask.maxTokens ?? Number.POSITIVE_INFINITY) - reply.reasoning);
  const most = ask.commands.has("length") ? Math.max(1, tokensOf(text) >> 1) : left;
  if (tokensOf(text) > most) {
    text = text.slice(0, most * 4);
    finish = "length";
    stopSequence = "";
  }
  return { ...reply, text, finish, stopSequence, output: tokensOf(text) };
}

function short(text: string): string {
  return text.length <= MOST_ECHO ? text : `${text.slice(0, MOST_ECHO)}…`;
}
