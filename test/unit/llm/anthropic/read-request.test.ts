// Requests of clients of Anthropic Messages in the common form.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { seal, sealCall } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { read } from "../../../support/llm/anthropic-samples.ts";

const mark = { type: "ephemeral" };

describe("fields of a request", () => {
  const rows: [string, JsonObject, Partial<ChatRequest>][] = [
    ["the least", {}, { model: "claude", maxTokens: 100, stream: false, streamUsage: true, choices: 1 }],
    ["streaming", { stream: true }, { stream: true }],
    ["no output, to fill the cache", { max_tokens: 0 }, { maxTokens: 0 }],
    ["no bound of output, as where tokens are counted", { max_tokens: undefined }, { maxTokens: null }],
    ["stop sequences", { stop_sequences: ["a", "b"] }, { stop: ["a", "b"] }],
    ["the user", { metadata: { user_id: "u1" } }, { user: "u1" }],
    ["the usual tier only", { service_tier: "standard_only" }, { serviceTier: "default" }],
    ["any tier", { service_tier: "auto" }, { serviceTier: "auto" }],
    [
      "a forced tool",
      { tool_choice: { type: "tool", name: "f" } },
      { toolChoice: { mode: "required", allowed: ["f"] } },
    ],
    ["any tool", { tool_choice: { type: "any" } }, { toolChoice: { mode: "required", allowed: null } }],
    ["no tool", { tool_choice: { type: "none" } }, { toolChoice: { mode: "none", allowed: null } }],
    [
      "one tool at a time",
      { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
      { toolChoice: { mode: "auto", allowed: null }, parallelTools: false },
    ],
    [
      "betas that others do without",
      { speed: "fast", context_management: { edits: [] } },
      { droppable: ["speed", "context_management"] },
    ],
    ["fields that are null", { speed: null, container: null, temperature: null }, { droppable: [], nativeOnly: [] }],
    ["what the provider keeps", { container: "c1", mcp_servers: [{}] }, { nativeOnly: ["container", "mcp_servers"] }],
    [
      "a budget of tasks",
      { output_config: { task_budget: {} } },
      { droppable: ["output_config.task_budget"], reasoning: null },
    ],
  ];
  for (const [name, body, want] of rows) {
    test(name, () => {
      const found = read(body);
      for (const key of Object.keys(want) as (keyof ChatRequest)[]) assert.deepEqual(found[key], want[key], key);
    });
  }

  test("sampling", () => {
    const { sampling } = read({ temperature: 0.5, top_p: 0.9, top_k: 40 });
    assert.deepEqual([sampling.temperature, sampling.topP, sampling.topK, sampling.seed], [0.5, 0.9, 40, null]);
  });

  test("the model in the path goes before that in the body", () => {
    assert.equal(read({ model: "other" }).model, "other");
  });
});

describe("thinking", () => {
  const silent = { effort: null, budget: null, adaptive: false, visible: null, summary: null };
  const rows: [JsonObject, unknown][] = [
    [{}, null],
    [{ thinking: { type: "disabled" } }, { ...silent, effort: "none" }],
    [{ thinking: { type: "enabled", budget_tokens: 2048 } }, { ...silent, budget: 2048 }],
    [
      { thinking: { type: "enabled", budget_tokens: 2048, display: "omitted" } },
      { ...silent, budget: 2048, visible: false },
    ],
    [{ thinking: { type: "adaptive", display: "summarized" } }, { ...silent, adaptive: true, visible: true }],
    [{ thinking: { type: "between_tools" } }, { ...silent, adaptive: true }],
    [{ output_config: { effort: "max" } }, { ...silent, effort: "max" }],
    [
      { thinking: { type: "adaptive" }, output_config: { effort: "low" } },
      { ...silent, adaptive: true, effort: "low" },
    ],
  ];
  for (const [body, want] of rows) {
    test(JSON.stringify(body), () => assert.deepEqual(read(body).reasoning, want));
  }

  test("the answer has a schema under either name", () => {
    const schema = { type: "object", properties: {} };
    const want = { kind: "schema", name: "answer", description: null, schema, strict: null };
    assert.deepEqual(read({ output_config: { format: { type: "json_schema", schema } } }).output, want);
    assert.deepEqual(read({ output_format: { type: "json_schema", schema } }).output, want);
  });
});

describe("system", () => {
  test("is a text or blocks, with marks", () => {
    assert.deepEqual(read({ system: "be brief" }).system, [{ kind: "text", text: "be brief", cache: null }]);
    const blocks = [
      { type: "text", text: "a", cache_control: { ...mark, ttl: "1h" } },
      { type: "text", text: "" },
    ];
    assert.deepEqual(read({ system: blocks }).system, [{ kind: "text", text: "a", cache: { ttlSeconds: 3600 } }]);
  });

  test("lacks what agents tell the provider about billing", () => {
    const billing = "x-anthropic-billing-header: cc_version=2.1; cch=00000;";
    const rows: [unknown, string[]][] = [
      [
        [
          { type: "text", text: billing },
          { type: "text", text: "You are" },
        ],
        ["You are"],
      ],
      [`${billing}\nYou are`, ["You are"]],
      ["not x-anthropic-billing-header: x", ["not x-anthropic-billing-header: x"]],
    ];
    for (const [system, want] of rows)
      assert.deepEqual(
        read({ system }).system.map(({ text }) => text),
        want,
      );
  });

  test("in the middle of a conversation stays there", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "system", content: [{ type: "text", text: "b" }] },
    ];
    assert.deepEqual(read({ messages }).turns[1], {
      role: "system",
      parts: [{ kind: "text", text: "b", cache: null }],
    });
  });
});

