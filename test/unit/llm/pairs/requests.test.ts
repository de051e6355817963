// Every request of a client of every API, as every provider gets it: valid there, and asking the same.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Ask } from "../../../../src/demo/llm/answer/ask.ts";
import { PIXEL } from "../../../../src/demo/llm/endpoints/images.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import { bodyOf, type Spoken, type Wish } from "../../../support/llm/client-bodies.ts";
import { CLIENTS } from "../../../support/llm/formats.ts";
import { ASKED, type AskedProvider } from "../../../support/llm/request-meaning.ts";

interface Case {
  readonly wish: Wish;
  /** What every provider is to understand. */
  readonly asks: Partial<Ask>;
  /** Providers that cannot: name of what the request is refused for; null: it can. */
  readonly refused?: (provider: AskedProvider) => RegExp | null;
  /** Providers whose API has no words for it: it is left out, with a warning. */
  readonly unsaid?: (provider: AskedProvider) => boolean;
  /** Clients whose API has no words for it. */
  readonly without?: readonly string[];
}

const user = (...texts: readonly string[]): Spoken => ({ by: "user", pieces: texts.map((text) => ({ text })) });
const model = (text: string): Spoken => ({ by: "model", pieces: [{ text }] });
const hello = { turns: [user("Hello")] };
const isGemini = ({ format }: AskedProvider) => format.name === "gemini";
const thinks = ({ target }: AskedProvider) => target.facts.reasoning.kind !== "none";
const isOpenAi = ({ format }: AskedProvider) => format.name === "openai-responses";

/** A loop of tools: two calls in one turn, and their results. */
function loop(ids: readonly [string, string], names: readonly [string, string], image?: string): Spoken[] {
  return [
    user("What is the weather?"),
    {
      by: "model",
      pieces: [
        { text: "I look." },
        { call: ids[0], name: names[0], input: { city: "Zürich" } },
        { call: ids[1], name: names[1], input: { city: "" } },
      ],
    },
    {
      by: "user",
      pieces: [
        { result: ids[0], name: names[0], output: "sunny", ...(image === undefined ? {} : { image }) },
        { result: ids[1], name: names[1], output: "rain" },
      ],
    },
  ];
}

const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "array", items: { $ref: "#/$defs/day" } } },
  required: ["city", "days"],
  additionalProperties: false,
  $defs: { day: { type: "string" } },
};
const LONG = `search_${"x".repeat(70)}`;
/** So long that it would be noticed as text. */
const PICTURE = Buffer.from(PIXEL.repeat(90)).toString("base64");

