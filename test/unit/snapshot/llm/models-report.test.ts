// What operators are told of the models of a rule: order, credentials and their state, capabilities.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelReport } from "../../../../src/core/model-report.ts";
import { operatorKey } from "../../../../src/llm/credentials/credential.ts";
import { dryLlmRoutes } from "../../../../src/snapshot/check/dry-llm.ts";
import type { LlmRoutes } from "../../../../src/snapshot/llm/llm-routes.ts";
import { providerFault } from "../../../support/llm-credentials.ts";
import { loadFine } from "../../../support/load.ts";

const config = (more = "", strategy = "") =>
  loadFine(`gateway:
  llm:
    providers:
      openai: { kind: openai, apiKeys: [ sk-secret-one, sk-secret-two ] }
      anthropic: { kind: anthropic }
      openrouter: { kind: openrouter }
      local: { kind: openaiCompatible, baseUrl: "http://127.0.0.1:9/v1" }
    models:
      tiny: { provider: local, upstreamName: unheard-of, contextIn: 8192 }
      mine: { provider: local, upstreamName: unheard-of-too }
${more}
  router:
    rules:
      - id: chat
        path: /*
        strategy: { type: llm, models: [ "openai:gpt-5-mini", anthropic/claude-haiku-4-5, "openrouter:qwen/qwen3-coder", tiny, mine ]${strategy} }
`);

async function routesOf(...parts: string[]): Promise<LlmRoutes> {
  const loaded = config(...parts);
  const routes = await dryLlmRoutes(loaded);
  for (const rule of loaded.rules) routes.routeFor(rule);
  return routes;
}

const column = <K extends keyof ModelReport>(routes: LlmRoutes, key: K) => routes.models().map((model) => model[key]);

test("each model has the credential that its requests would be sent with", async () => {
  assert.deepEqual(column(await routesOf(), "credential"), ["keys", "client", "none", "keyless", "keyless"]);
  const users = await routesOf("    authAdapters: { enabled: [ user-key ] }");
  assert.deepEqual(column(users, "credential"), ["keys", "client", "client", "keyless", "keyless"]);
  const never = await routesOf("    authAdapters: { operatorKeys: never, enabled: [ openai-key ] }");
  assert.deepEqual(column(never, "credential"), ["client", "none", "none", "keyless", "keyless"]);
  assert.deepEqual(never.models()[0]!.keys, []);
});

test("keys and models that rest are told apart from those that are refused, and no key is shown", async () => {
  const loaded = config();
  const routes = await dryLlmRoutes(loaded);
  const { setup } = routes.partsOf(loaded.rules[0]!);
  routes.routeFor(loaded.rules[0]!);
  const { settings } = setup.order.candidates[0]!.provider;
  const [one, two] = settings.apiKeys.map((key) => operatorKey(settings, key));
  const fail = (key: typeof one, fault: ReturnType<typeof providerFault>) =>
    setup.credentials.failed(key!, settings, "gpt-5-mini", fault);
  fail(one, providerFault("rateLimit", 7000, null));
  fail(two, providerFault("authentication", -1, null));
  fail(two, providerFault("overloaded", -1, null));
  const [model] = routes.models();
  assert.deepEqual(
    model!.keys.map(({ state }) => state),
    ["cooling", "bad"],
  );
  assert.ok(model!.keys[0]!.forMs > 6000 && model!.keys[0]!.forMs <= 7000);
  assert.ok(model!.restsMs > 29_000 && model!.restsMs <= 30_000);
  assert.doesNotMatch(JSON.stringify(routes.models()), /sk-secret/);
});

test("a model is known by the tables or by the configuration, and says what it can do", async () => {
  const routes = await routesOf();
  assert.deepEqual(column(routes, "known"), [true, true, true, true, false]);
  const [mini, , , tiny] = routes.models();
  assert.deepEqual(mini!.capabilities, ["images", "documents", "tools", "jsonSchema", "reasoning"]);
  assert.equal(tiny!.contextIn, 8192);
  assert.equal(tiny!.upstreamName, "unheard-of");
});

test("models stand in the order of the rule: weighted ones as written", async () => {
  const names = async (order: string) => column(await routesOf("", `, order: ${order}`), "model");
  const written = ["openai:gpt-5-mini", "anthropic/claude-haiku-4-5", "openrouter:qwen/qwen3-coder", "tiny", "mine"];
  assert.deepEqual(await names("weighted"), written);
  assert.deepEqual(await names("cheapest"), [written[2], written[0], written[1], "tiny", "mine"]);
  assert.deepEqual(column(await routesOf(), "place"), [1, 2, 3, 4, 5]);
});
