// Mock providers of a configuration: which providers get one, and where.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../../../src/config/load.ts";
import { startBackends } from "../../../../src/demo/backends.ts";
import { mockProviders, providerPorts } from "../../../../src/demo/llm/configured.ts";

const YAML = `gateway:
  llm:
    providers:
      claude: { kind: anthropic, baseUrl: "http://127.0.0.1:4011", apiKeys: [sk-ant-api03-x] }
      local: { kind: openaiCompatible, baseUrl: "http://localhost:4012/v1" }
      same: { kind: openaiCompatible, baseUrl: "http://localhost:4012/v1" }
      real: { kind: openai, apiKeys: [sk-x] }
  router: { rules: [ { id: llm, path: "/v1/*", strategy: { type: llm, models: [ "claude:claude-opus-4-8" ] } } ] }
`;

test("each provider on this machine gets one mock of its kind, others none", async () => {
  const { llm } = loadConfig({ file: "llm.yaml", text: YAML, env: {} }).config;
  assert.deepEqual([...new Set(providerPorts(llm))], [4011, 4012]);
  const mocks = mockProviders(llm, () => 0);
  const ports = { http: [], webSocket: 0, events: 0, grpc: 0 };
  const backends = await startBackends(ports, mocks);
  const [claude, local] = backends.servers.slice(-2);
  assert.match(claude!.title, /^Anthropic "claude" \(mock\)$/);
  const help = await (await fetch(claude!.url)).text();
  assert.match(help, /mock:NAME in a prompt/);
  const prompt = { model: "llama3.2", messages: [{ role: "user", content: "mock:500@claude hi" }] };
  const reply = await fetch(`${local!.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(prompt) });
  const { choices } = (await reply.json()) as { choices: { message: { content: string } }[] };
  assert.equal(choices[0]!.message.content, "You said: hi");
  await backends.close();
});
