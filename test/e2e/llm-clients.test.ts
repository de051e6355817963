// The official SDKs, and libraries of agents, through one gateway to providers of every API.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type LlmGateway, PROVIDERS, startLlmGateway } from "../support/llm/llm-gateway.ts";
import { LOOP_ANSWER, sdkClients } from "../support/llm/sdk-clients.ts";

let world: LlmGateway;
before(async () => {
  world = await startLlmGateway();
});

const NAMES = sdkClients("http://none").map(({ name }) => name);
/** Models whose rules differ from those of the providers' first ones. */
const MODELS = [...PROVIDERS.map(({ name }) => name), "claude-budget", "google-budget", "chat-plain"];

/** Clients that keep thoughts, and send them back. */
const KEEP = ["openai, responses", "anthropic 1.14", "anthropic 0.137", "gemini"];
const THOUGHT = /The user says: call get_weather/;

for (const [i, name] of NAMES.entries()) {
  describe(name, () => {
    for (const model of MODELS) {
      for (const stream of [false, true]) {
        const how = stream ? "streamed" : "whole";
        test(`${model}: an answer, ${how}`, async () => {
          assert.equal(await sdkClients(world.url)[i]!.ask(model, "hello there", stream), "You said: hello there");
        });
        test(`${model}: a loop with parallel tools, ${how}`, async () => {
          assert.equal(await sdkClients(world.url)[i]!.loop(model, stream), LOOP_ANSWER);
          if (KEEP.includes(name)) bringsThoughtBack(model);
        });
      }
    }
  });
}

/** The provider has got its own thought back; the mocks refuse what is not theirs. */
function bringsThoughtBack(model: string): void {
  const provider = world.providers[model];
  if (provider === undefined || model === "chat") return;
  const body = provider.requests.at(-1)!.body.toString();
  const proof = { responses: /"encrypted_content":"[^"]+"/, google: /"thoughtSignature":"[^"]+"/ }[model];
  assert.match(body, proof ?? THOUGHT);
}
