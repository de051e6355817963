// A client's own body of Responses, after other providers had a part in the conversation.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isNative } from "../../../../src/llm/exchange/build-request.ts";
import type { Call } from "../../../../src/llm/exchange/call.ts";
import type { Candidate } from "../../../../src/llm/exchange/candidates/provider.ts";
import type { WireFormat } from "../../../../src/llm/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { openaiResponses } from "../../../../src/llm/openai-responses/format.ts";
import { sealCall, sealThought } from "../../../../src/llm/openai-responses/reasoning-items.ts";
import { hasSealed } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { modelTarget } from "../../../support/llm/common-form.ts";

const ANTHROPIC = { family: "anthropic", value: "sig" } as const;
const SEALED = sealThought(ANTHROPIC, { redacted: false, summary: false, id: null });

function thought(more: JsonObject): JsonObject {
  return { type: "reasoning", id: "rs_gateway_a_0", summary: [{ type: "summary_text", text: "t" }], ...more };
}

function adapted(input: unknown, reasoningBack = false): unknown {
  const edits = openaiResponses.provider.adaptRequest!({ input }, modelTarget({ reasoningBack }));
  return typeof edits.input === "string" ? JSON.parse(edits.input) : edits;
}

describe("a client's own body", () => {
  const said = { role: "user", content: "Hi" };
  const own = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" };
  const stored = { type: "reasoning", id: "rs_1", summary: [] };
  const call = { type: "function_call", call_id: "call_1", name: "get", arguments: "{}" };

  test("passes as it is where all of it is OpenAI's", () => {
    for (const input of ["Hi", undefined, [said, own, stored, call, "odd"]]) assert.deepEqual(adapted(input), {});
  });

  test("loses thoughts and proofs of others, and nothing else", () => {
    const foreign = [
      thought({ encrypted_content: SEALED }),
      thought({ summary: [], encrypted_content: sealCall(ANTHROPIC, "call_1") }),
      thought({ encrypted_content: sealThought(null, { redacted: false, summary: false, id: null }) }),
      thought({}),
    ];
    assert.deepEqual(adapted([said, own, ...foreign, call]), [said, own, call]);
  });

  test("keeps thoughts without proof for models that demand them", () => {
    const unproved = thought({ encrypted_content: sealThought(null, { redacted: false, summary: false, id: null }) });
    const content = [{ type: "reasoning_text", text: "t" }];
    assert.deepEqual(adapted([unproved, thought({ encrypted_content: SEALED })], true), [
      { type: "reasoning", summary: [], content },
    ]);
  });

  test("has ids of calls that OpenAI takes, those of results alike", () => {
    const id = "x".repeat(65);
    const [first, second] = adapted([
      { ...call, call_id: id },
      { type: "function_call_output", call_id: id, output: "" },
    ]) as JsonObject[];
    assert.match(String(first!.call_id), /^[\w-]{1,64}$/);
    assert.equal(second!.call_id, first!.call_id);
  });
});

test("a conversation with sealed thoughts goes natively to formats that take them out", () => {
  const native = (format: WireFormat, bytes: string) => {
    const request = { format, place: {}, path: null };
    const call = { request, hasSealed: hasSealed(Buffer.from(bytes)) } as unknown as Call;
    const provider = { settings: { formats: [format.name] } };
    return isNative(call, { provider } as unknown as Candidate);
  };
  assert.equal(native(openaiResponses, SEALED), true);
  assert.equal(native(openaiChat, SEALED), false);
  assert.equal(native(openaiChat, "gAAA"), true);
});
