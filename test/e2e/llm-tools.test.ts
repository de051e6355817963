// Tools that a provider knows under another name or kind come back to the client as it has declared them.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { type LlmGateway, PROVIDERS, startLlmGateway } from "../support/llm/llm-gateway.ts";

const LIMIT = { timeout: 60_000 };
/** Providers with freeform tools of their own. */
const FREEFORM = ["chat", "responses"];

let world: LlmGateway;
let openai: OpenAI;
let anthropic: Anthropic;
before(async () => {
  world = await startLlmGateway();
  openai = new OpenAI({ baseURL: `${world.url}/v1`, apiKey: "none", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: world.url, apiKey: "none", maxRetries: 0 });
});

describe("freeform tools of Responses", LIMIT, () => {
  const grammar = { type: "grammar" as const, syntax: "lark" as const, definition: 'start: "ls" /.+/' };
  const tools = [{ type: "custom" as const, name: "shell", description: "Runs a command", format: grammar }];
  const store = { store: false, include: ["reasoning.encrypted_content" as const] };
  for (const { name: model } of PROVIDERS) {
    for (const stream of [false, true]) {
      test(`${model}: are called with raw input, ${stream ? "streamed" : "whole"}, and go on from its result`, async () => {
        const prompt = FREEFORM.includes(model) ? 'call shell with "ls -l"' : 'call shell with {"input":"ls -l"}';
        const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: prompt }];
        const body = { ...store, model, tools, input };
        const first = await (stream ? openai.responses.stream(body).finalResponse() : openai.responses.create(body));
        const found = first.output.find((item) => item.type === "custom_tool_call");
        const call = found as OpenAI.Responses.ResponseCustomToolCall | undefined;
        assert.deepEqual([call?.name, call?.input], ["shell", "ls -l"]);
        const said = first.output as OpenAI.Responses.ResponseInputItem[];
        const result = { type: "custom_tool_call_output" as const, call_id: call!.call_id, output: "total 0" };
        const next = await openai.responses.create({ ...body, input: [...input, ...said, result] });
        assert.equal(next.output_text, "The tool said: total 0");
      });
    }
  }
});

describe("tools with long names", LIMIT, () => {
  const names = ["a", "b"].map((end) => `mcp__${"server_".repeat(12)}${end}`);
  const input_schema = { type: "object" as const, properties: { x: { type: "integer" } } };
  const tools = names.map((name) => ({ name, input_schema }));
  for (const { name: model } of PROVIDERS) {
    test(`${model}: keep them in calls, in history and in the choice of a tool`, async () => {
      const messages: Anthropic.MessageParam[] = [
        { role: "user", content: 'call #2 with {"x":1} and call #1 with {"x":2}' },
      ];
      const base = { model, max_tokens: 1000, tools };
      const first = await anthropic.messages.stream({ ...base, messages }).finalMessage();
      const calls = first.content.flatMap((block) => (block.type === "tool_use" ? [block] : []));
      assert.deepEqual(
        calls.map(({ name }) => name),
        [names[1], names[0]],
      );
      const results = calls.map(({ id }) => ({ type: "tool_result" as const, tool_use_id: id, content: id }));
      const history: Anthropic.MessageParam[] = [
        ...messages,
        { role: "assistant", content: first.content },
        { role: "user", content: results },
      ];
      const next = await anthropic.messages.create({ ...base, messages: history });
      assert.equal(
        next.content
          .map((block) => (block.type === "text" ? block.text : ""))
          .join("")
          .split(" | ").length,
        2,
      );
      const forced = { ...base, tool_choice: { type: "tool" as const, name: names[1]! } };
      const chosen = await anthropic.messages.create({ ...forced, messages: [{ role: "user", content: "go" }] });
      assert.equal(chosen.content.find((block) => block.type === "tool_use")?.name, names[1]);
    });
  }
});
