// The traffic of a coding agent late in its session, from clients of every API to providers of every API.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { FormatName } from "../../src/llm/format.ts";
import type { JsonObject } from "../../src/llm/json/values.ts";
import { agentTraffic, SCREENSHOT, TOOLS } from "../support/llm/agent-traffic.ts";
import { bodySays, type Said, streamSays } from "../support/llm/answer-meaning.ts";
import { bodyOf } from "../support/llm/client-bodies.ts";
import { type LlmGateway, startLlmGateway } from "../support/llm/llm-gateway.ts";
import { sdksSay } from "../support/llm/sdk-answers.ts";

const LIMIT = { timeout: 60_000 };
const PROVIDERS = ["chat", "responses", "claude", "google"];
const CLIENTS: readonly FormatName[] = ["openai-chat", "openai-responses", "anthropic-messages", "gemini"];

/** API of each provider. */
const NATIVE: Readonly<Record<string, FormatName>> = {
  ...{ chat: "openai-chat", responses: "openai-responses" },
  ...{ claude: "anthropic-messages", google: "gemini" },
};

let world: LlmGateway;
before(async () => {
  world = await startLlmGateway();
});

/** Of the API of a client. */
function pathOf(client: FormatName, model: string, stream: boolean): string {
  const paths = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
  };
  if (client !== "gemini") return paths[client];
  return `/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`;
}

async function send(client: FormatName, model: string, body: JsonObject, stream: boolean): Promise<Response> {
  const usage = client === "openai-chat" && stream ? { stream_options: { include_usage: true } } : {};
  const named = client === "gemini" ? body : { ...body, ...usage, model, stream };
  const reply = await fetch(`${world.url}${pathOf(client, model, stream)}`, {
    method: "POST",
    headers: { "content-type": "application/json", "anthropic-version": "2023-06-01" },
    body: JSON.stringify(named),
  });
  assert.equal(reply.status, 200, await (reply.status === 200 ? "" : reply.text()));
  return reply;
}

describe("100 tools, 60 turns, pictures and 200 000 tokens", LIMIT, () => {
  const wish = agentTraffic();
  for (const client of CLIENTS) {
    const body = bodyOf(client, wish);
    for (const [i, model] of PROVIDERS.entries()) {
      const stream = client === "anthropic-messages" || i % 2 === 0;
      test(`from a client of ${client} to ${model} arrive whole, ${stream ? "streamed" : "answered at once"}`, async () => {
        const reply = await send(client, model, body, stream);
        const said = stream
          ? await heard(client, model, await reply.text())
          : bodySays(client, (await reply.json()) as JsonObject);
        assert.match(said.text, /^The tool said: .* \| done$/s);
        assert.ok(said.usage!.input > 180_000, `${said.usage!.input} tokens`);
        const sent = world.providers[model]!.requests.at(-1)!.body.toString();
        assert.equal(new Set(sent.match(/mcp__server_\d__tool_\d+/g)).size, TOOLS.length);
        assert.equal(sent.match(/"Step \d+\."/g)?.length, 60);
        // A message of a tool in Chat Completions holds no picture.
        assert.equal(sent.split(SCREENSHOT).length - 1, client === "openai-chat" ? 0 : 6);
      });
    }
  }
});

/** What passes untranslated may have more than our own answers. */
async function heard(client: FormatName, model: string, stream: string): Promise<Said> {
  return NATIVE[model] === client ? (await sdksSay(client, stream))[0]! : streamSays(client, stream);
}

test(
  "what Claude Code writes about its billing stays at Anthropic, and its harness text stays in the prompt",
  LIMIT,
  async () => {
    const billing = "x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli;";
    const body = {
      max_tokens: 100,
      system: [
        { type: "text", text: billing },
        { type: "text", text: "Be brief." },
      ],
      messages: [{ role: "user", content: "hi <system-reminder>now</system-reminder>" }],
    };
    for (const model of PROVIDERS) {
      await send("anthropic-messages", model, body, false);
      const sent = world.providers[model]!.requests.at(-1)!.body.toString();
      assert.equal(sent.includes("billing"), model === "claude");
      assert.match(sent, /Be brief\./);
      assert.match(sent, /<system-reminder>/);
    }
  },
);
