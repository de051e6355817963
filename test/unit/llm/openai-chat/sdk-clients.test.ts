// Answers of Chat Completions in the hands of the clients people use.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { faultOf } from "../../../../src/llm/message/fault.ts";
import { byAiSdk, byLangChain, byOpenai } from "./clients.ts";
import { START, TEXT, TOOLS, write } from "./written.ts";

describe("accumulators", () => {
  test("OpenAI's client puts text, calls and usage together", async () => {
    const { choices, usage, model } = await byOpenai(write(TOOLS));
    assert.equal(choices[0]!.message.content, "Let me");
    assert.deepEqual(
      choices[0]!.message.tool_calls!.map(
        (each) => each.type === "function" && [each.id, each.function.name, each.function.arguments],
      ),
      [
        ["call_a", "read", '{"path":"a"}'],
        ["call_b", "list", "{}"],
      ],
    );
    assert.equal(choices[0]!.finish_reason, "tool_calls");
    assert.equal(usage!.prompt_tokens_details!.cached_tokens, 2);
    assert.equal(usage!.completion_tokens_details!.reasoning_tokens, 4);
    assert.equal(model, "acme/model");
    assert.equal((await byOpenai(write(TEXT))).choices[0]!.message.content, "Héllo\n");
  });

  test("OpenAI's client throws the error of a stream", async () => {
    const cut = write([START, ["text", 0, "Hé"], ["fault", faultOf("overloaded", "The provider is overloaded")]]);
    await assert.rejects(byOpenai(cut), /The provider is overloaded/);
  });

  test("the AI SDK puts text, calls and usage together", async () => {
    const answer = await byAiSdk(write(TOOLS));
    assert.equal(answer.text, "Let me");
    assert.deepEqual(
      answer.calls.map(({ toolCallId, toolName, input }) => [toolCallId, toolName, input]),
      [
        ["call_a", "read", { path: "a" }],
        ["call_b", "list", {}],
      ],
    );
    assert.equal(answer.finish, "tool-calls");
    assert.deepEqual([answer.usage.inputTokens, answer.usage.outputTokens, answer.usage.cachedInputTokens], [6, 9, 2]);
  });

  test("the AI SDK throws the error of a stream", async () => {
    const cut = write([START, ["text", 0, "Hé"], ["fault", faultOf("overloaded", "The provider is overloaded")]]);
    await assert.rejects(byAiSdk(cut), (error) => JSON.stringify(error).includes("overloaded"));
  });

  test("LangChain puts text, calls and usage together", async () => {
    const answer = await byLangChain(write(TOOLS));
    const usage = answer.usage_metadata as
      | { readonly input_tokens: number; readonly output_tokens: number }
      | undefined;
    assert.equal(answer.text, "Let me");
    assert.deepEqual(
      answer.tool_calls!.map(({ id, name, args }) => [id, name, args]),
      [
        ["call_a", "read", { path: "a" }],
        ["call_b", "list", {}],
      ],
    );
    assert.deepEqual([usage?.input_tokens, usage?.output_tokens], [6, 9]);
  });
});