const CASES: Readonly<Record<string, Case>> = {
  "a text": { wish: { ...hello, system: "Be brief.", max: 500 }, asks: { prompt: "Hello", maxTokens: 500 } },
  "several turns, two of the user in a row": {
    wish: { turns: [user("One"), model("Yes?"), user("Two"), user("Three")] },
    asks: { results: [], attachments: [] },
  },
  "instructions in the middle": {
    wish: { turns: [user("One"), { by: "system", pieces: [{ text: "Be brief." }] }, user("Two")] },
    asks: { results: [] },
    without: ["gemini"],
  },
  "sampling that some models refuse": { wish: { ...hello, sampling: true }, asks: { prompt: "Hello" } },
  tools: { wish: { ...hello, tools: ["a", "b"] }, asks: { choice: "auto", allowed: null, parallel: true } },
  "tools that must be used": {
    wish: { ...hello, tools: ["a", "b"], choice: "required" },
    asks: { choice: "required" },
  },
  "tools that must not be used": { wish: { ...hello, tools: ["a"], choice: "none" }, asks: { choice: "none" } },
  "one tool by name": {
    wish: { ...hello, tools: ["a", "b"], choice: { name: "b" } },
    asks: { choice: "required", allowed: ["b"] },
  },
  "one call at a time": {
    wish: { ...hello, tools: ["a"], serial: true },
    asks: { parallel: false },
    unsaid: isGemini,
    without: ["gemini"],
  },
  "a loop of tools": {
    wish: { turns: loop(["call_1", "call_2"], ["a", "b"]), tools: ["a", "b"] },
    asks: { results: ["sunny", "rain"] },
  },
  "a loop of tools, and more of the user": {
    wish: {
      turns: [...loop(["call_1", "call_2"], ["a", "b"]), model("Sunny."), user("And tomorrow?")],
      tools: ["a", "b"],
    },
    asks: { prompt: "And tomorrow?", results: [] },
  },
  "a loop of tools with ids that other APIs refuse": {
    wish: { turns: loop(["functions.a:0", `call|${"9".repeat(80)}`], ["a", "b"]), tools: ["a", "b"] },
    asks: { results: ["sunny", "rain"] },
    // OpenAI's own APIs refuse ids that are too long from their own clients, too.
    without: ["openai-chat", "openai-responses", "anthropic-messages"],
  },
  "a loop of tools with long names": {
    wish: { turns: loop(["call_1", "call_2"], [LONG, "b"]), tools: [LONG, "b"] },
    asks: { results: ["sunny", "rain"] },
    without: ["openai-chat", "openai-responses"],
  },
  "a loop of tools while thinking, without the thoughts": {
    wish: { turns: loop(["call_1", "call_2"], ["a", "b"]), tools: ["a", "b"], effort: "high" },
    asks: { results: ["sunny", "rain"] },
  },
  "a picture in a result": {
    wish: { turns: loop(["call_1", "call_2"], ["a", "b"], PICTURE), tools: ["a", "b"] },
    asks: {},
    refused: ({ target }) => (target.facts.images ? null : /image/),
    without: ["openai-chat"],
  },
  "a picture": {
    wish: { turns: [{ by: "user", pieces: [{ text: "What is this?" }, { image: PICTURE }] }] },
    asks: { prompt: "What is this?", attachments: ["image"] },
  },
  "a remote picture": {
    wish: { turns: [{ by: "user", pieces: [{ text: "What is this?" }, { image: "https://example.com/a.png" }] }] },
    asks: { attachments: ["image"] },
    refused: ({ target }) => (target.dialect.remoteUrls ? null : /URL|url|image/),
    without: ["gemini"],
  },
  "a document": {
    wish: {
      turns: [{ by: "user", pieces: [{ text: "Read" }, { pdf: Buffer.from("%PDF-1.7 abc").toString("base64") }] }],
    },
    asks: { attachments: ["document"] },
    refused: ({ target }) => (target.facts.documents ? null : /document|file|pdf/i),
  },
  "an answer by schema": { wish: { ...hello, schema: SCHEMA }, asks: {} },
  "stop sequences": {
    wish: { ...hello, stop: ["END", "STOP"] },
    asks: { stop: ["END", "STOP"] },
    unsaid: (provider) => isOpenAi(provider) || !provider.target.facts.stop,
    without: ["openai-responses"],
  },
  "much thought": {
    wish: { ...hello, effort: "high" },
    asks: { thinks: true },
    unsaid: (provider) => !thinks(provider),
  },
};

for (const [name, { wish, asks, refused, unsaid, without = [] }] of Object.entries(CASES)) {
  describe(name, () => {
    for (const client of CLIENTS.filter((one) => !without.includes(one.name))) {
      for (const provider of ASKED) {
        test(`from clients of ${client.name} to ${provider.name}`, () => {
          const read = client.client.readRequest(bodyOf(client.name, wish), { model: "m", stream: false });
          const why = refused?.(provider) ?? null;
          if (why !== null)
            return assert.throws(() => provider.format.provider.writeRequest(read, provider.target), isFault(why));
          const { body, warnings } = provider.format.provider.writeRequest(read, provider.target);
          const ask = provider.ask(JSON.parse(JSON.stringify(body)));
          if (unsaid?.(provider) === true) return assert.notDeepEqual(warnings, []);
          const heard = Object.fromEntries(Object.keys(asks).map((key) => [key, ask[key as keyof Ask]]));
          assert.deepEqual(heard, asks);
          assert.ok(ask.input < 1000, "a picture is sent as text");
        });
      }
    }
  });
}

function isFault(why: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof LlmError && error.fault.kind === "invalid" && why.test(error.fault.message);
}
