// Complete answers of Responses, read from providers and written for clients.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { Part } from "../../../../src/llm/message/request.ts";
import type { Choice } from "../../../../src/llm/message/response.ts";
import { usageOf } from "../../../../src/llm/openai-responses/event-facts.ts";
import { readResponse } from "../../../../src/llm/openai-responses/read-response.ts";
import { writeResponse } from "../../../../src/llm/openai-responses/write-response.ts";
import { assistant, call, chatResponse, text } from "../../../support/llm/common-form.ts";
import { fault, read } from "./support.ts";

const OWN = { family: "openai", value: "gAAA" } as const;
const USAGE = {
  input_tokens: 100,
  input_tokens_details: {
    cached_tokens: 40,
    cache_write_tokens: 20,
    cache_write_tokens_details: { ttl_30m_tokens: 15, ttl_12h_tokens: 5 },
  },
  output_tokens: 30,
  output_tokens_details: { reasoning_tokens: 10 },
  total_tokens: 130,
};

function message(...content: JsonObject[]): JsonObject {
  return { type: "message", id: "msg_1", role: "assistant", status: "completed", content };
}

const SAID = message({ type: "output_text", text: "Hi", annotations: [] });
const CALLED = { type: "function_call", id: "fc_1", call_id: "c1", name: "get", arguments: "{}", status: "completed" };

function answer(more: JsonObject): JsonObject {
  return {
    id: "resp_1",
    object: "response",
    created_at: 7,
    model: "gpt-5-2026",
    status: "completed",
    output: [SAID],
    ...more,
  };
}

describe("an answer of a provider", () => {
  test("has parts in the order of its items, and its identity", () => {
    const entry = { token: "Hi", bytes: [72, 105], logprob: -0.1, top_logprobs: [] };
    const got = readResponse(
      answer({
        service_tier: "flex",
        usage: USAGE,
        output: [
          { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "S" }], encrypted_content: "gAAA" },
          message({ type: "output_text", text: "Hi", annotations: [], logprobs: [entry] }),
          { type: "web_search_call", id: "ws_1", status: "completed" },
          { ...CALLED, namespace: "crm" },
          { type: "custom_tool_call", id: "ctc_1", call_id: "c2", name: "patch", input: "raw" },
          null,
        ],
      }),
    );
    assert.deepEqual(got, {
      id: "resp_1",
      model: "gpt-5-2026",
      createdAt: 7,
      choices: [
        {
          parts: [
            { kind: "reasoning", text: "S", summary: true, signature: OWN, redacted: false, id: "rs_1" },
            text("Hi"),
            call("c1", "crm__get", "{}"),
            call("c2", "patch", "raw", { freeform: true }),
          ],
          finish: "toolCalls",
          stopSequence: null,
          logprobs: { content: [entry], refusal: null },
        },
      ],
      usage: { input: 40, cacheRead: 40, cacheWrite: 15, cacheWriteLong: 5, output: 20, reasoning: 10 },
      serviceTier: "flex",
    });
  });

  test("says why it ended", () => {
    const refusal = message({ type: "refusal", refusal: "No" });
    const rows: [JsonObject, Choice["finish"]][] = [
      [{}, "stop"],
      [{ output: [CALLED] }, "toolCalls"],
      [{ output: [SAID, CALLED] }, "toolCalls"],
      [{ output: [refusal] }, "contentFilter"],
      [{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }, "length"],
      [{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [CALLED] }, "length"],
      [{ status: "incomplete", incomplete_details: { reason: "content_filter" } }, "contentFilter"],
      [{ status: "incomplete", incomplete_details: { reason: "max_messages" } }, "length"],
      [{ status: "incomplete", incomplete_details: { reason: "something new" } }, "length"],
      [{ status: "incomplete", incomplete_details: null }, "length"],
      [{ status: "incomplete", incomplete_details: { reason: "steered" } }, "stop"],
      [{ status: undefined }, "stop"],
    ];
    for (const [more, want] of rows) {
      assert.equal(readResponse(answer(more)).choices[0]!.finish, want, JSON.stringify(more));
    }
  });

  test("is a fault where it failed, or is no answer", () => {
    const failed = { status: "failed", error: { code: "server_error", message: "secret" } };
    assert.throws(() => readResponse(answer(failed)), fault("The provider failed to serve the request"));
    const limited = { error: { code: "rate_limit_exceeded", message: "slow" } };
    assert.throws(() => readResponse(limited), fault("The provider limits requests at the moment"));
    assert.throws(() => readResponse(answer({ status: "cancelled" })), fault("The provider has cancelled the answer"));
    const invalid = "The provider sent an invalid response: ";
    assert.throws(() => readResponse(answer({ status: "queued" })), fault(`${invalid}it is not complete`));
    assert.throws(() => readResponse({ choices: [] }), fault(`${invalid}it has no output`));
  });

  test("may lack what it should have", () => {
    const odd = [
      { type: "message" },
      { type: "message", content: [null, { type: "output_text" }] },
      { type: "function_call", name: "f" },
    ];
    const { id, choices, usage } = readResponse({ output: odd });
    assert.deepEqual([id, usage], ["", null]);
    const [empty, called] = choices[0]!.parts;
    assert.deepEqual(empty, text(""));
    assert.ok(called?.kind === "toolCall");
    assert.match(called.id, /^call_[0-9a-f]{32}$/);
  });

  test("reports usage, which older servers do in part", () => {
    const plain = { input: 0, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output: 0, reasoning: 0 };
    assert.deepEqual(usageOf({ usage: { input_tokens: 5, output_tokens: 2 } }), { ...plain, input: 5, output: 2 });
    assert.deepEqual(usageOf({ usage: { input_tokens: 1, input_tokens_details: { cached_tokens: 2 } } }), {
      ...plain,
      cacheRead: 2,
    });
    assert.equal(usageOf({ usage: null }), null);
    assert.equal(usageOf({ usage: {} }), null);
  });
});

