// Providers that answer what they should not, or not to the end, between every pair of APIs: an error in the client's format.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { FormatName } from "../../src/llm/format.ts";
import { type LlmGateway, startLlmGateway } from "../support/llm/llm-gateway.ts";
import { keyOf, type TestProvider } from "../support/llm/mock-provider.ts";
import { sdksSay } from "../support/llm/sdk-answers.ts";

const LIMIT = { timeout: 60_000 };
const CLIENTS: readonly FormatName[] = ["openai-chat", "openai-responses", "anthropic-messages", "gemini"];
const PROVIDERS = ["chat", "responses", "claude", "google", "local"];

/** Commands before the answer → statuses a client may get. */
const REFUSALS: Readonly<Record<string, readonly number[]>> = {
  ...{
    "400": [400],
    "401": [400, 401],
    "402": [402, 403, 429],
    "403": [403, 404],
    "404": [404],
    "429": [429],
    quota: [429],
  },
  ...{ "500": [500, 502], "503": [503, 529], "529": [503, 529], overflow: [400], policy: [400] },
  ...{ html: [502], "html-502": [502, 503], redirect: [502, 503], reset: [502], "error-in-200": [500, 502, 503, 529] },
};
/** Commands that break a stream that has begun. */
const BREAKS = ["cut-start", "cut", "no-end", "overloaded-stream", "error-stream"];

let world: LlmGateway;
let keys = 0;
/** Commands after which the model rests for all, so that the next request takes another name of it. */
const TIRING = /mock:(403|404|503|529|error-in-200|overloaded-stream)\b/;
const SPARES = 50;
const used: Record<string, number> = {};

function nameFor(model: string, prompt: string): string {
  if (!TIRING.test(prompt)) return model;
  used[model] = (used[model] ?? 0) + 1;
  return `${model}-${used[model]}`;
}
before(async () => {
  world = await startLlmGateway("", SPARES);
});

function providerOf(model: string): TestProvider {
  return world.providers[model.replace("-plain", "")]!;
}

function requestOf(
  client: FormatName,
  model: string,
  prompt: string,
  stream: boolean,
): readonly [path: string, body: object] {
  const messages = [{ role: "user", content: prompt }];
  switch (client) {
    case "openai-chat":
      return ["/v1/chat/completions", { model, stream, messages }];
    case "openai-responses":
      return ["/v1/responses", { model, stream, store: false, input: prompt }];
    case "anthropic-messages":
      return ["/v1/messages", { model, stream, max_tokens: 1000, messages }];
    default: {
      const method = stream ? "streamGenerateContent?alt=sse" : "generateContent";
      return [`/v1beta/models/${model}:${method}`, { contents: [{ role: "user", parts: [{ text: prompt }] }] }];
    }
  }
}

function send(
  client: FormatName,
  model: string,
  prompt: string,
  stream: boolean,
  signal?: AbortSignal,
): Promise<Response> {
  const [path, body] = requestOf(client, nameFor(model, prompt), prompt, stream);
  return fetch(`${world.url}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(client === "anthropic-messages" ? { "anthropic-version": "2023-06-01" } : {}),
      // Keys that fail rest: each request has its own.
      [`x-llm-key-${providerOf(model).name}`]: keyOf(providerOf(model).kind, ++keys),
    },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The error of a body, where the API has it. */
function errorIn(client: FormatName, body: string): { message?: unknown } {
  const parsed = JSON.parse(body) as { type?: string; error: { message?: unknown; status?: unknown; code?: unknown } };
  if (client === "anthropic-messages") assert.equal(parsed.type, "error");
  if (client === "gemini")
    assert.deepEqual([typeof parsed.error.code, typeof parsed.error.status], ["number", "string"]);
  return parsed.error;
}

for (const client of CLIENTS) {
  describe(`a client of ${client}`, LIMIT, () => {
    for (const model of PROVIDERS) {
      test(`is told why ${model} does not answer, streamed or not`, async () => {
        for (const [command, statuses] of Object.entries(REFUSALS)) {
          for (const stream of [false, true]) {
            const what = `${command}, ${stream ? "streamed" : "whole"}`;
            const reply = await send(client, model, `mock:${command} hi`, stream);
            const body = await reply.text();
            assert.ok(statuses.includes(reply.status), `${what}: ${reply.status} ${body}`);
            const { message } = errorIn(client, body);
            assert.ok(typeof message === "string" && message !== "", what);
            assert.doesNotMatch(body, /<html|canary/, what);
          }
        }
      });
      test(`never takes what ${model} has begun for the whole of it`, async () => {
        for (const command of BREAKS) {
          const reply = await send(client, model, `mock:${command} one two three four five`, true);
          const body = await reply.text();
          if (reply.status === 200) await assert.rejects(sdksSay(client, body), command);
          else errorIn(client, body);
        }
        for (const command of ["garbage", "cut", "cut-start"]) {
          const reply = await send(client, model, `mock:${command} one two three`, false).catch(() => null);
          const body = await reply?.text().catch(() => "");
          // What passes untranslated may be cut where the provider has cut it.
          if (reply?.status === 200) assert.throws(() => JSON.parse(body!), command);
        }
      });
    }
    test("that leaves takes its requests with it, whatever the provider is doing", async () => {
      // Thoughts that the client has not asked for would be awaited.
      for (const model of ["chat-plain", "responses-plain", "claude", "google", "local-plain"]) {
        const provider = providerOf(model);
        for (const [command, stream] of [
          ["hang", false],
          ["hang", true],
          ["hang-stream", true],
          ["endless", true],
        ] as const) {
          const { requests } = provider;
          const before = requests.length;
          const leave = new AbortController();
          const reply = send(client, model, `mock:${command} hi`, stream, leave.signal).catch(() => null);
          while (requests.length === before) await new Promise((resolve) => setTimeout(resolve, 2));
          if (command !== "hang") await (await reply)!.body!.getReader().read();
          leave.abort();
          assert.equal(await requests.at(-1)!.done, false, `${model}, ${command}`);
        }
      }
    });
  });
}
