// A gateway in a child process in front of mock providers of every API.
import type { MockKind } from "../../../src/demo/llm/provider.ts";
import { type GatewayProcess, startGateway } from "../gateway.ts";
import { keyOf, mockProvider, type TestProvider } from "./mock-provider.ts";

/** A provider of {@link startLlmGateway}: its name, which is also that of its model, and what it is. */
interface ProviderRow {
  readonly name: string;
  readonly kind: MockKind;
  /** Of the model at the provider. */
  readonly model: string;
  /** More of `llm.providers.<name>`, with a leading comma. */
  readonly more: string;
}

/** One provider for each API; `chat` and `responses` are OpenAI, spoken to in one format each. */
export const PROVIDERS: readonly ProviderRow[] = [
  { name: "chat", kind: "openai", model: "gpt-5", more: ", format: [openai-chat]" },
  { name: "responses", kind: "openai", model: "gpt-5", more: ", format: [openai-responses]" },
  { name: "claude", kind: "anthropic", model: "claude-sonnet-4-6", more: "" },
  { name: "google", kind: "gemini", model: "gemini-3-pro", more: "" },
  { name: "router", kind: "openrouter", model: "deepseek/deepseek-v4-pro", more: "" },
  { name: "local", kind: "openaiCompatible", model: "qwen3-thinking", more: "" },
];

/** Models beside those of the providers' names: name for clients → provider and its name there. */
const MORE_MODELS: Readonly<Record<string, readonly [provider: string, model: string]>> = {
  "claude-budget": ["claude", "claude-haiku-4-5"],
  "chat-plain": ["chat", "gpt-4o-mini"],
  "responses-plain": ["responses", "gpt-4o-mini"],
  "local-plain": ["local", "llama3.2"],
  "google-budget": ["google", "gemini-2.5-pro"],
  embedding: ["chat", "text-embedding-3-small"],
  moderation: ["chat", "omni-moderation-latest"],
};

/** A gateway, and the providers behind it. */
export interface LlmGateway {
  readonly gateway: GatewayProcess;
  readonly url: string;
  readonly providers: Readonly<Record<string, TestProvider>>;
}

/**
 * Starts all of it.
 * @param more YAML of the section `llm`, at its indentation
 * @param spares further names `claude-1` … and models of each provider, for tests after which a model rests
 */
export async function startLlmGateway(more = "", spares = 0): Promise<LlmGateway> {
  const started = await Promise.all(PROVIDERS.map(({ name, kind }) => mockProvider(kind, { name })));
  const providers = Object.fromEntries(started.map((provider) => [provider.name, provider]));
  const lines = PROVIDERS.map(({ name, kind, more: rest }) => {
    return `      ${name}: { kind: ${kind}, baseUrl: "${providers[name]!.baseUrl}", apiKeys: [ ${keyOf(kind)} ]${rest} }`;
  });
  const spare = PROVIDERS.flatMap(({ name, model }) =>
    Array.from({ length: spares }, (_, i) => [`${name}-${i + 1}`, name, `${model}~${i + 1}`] as const),
  );
  const rows = [...PROVIDERS.map(({ name, model }) => [name, name, model] as const), ...rowsOf(MORE_MODELS), ...spare];
  const models = rows.map(([id, provider, model]) => {
    const facts = id === "local" ? ", capabilities: { reasoningBack: true, reasoning: effort }" : "";
    return `      ${id}: { provider: ${provider}, upstreamName: ${model}${facts} }`;
  });
  const gateway = await startGateway(`gateway:
  frontend: { http: { host: 127.0.0.1, port: 0 } }
  llm:
    providers:
${lines.join("\n")}
    models:
${models.join("\n")}
    authAdapters: { enabled: [ anthropic-oauth, openai-key, user-key ] } # keys that the SDKs demand are not for providers
${more}
  router:
    rules:
      - { id: llm, path: "/*", strategy: { type: llm, models: [ ${rows.map(([id]) => id).join(", ")} ], failover: false } }
  shutdown: { delay: 0, timeout: 5s }
`);
  return { gateway, url: `http://127.0.0.1:${gateway.port}`, providers };
}

function rowsOf(models: typeof MORE_MODELS): (readonly [string, string, string])[] {
  return Object.entries(models).map(([id, [provider, model]]) => [id, provider, model]);
}