describe("an answer for a client", () => {
  const TOOLS = [
    { type: "function", name: "get", parameters: { type: "object" }, strict: true },
    { type: "namespace", name: "crm", description: "", tools: [{ type: "custom", name: "note" }] },
  ];

  function written(choice: Partial<Choice>, body: JsonObject = {}, more: object = {}): JsonObject {
    const as = { id: "resp_abc", model: "auto", createdAt: 9, request: read(body), inputEstimate: 0 };
    return writeResponse(chatResponse(choice, more), as);
  }

  test("repeats the request, under the name the client has asked for", () => {
    const got = written(
      { parts: [text("Hi")] },
      {
        instructions: "Be brief",
        tools: TOOLS,
        tool_choice: "required",
        temperature: 0.5,
        max_output_tokens: 99,
        reasoning: { effort: "low" },
        text: { verbosity: "low" },
        metadata: { a: "b" },
        parallel_tool_calls: false,
      },
    );
    assert.deepEqual(got, {
      id: "resp_abc",
      object: "response",
      created_at: 9,
      model: "auto",
      status: "completed",
      error: null,
      incomplete_details: null,
      instructions: "Be brief",
      max_output_tokens: 99,
      metadata: { a: "b" },
      parallel_tool_calls: false,
      previous_response_id: null,
      reasoning: { effort: "low", summary: null },
      store: false,
      temperature: 0.5,
      text: { format: { type: "text" }, verbosity: "low" },
      tool_choice: "required",
      tools: TOOLS,
      top_p: null,
      truncation: "disabled",
      output: [
        {
          id: "msg_abc_0",
          type: "message",
          status: "completed",
          role: "assistant",
          content: [{ type: "output_text", text: "Hi", annotations: [], logprobs: [] }],
        },
      ],
      usage: null,
    });
  });

  test("says why it ended", () => {
    const refused: Part = { kind: "refusal", text: "No" };
    const rows: [Partial<Choice>, string, string | null][] = [
      [{ finish: "stop" }, "completed", null],
      [{ finish: "stopSequence", stopSequence: "x" }, "completed", null],
      [{ finish: "toolCalls", parts: [call("c", "f", "{}")] }, "completed", null],
      [{ finish: "length" }, "incomplete", "max_output_tokens"],
      [{ finish: "contentFilter" }, "incomplete", "content_filter"],
      [{ finish: "contentFilter", parts: [refused] }, "completed", null],
    ];
    for (const [choice, status, reason] of rows) {
      const got = written(choice);
      assert.deepEqual(
        [got.status, got.incomplete_details],
        [status, reason === null ? null : { reason }],
        JSON.stringify(choice),
      );
    }
    const cut = written({ finish: "length", parts: [text("a"), call("c", "f", '{"a')] }).output as JsonObject[];
    assert.deepEqual(
      cut.map(({ status }) => status),
      ["completed", "incomplete"],
    );
  });

  test("can be sent back, with the proofs of every family", () => {
    const anthropic = { family: "anthropic", value: "sig" } as const;
    const gemini = { family: "gemini", value: "g" } as const;
    const thought = (more: object): Part => {
      return {
        kind: "reasoning",
        text: "t",
        summary: false,
        signature: null,
        redacted: false,
        id: null,
        ...more,
      } as Part;
    };
    const parts = [
      thought({ signature: OWN, summary: true, id: "rs_1" }),
      thought({ signature: anthropic }),
      thought({ signature: anthropic, text: "", redacted: true }),
      thought({}),
      text("Hi"),
      { kind: "refusal", text: "but" } as const,
      call("c1", "get", "{}", { signature: gemini }),
      call("c2", "crm__note", "raw", { freeform: true }),
    ];
    for (const reasoning of [null, { summary: "auto" }]) {
      const body = { tools: TOOLS, reasoning };
      const { output } = written({ parts, finish: "toolCalls" }, body);
      assert.deepEqual(read({ ...body, input: output }).turns, [assistant(...parts)]);
      assert.equal((output as JsonObject[])[0]!.id, "rs_1", "a proof of OpenAI keeps the id it was made for");
    }
  });

  test("has texts in a row as one, with log probabilities, and usage in OpenAI's terms", () => {
    const entry = { token: "a" };
    const usage = { input: 40, cacheRead: 40, cacheWrite: 15, cacheWriteLong: 5, output: 20, reasoning: 10 };
    const logprobs = { content: [entry], refusal: null };
    const got = written({ parts: [text("a"), text("b")], logprobs }, {}, { usage, serviceTier: "flex" });
    const [{ content }] = got.output as [{ content: JsonObject[] }];
    assert.deepEqual(content, [{ type: "output_text", text: "ab", annotations: [], logprobs: [entry] }]);
    assert.deepEqual(got.usage, USAGE);
    assert.equal(got.service_tier, "flex");
    assert.equal("service_tier" in written({}, {}, { serviceTier: "standard" }), false);
  });
});