describe("blocks", () => {
  const image = { kind: "image", detail: null, cache: null };
  const thought = { kind: "reasoning", summary: false, redacted: false, id: null };
  const foreign = {
    signature: { family: "openai", value: "enc" },
    redacted: false,
    summary: true,
    id: "rs_1",
    hidden: null,
  } as const;
  const rows: [string, JsonObject, unknown[]][] = [
    [
      "text with a mark",
      { type: "text", text: "a", cache_control: mark },
      [{ kind: "text", text: "a", cache: { ttlSeconds: 0 } }],
    ],
    [
      "a picture",
      { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
      [{ ...image, source: { kind: "base64", mediaType: "image/png", data: "AAAA" } }],
    ],
    [
      "a picture elsewhere",
      { type: "image", source: { type: "url", url: "https://a/b.png" } },
      [{ ...image, source: { kind: "url", url: "https://a/b.png", mediaType: null } }],
    ],
    [
      "an uploaded picture",
      { type: "image", source: { type: "file", file_id: "file_1" } },
      [{ ...image, source: { kind: "file", id: "file_1", family: "anthropic" } }],
    ],
    [
      "a document, and what it is about",
      {
        type: "document",
        title: "T",
        context: "C",
        source: { type: "base64", media_type: "application/pdf", data: "AA==" },
      },
      [
        { kind: "text", text: "C", cache: null },
        {
          kind: "document",
          name: "T",
          cache: null,
          source: { kind: "base64", mediaType: "application/pdf", data: "AA==" },
        },
      ],
    ],
    [
      "a document of plain text",
      {
        type: "document",
        title: "T",
        source: { type: "text", media_type: "text/plain", data: "body" },
        cache_control: mark,
      },
      [
        { kind: "text", text: "T\n", cache: null },
        { kind: "text", text: "body", cache: { ttlSeconds: 0 } },
      ],
    ],
    [
      "a document of blocks",
      { type: "document", source: { type: "content", content: [{ type: "text", text: "x" }] } },
      [{ kind: "text", text: "x", cache: null }],
    ],
    [
      "a search result",
      { type: "search_result", title: "T", source: "https://s", content: [{ type: "text", text: "x" }] },
      [{ kind: "text", text: "T\nhttps://s\nx", cache: null }],
    ],
    [
      "a call",
      { type: "tool_use", id: "toolu_1", name: "f", input: { a: [1] } },
      [
        {
          kind: "toolCall",
          id: "toolu_1",
          name: "f",
          arguments: '{"a":[1]}',
          freeform: false,
          signature: null,
          cache: null,
        },
      ],
    ],
    [
      "a result of text",
      { type: "tool_result", tool_use_id: "toolu_1", content: "ok", is_error: true },
      [
        {
          kind: "toolResult",
          id: "toolu_1",
          name: null,
          parts: [{ kind: "text", text: "ok", cache: null }],
          failed: true,
          freeform: false,
          cache: null,
        },
      ],
    ],
    [
      "a thought",
      { type: "thinking", thinking: "hm", signature: "sig" },
      [{ ...thought, text: "hm", signature: { family: "anthropic", value: "sig" } }],
    ],
    [
      "a thought that is not shown",
      { type: "thinking", thinking: "", signature: "sig" },
      [{ ...thought, text: "", signature: { family: "anthropic", value: "sig" } }],
    ],
    [
      "a thought without proof",
      { type: "thinking", thinking: "hm", signature: "" },
      [{ ...thought, text: "hm", signature: null }],
    ],
    [
      "an encrypted thought",
      { type: "redacted_thinking", data: "enc" },
      [{ ...thought, text: "", redacted: true, signature: { family: "anthropic", value: "enc" } }],
    ],
    [
      "a thought of another family",
      { type: "thinking", thinking: "hm", signature: seal(foreign, "anthropic") },
      [{ ...thought, text: "hm", summary: true, id: "rs_1", signature: foreign.signature }],
    ],
  ];
  for (const [name, block, want] of rows) {
    test(name, () => assert.deepEqual(read({ messages: [{ role: "user", content: [block] }] }).turns[0]!.parts, want));
  }

  test("pictures inside results stay pictures", () => {
    const source = { type: "base64", media_type: "image/png", data: "AAAA" };
    const content = [
      {
        type: "tool_result",
        tool_use_id: "t",
        content: [
          { type: "text", text: "x" },
          { type: "image", source },
        ],
      },
    ];
    const part = read({ messages: [{ role: "user", content }] }).turns[0]!.parts[0]!;
    assert.ok(part.kind === "toolResult");
    assert.deepEqual(
      part.parts.map(({ kind }) => kind),
      ["text", "image"],
    );
  });

  test("the proof of a call returns to it, and to no other", () => {
    const signature = { family: "gemini", value: "sig" } as const;
    const call = { type: "tool_use", name: "f", input: {} };
    const content = [
      { type: "redacted_thinking", data: sealCall(signature, "anthropic") },
      { ...call, id: "a" },
      { ...call, id: "b" },
    ];
    const { parts } = read({ messages: [{ role: "assistant", content }] }).turns[0]!;
    assert.deepEqual(
      parts.map((part) => part.kind === "toolCall" && part.signature),
      [signature, null],
    );
  });

  test("data of pictures is passed on, not copied", () => {
    const data = "A".repeat(1 << 20);
    const source = { type: "base64", media_type: "image/png", data };
    const started = process.memoryUsage().heapUsed;
    const parts = read({ messages: [{ role: "user", content: [{ type: "image", source }] }] }).turns[0]!.parts;
    assert.ok(parts[0]?.kind === "image" && parts[0].source.kind === "base64" && parts[0].source.data === data);
    assert.ok(process.memoryUsage().heapUsed - started < data.length);
  });

  test("the mark of the request is on its last block", () => {
    const messages = [
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
    ];
    const parts = read({ messages, cache_control: { ...mark, ttl: "1h" } }).turns[0]!.parts;
    assert.deepEqual(
      parts.map((part) => "cache" in part && part.cache),
      [null, { ttlSeconds: 3600 }],
    );
  });
});

describe("tools", () => {
  test("have schemas and marks", () => {
    const input_schema = { type: "object", properties: { a: { type: "string" } } };
    const [tool] = read({
      tools: [{ name: "f", description: "d", input_schema, strict: true, cache_control: mark, type: "custom" }],
    }).tools;
    assert.deepEqual(tool, {
      name: "f",
      description: "d",
      schema: input_schema,
      strict: true,
      grammar: null,
      freeform: false,
      namespace: null,
      cache: { ttlSeconds: 0 },
    });
  });

  test("without a schema are the provider's, by name", () => {
    const tools = [
      { type: "web_search_20250305", name: "web_search" },
      { type: "bash_20250124", name: "bash" },
    ];
    const found = read({ tools });
    assert.deepEqual(found.tools, []);
    assert.deepEqual(found.nativeOnly, ["tool web_search_20250305", "tool bash_20250124"]);
  });

  test("lose hints that others do without", () => {
    const tool = {
      name: "f",
      input_schema: { type: "object" },
      defer_loading: true,
      input_examples: [{}],
      eager_input_streaming: true,
    };
    assert.deepEqual(read({ tools: [tool] }).droppable, ["tools.defer_loading", "tools.input_examples"]);
    const called = read({ tools: [{ ...tool, allowed_callers: ["code_execution_20250825"] }] });
    assert.deepEqual(called.nativeOnly, ["tools.allowed_callers"]);
  });

  test("of the provider in earlier turns keep the conversation with it", () => {
    const content = [
      { type: "server_tool_use", id: "s", name: "web_search", input: {} },
      { type: "web_search_tool_result", tool_use_id: "s", content: [] },
    ];
    const result = { type: "tool_result", tool_use_id: "t", content: [{ type: "tool_reference", tool_name: "x" }] };
    const messages = [
      { role: "assistant", content },
      { role: "user", content: [result] },
    ];
    assert.deepEqual(read({ messages }).nativeOnly, [
      "block server_tool_use",
      "block web_search_tool_result",
      "block tool_reference",
    ]);
  });

  test("that cite need the provider", () => {
    const source = { type: "text", media_type: "text/plain", data: "x" };
    const content = [{ type: "document", source, citations: { enabled: true } }];
    assert.deepEqual(read({ messages: [{ role: "user", content }] }).nativeOnly, ["citations"]);
  });
});

describe("what is malformed is named", () => {
  const user = (...content: unknown[]) => ({
    messages: [
      { role: "user", content: "a" },
      { role: "user", content },
    ],
  });
  const rows: [JsonObject, string][] = [
    [{ model: 1 }, "model: must be a text"],
    [{ model: undefined }, "model: is required"],
    [{ messages: undefined }, "messages: must be a list"],
    [{ messages: ["a"] }, "messages[0]: must be an object"],
    [{ messages: [{ role: "tool", content: "a" }] }, "messages[0].role: must be user, assistant or system"],
    [{ messages: [{ role: "user", content: 1 }] }, "messages[0].content: must be a text or a list of blocks"],
    [user("a"), "messages[1].content[0]: must be an object"],
    [user({ type: "text" }), "messages[1].content[0].text: must be a text"],
    [user({}), "messages[1].content[0].type: must be a text"],
    [user({ type: "image" }), "messages[1].content[0].source: must be an object"],
    [
      user({ type: "image", source: { type: "ftp" } }),
      "messages[1].content[0].source.type: is no known kind of source",
    ],
    [user({ type: "tool_use", id: "a", name: "f", input: [] }), "messages[1].content[0].input: must be an object"],
    [user({ type: "tool_result", content: "x" }), "messages[1].content[0].tool_use_id: must be a text"],
    [
      user({ type: "tool_result", tool_use_id: "t", content: [{ type: "text" }] }),
      "messages[1].content[0].content[0].text: must be a text",
    ],
    [user({ type: "text", text: "a", cache_control: 1 }), "messages[1].content[0].cache_control: must be an object"],
    [{ system: 1 }, "system: must be a text or a list of blocks"],
    [{ max_tokens: -1 }, "max_tokens: must be a whole number of at least 0"],
    [{ temperature: "1" }, "temperature: must be a number"],
    [{ stop_sequences: [1] }, "stop_sequences[0]: must be a text"],
    [{ tools: [{ name: "f" }] }, "tools[0].input_schema: must be an object"],
    [{ tool_choice: { type: "some" } }, "tool_choice.type: must be auto, any, tool or none"],
    [{ tool_choice: { type: "tool" } }, "tool_choice.name: is required"],
    [{ thinking: { type: "much" } }, "thinking.type: must be enabled, adaptive, between_tools or disabled"],
    [{ output_config: { effort: "huge" } }, "output_config.effort: must be low, medium, high, xhigh or max"],
    [{ output_config: { format: { type: "yaml" } } }, "output_config.format.type: must be json_schema"],
  ];
  for (const [body, message] of rows) {
    test(message, () => {
      assert.throws(
        () => read(body),
        (error) => error instanceof LlmError && error.message === message && error.fault.kind === "invalid",
      );
    });
  }
});
