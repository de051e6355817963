// Another maker's mock of every API as provider: what we did not write ourselves.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LLMock } from "@copilotkit/aimock";
import { startGateway } from "../support/gateway.ts";
import { LOOP_ANSWER, LOOP_PROMPT, sdkClients } from "../support/llm/sdk-clients.ts";

const mock = new LLMock({ port: 0, logLevel: "silent" });
const PROVIDERS = {
  chat: ["openai", "/v1", "gpt-5", ", format: [openai-chat]"],
  responses: ["openai", "/v1", "gpt-5", ", format: [openai-responses]"],
  claude: ["anthropic", "", "claude-sonnet-4-6", ""],
  google: ["gemini", "", "gemini-3-pro", ""],
} as const;
let url = "";

before(async () => {
  const asked = { hasToolResult: false, userMessage: LOOP_PROMPT };
  const toolCalls = [
    { name: "get_weather", arguments: '{"city":"Zürich"}' },
    { name: "now", arguments: "{}" },
  ];
  // By itself it ends calls of Gemini with FUNCTION_CALL, which Gemini does not.
  mock.on({ ...asked, model: "gemini-3-pro" }, { toolCalls, finishReason: "stop" });
  mock.on(asked, { toolCalls });
  mock.on({ hasToolResult: true, userMessage: LOOP_PROMPT }, { content: LOOP_ANSWER });
  mock.onMessage("hello there", { content: "Grüße 🗼", reasoning: "Let me think." });
  await mock.start();
  const rows = Object.entries(PROVIDERS);
  const providers = rows.map(([name, [kind, base, , more]]) => {
    return `      ${name}: { kind: ${kind}, baseUrl: "${mock.url}${base}", apiKeys: [ sk-test ]${more} }`;
  });
  const models = rows.map(([name, [, , model]]) => `      ${name}: { provider: ${name}, upstreamName: ${model} }`);
  const gateway = await startGateway(`gateway:
  frontend: { http: { host: 127.0.0.1, port: 0 } }
  llm:
    providers:
${providers.join("\n")}
    models:
${models.join("\n")}
    authAdapters: { enabled: [ anthropic-oauth, openai-key ] }
  router:
    rules: [ { id: llm, path: "/*", strategy: { type: llm, models: [ ${Object.keys(PROVIDERS).join(", ")} ], failover: false } } ]
  shutdown: { delay: 0, timeout: 5s }
`);
  url = `http://127.0.0.1:${gateway.port}`;
});
after(() => mock.stop());

for (const [i, { name }] of sdkClients("http://none").entries()) {
  describe(name, () => {
    for (const model of Object.keys(PROVIDERS)) {
      for (const stream of [false, true]) {
        test(`${model}: an answer and a loop of tools, ${stream ? "streamed" : "whole"}`, async () => {
          const client = sdkClients(url)[i]!;
          assert.equal(await client.ask(model, "hello there", stream), "Grüße 🗼");
          assert.equal(await client.loop(model, stream), LOOP_ANSWER);
        });
      }
    }
  });
}
