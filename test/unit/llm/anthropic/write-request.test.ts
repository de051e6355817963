// Requests in the common form for providers of Anthropic Messages.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anthropicMessages } from "../../../../src/llm/anthropic/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type { CacheMark, ChatRequest, Part, Tool, ToolCallPart, Turn } from "../../../../src/llm/message/request.ts";
import type { ModelFacts } from "../../../../src/llm/models/model.ts";
import { read, target, write, written } from "../../../support/llm/anthropic-samples.ts";

const text = (value: string, cache: CacheMark | null = null) => ({ kind: "text", text: value, cache }) as const;
const call = (id: string, name = "f", args = "{}"): ToolCallPart => {
  return { kind: "toolCall", id, name, arguments: args, freeform: false, signature: null, cache: null };
};
const result = (id: string, value = "ok"): Part => {
  return { kind: "toolResult", id, name: null, parts: [text(value)], failed: false, freeform: false, cache: null };
};
const turn = (role: Turn["role"], ...parts: Part[]): Turn => ({ role, parts });
const tool = (name: string, more: Partial<Tool> = {}): Tool => {
  const schema = { type: "object", properties: {} };
  return {
    name,
    description: "",
    schema,
    strict: null,
    grammar: null,
    freeform: false,
    namespace: null,
    cache: null,
    ...more,
  };
};
const thought = (family: "anthropic" | "openai" | null, redacted = false): Part => {
  const signature = family === null ? null : { family, value: "sig" };
  return { kind: "reasoning", text: redacted ? "" : "hm", summary: false, signature, redacted, id: null };
};
const messages = (...turns: Turn[]) => written({ turns }).messages as { role: string; content: JsonObject[] }[];
const kinds = (...turns: Turn[]) =>
  messages(...turns).map(({ role, content }) => [role, ...content.map(({ type }) => type)]);

function refused(parts: Partial<ChatRequest>, message: string, facts: Partial<ModelFacts> = {}): void {
  assert.throws(
    () => write(parts, facts),
    (error) => error instanceof LlmError && error.message === message && error.fault.code === "unsupported_parameter",
  );
}

test("a request is put in the words of the provider", () => {
  const body = written({ system: [text("be brief")], user: "u1", stop: ["x", " "], stream: true });
  assert.deepEqual(body, {
    model: "claude-test",
    max_tokens: 100,
    system: [{ type: "text", text: "be brief" }],
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    stop_sequences: ["x"],
    metadata: { user_id: "u1" },
    stream: true,
  });
});

describe("turns", () => {
  test("of one speaker are one message", () => {
    const found = kinds(
      turn("user", text("a")),
      turn("user", text("b")),
      turn("assistant", text("c")),
      turn("assistant", text("d")),
    );
    assert.deepEqual(found, [
      ["user", "text", "text"],
      ["assistant", "text", "text"],
    ]);
  });

  test("have results of tools first, and instructions as words of the user", () => {
    const found = kinds(
      turn("user", text("a")),
      turn("assistant", text("b"), call("1"), call("2")),
      turn("system", text("c")),
      turn("user", result("1")),
      turn("user", text("d"), result("2")),
    );
    assert.deepEqual(found, [
      ["user", "text"],
      ["assistant", "text", "tool_use", "tool_use"],
      ["user", "tool_result", "tool_result", "text", "text"],
    ]);
  });

  test("that say nothing are left out", () => {
    assert.deepEqual(
      kinds(turn("user", text("a")), turn("assistant", text(" \n"), thought(null)), turn("user", text("b"))),
      [["user", "text", "text"]],
    );
  });

  test("begin with one of the user", () => {
    assert.deepEqual(kinds(turn("assistant", text("Hello! ")), turn("user", text("a"))), [
      ["user", "text"],
      ["assistant", "text"],
      ["user", "text"],
    ]);
    assert.deepEqual(write({ turns: [turn("assistant", text("a"))] }).warnings, ["messages[0]"]);
    assert.deepEqual(kinds(), [["user", "text"]]);
  });

  test("begun for the model end without blanks", () => {
    assert.equal(
      messages(turn("user", text("a")), turn("assistant", text("I say: \n")))[1]!.content[0]!.text,
      "I say:",
    );
  });
});

describe("blocks", () => {
  const base64 = (mediaType: string, data = "AAAA") => ({ kind: "base64", mediaType, data }) as const;
  const rows: [string, Part, unknown][] = [
    [
      "a picture",
      { kind: "image", source: base64("image/jpg"), detail: "low", cache: null },
      { type: "image", source: { type: "base64", media_type: "image/jpeg", data: "AAAA" } },
    ],
    [
      "a picture elsewhere",
      { kind: "image", source: { kind: "url", url: "https://a/b", mediaType: null }, detail: null, cache: null },
      { type: "image", source: { type: "url", url: "https://a/b" } },
    ],
    [
      "an uploaded document",
      { kind: "document", source: { kind: "file", id: "file_1", family: "anthropic" }, name: null, cache: null },
      { type: "document", source: { type: "file", file_id: "file_1" } },
    ],
    [
      "a document",
      { kind: "document", source: base64("application/pdf"), name: "a.pdf", cache: null },
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: "AAAA" }, title: "a.pdf" },
    ],
    [
      "a document of text",
      { kind: "document", source: base64("text/csv", Buffer.from("ü,b").toString("base64")), name: null, cache: null },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "ü,b" } },
    ],
    ["a refusal", { kind: "refusal", text: "no" }, { type: "text", text: "no" }],
    ["a result", result("toolu_1"), { type: "tool_result", tool_use_id: "toolu_1", content: "ok" }],
    [
      "a failed result with a picture",
      {
        kind: "toolResult",
        id: "toolu_1",
        name: "f",
        parts: [text("see"), text(""), { kind: "image", source: base64("image/png"), detail: null, cache: null }],
        failed: true,
        freeform: false,
        cache: null,
      },
      {
        type: "tool_result",
        tool_use_id: "toolu_1",
        content: [
          { type: "text", text: "see" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
        ],
        is_error: true,
      },
    ],
    [
      "a result without content",
      { kind: "toolResult", id: "t", name: null, parts: [], failed: false, freeform: false, cache: null },
      { type: "tool_result", tool_use_id: "t" },
    ],
  ];
  for (const [name, part, want] of rows) {
    test(name, () => assert.deepEqual(messages(turn("user", part))[0]!.content[0], want));
  }

  const calls: [string, ToolCallPart, unknown][] = [
    ["arguments", call("a", "f", '{"x":1}'), { type: "tool_use", id: "a", name: "f", input: { x: 1 } }],
    ["no arguments", call("a", "f", ""), { type: "tool_use", id: "a", name: "f", input: {} }],
    [
      "arguments that are cut",
      call("a", "f", '{"x":'),
      { type: "tool_use", id: "a", name: "f", input: { _raw: '{"x":' } },
    ],
    [
      "arguments that are a list",
      call("a", "f", "[1]"),
      { type: "tool_use", id: "a", name: "f", input: { _raw: "[1]" } },
    ],
    [
      "raw input",
      { ...call("a", "f", "*** Begin"), freeform: true },
      { type: "tool_use", id: "a", name: "f", input: { input: "*** Begin" } },
    ],
  ];
  for (const [name, part, want] of calls) {
    test(`a call with ${name}`, () =>
      assert.deepEqual(messages(turn("user", text("a")), turn("assistant", part))[1]!.content, [want]));
  }

  test("thoughts are sent back only with the proof of a model of the family", () => {
    const signed = [thought("anthropic"), thought("anthropic", true), thought("openai"), thought(null), text("x")];
    assert.deepEqual(messages(turn("user", text("a")), turn("assistant", ...signed))[1]!.content, [
      { type: "thinking", thinking: "hm", signature: "sig" },
      { type: "redacted_thinking", data: "sig" },
      { type: "text", text: "x" },
    ]);
  });

  test("unsigned thoughts return to a model that wants its own", () => {
    const turns = [turn("user", text("a")), turn("assistant", thought(null), text("x"))];
    const body = JSON.stringify(written({ turns }, { reasoningBack: true }));
    assert.match(body, /\{"type":"thinking","thinking":"hm","signature":""\}/);
  });

  test("ids of calls that the provider refuses are changed alike in call and result", () => {
    const [, assistant, user] = messages(
      turn("user", text("a")),
      turn("assistant", call("functions.f:0")),
      turn("user", result("functions.f:0")),
    );
    const id = String(assistant!.content[0]!.id);
    assert.match(id, /^[a-zA-Z0-9_-]+$/);
    assert.equal(user!.content[0]!.tool_use_id, id);
  });

  test("what the model cannot read is refused by name", () => {
    const image: Part = { kind: "image", source: base64("image/png"), detail: null, cache: null };
    const document: Part = { kind: "document", source: base64("application/pdf"), name: null, cache: null };
    const of = (part: Part) => ({ turns: [turn("user", part)] });
    refused(of(image), "image input is not supported by this model", { images: false });
    refused(of(document), "document input is not supported by this model", { documents: false });
    refused(of({ ...image, source: base64("image/bmp") }), 'image type "image/bmp" is not supported by this model');
    refused(
      of({ ...document, source: base64("application/zip") }),
      'document type "application/zip" is not supported by this model',
    );
    refused(
      of({ kind: "audio", source: base64("audio/wav"), cache: null }),
      "audio input is not supported by this model",
    );
    const remote = { kind: "url", url: "https://a/b", mediaType: null } as const;
    const blind = { ...target(), dialect: { ...target().dialect, remoteUrls: false } };
    const urls = () =>
      anthropicMessages.provider.writeRequest({ ...read(), ...of({ ...image, source: remote }) }, blind);
    assert.throws(urls, { message: "an image by URL is not supported by this model" });
    const file = { kind: "file", id: "f", family: "openai" } as const;
    refused(
      of({ ...image, source: file }),
      "an image by the file id of another provider is not supported by this model",
    );
  });
});

describe("tools", () => {
  const choice = (parts: Partial<ChatRequest>) => written({ tools: [tool("f"), tool("g")], ...parts }).tool_choice;

  test("are declared", () => {
    const schema = { type: "object", properties: { a: { type: "string", minLength: 1 } }, required: ["a"] };
    const tools = [
      tool("f", { description: "d", schema }),
      tool("g", { schema, strict: true }),
      tool("h", { schema: null }),
    ];
    assert.deepEqual(written({ tools }).tools, [
      { name: "f", description: "d", input_schema: schema },
      {
        name: "g",
        strict: true,
        input_schema: {
          type: "object",
          properties: { a: { type: "string", description: "minLength: 1" } },
          required: ["a"],
          additionalProperties: false,
        },
      },
      { name: "h", input_schema: { type: "object", properties: {} } },
    ]);
    assert.deepEqual(write({ tools: [tool("g", { strict: true, schema })] }, { schema: false }).warnings, [
      "tools.strict",
    ]);
  });

  test("have arguments that are an object", () => {
    const schemaOf = (schema: JsonObject) =>
      (written({ tools: [tool("f", { schema })] }).tools as JsonObject[])[0]!.input_schema;
    assert.deepEqual(schemaOf({}), { type: "object" });
    assert.deepEqual(schemaOf({ type: ["object", "null"] }), { type: "object" });
    const properties = { a: { type: "string" }, b: { type: "number" } };
    const anyOf = [{ properties: { a: properties.a }, required: ["a"] }, { properties: { b: properties.b } }];
    assert.deepEqual(schemaOf({ anyOf }), { type: "object", properties });
    assert.deepEqual(write({ tools: [tool("f", { schema: { anyOf } })] }).warnings, ["tools.parameters"]);
    refused(
      { tools: [tool("f", { schema: { type: "string" } })] },
      'arguments that are no object, of the tool "f", is not supported by this model',
    );
  });

  test("are chosen", () => {
    assert.equal(choice({}), undefined);
    assert.deepEqual(choice({ toolChoice: { mode: "auto", allowed: null } }), { type: "auto" });
    assert.deepEqual(choice({ toolChoice: { mode: "none", allowed: null } }), { type: "none" });
    assert.deepEqual(choice({ toolChoice: { mode: "required", allowed: null } }), { type: "any" });
    assert.deepEqual(choice({ toolChoice: { mode: "required", allowed: ["g"] } }), { type: "tool", name: "g" });
    assert.deepEqual(choice({ parallelTools: false }), { type: "auto", disable_parallel_tool_use: true });
    const single = choice({ parallelTools: false, toolChoice: { mode: "required", allowed: ["g"] } });
    assert.deepEqual(single, { type: "tool", name: "g", disable_parallel_tool_use: true });
  });

  test("are only those that are allowed", () => {
    const tools = ["f", "g", "h"].map((name) => tool(name));
    const body = written({ tools, toolChoice: { mode: "required", allowed: ["f", "h"] } });
    assert.deepEqual(
      (body.tools as JsonObject[]).map(({ name }) => name),
      ["f", "h"],
    );
    assert.deepEqual(body.tool_choice, { type: "any" });
    const one = written({ tools, toolChoice: { mode: "auto", allowed: ["f"] } });
    assert.deepEqual([(one.tools as JsonObject[]).map(({ name }) => name), one.tool_choice], [["f"], { type: "auto" }]);
  });

  test("that are freeform take one text, and are put back in the answer", () => {
    const grammar = { type: "grammar", grammar: { syntax: "lark", definition: "start: /.+/" } };
    const found = write({ tools: [tool("patch", { freeform: true, schema: null, grammar })] });
    const [declared] = found.body.tools as JsonObject[];
    assert.match(String(declared!.description), /start: \/\.\+\//);
    assert.deepEqual((declared!.input_schema as JsonObject).required, ["input"]);
    assert.equal(found.toolNames?.wrapped("patch"), true);
  });

  test("with long names are put back in the answer, and agree in history and choice", () => {
    const name = "n".repeat(200);
    const turns = [turn("user", text("a")), turn("assistant", call("1", name)), turn("user", result("1"))];
    const found = write({ tools: [tool(name)], turns, toolChoice: { mode: "required", allowed: [name] } });
    const body = JSON.parse(JSON.stringify(found.body));
    const short = body.tools[0].name;
    assert.match(short, /^[a-zA-Z0-9_-]{1,128}$/);
    assert.deepEqual([body.messages[1].content[0].name, body.tool_choice.name], [short, short]);
    assert.equal(found.toolNames?.back(short), name);
    assert.equal(write({ tools: [tool("f")] }).toolNames, null);
  });

  test("of earlier turns are declared, and not called", () => {
    const body = written({
      turns: [turn("user", text("a")), turn("assistant", call("1"), call("2")), turn("user", result("1"), result("2"))],
    });
    assert.deepEqual(body.tools, [{ name: "f", input_schema: { type: "object" } }]);
    assert.deepEqual(body.tool_choice, { type: "none" });
  });

  test("are refused by a model without, those of the provider everywhere", () => {
    refused({ tools: [tool("f")] }, "calling tools is not supported by this model", { tools: false });
    const native = read({ tools: [{ type: "web_search_20250305", name: "web_search" }] });
    refused(native, "tool web_search_20250305 is not supported by this model");
  });
});

describe("marks of the prompt cache", () => {
  const hour = { ttlSeconds: 3600 };
  const usual = { ttlSeconds: 0 };

  test("are kept where they were", () => {
    const body = written({
      system: [text("s", hour)],
      tools: [tool("f", { cache: hour })],
      turns: [turn("user", text("a", { ttlSeconds: 300 }))],
    });
    const long = { type: "ephemeral", ttl: "1h" };
    assert.deepEqual((body.tools as JsonObject[])[0]!.cache_control, long);
    assert.deepEqual((body.system as JsonObject[])[0]!.cache_control, long);
    assert.match(JSON.stringify(body.messages), /"cache_control":\{"type":"ephemeral"\}/);
  });

  test("are at most four, the last ones", () => {
    const found = write({
      system: [text("s", usual)],
      turns: [turn("user", ...["a", "b", "c", "d"].map((value) => text(value, usual)))],
    });
    assert.equal(JSON.stringify(found.body).match(/cache_control/g)!.length, 4);
    assert.doesNotMatch(JSON.stringify(found.body.system), /cache_control/);
    assert.deepEqual(found.warnings, ["cache_control"]);
  });

  test("of long life are not behind others", () => {
    const body = written({ system: [text("s", usual)], turns: [turn("user", text("a", hour), text("b", usual))] });
    const lives = JSON.stringify(body)
      .match(/"cache_control":\{[^}]*\}/g)!
      .map((one) => one.includes("1h"));
    assert.deepEqual(lives, [false, true, true].reverse());
  });

  test("inside a result are on the result", () => {
    const part = { ...result("1"), parts: [text("x", usual), text("y")] } as Part;
    assert.deepEqual(messages(turn("user", part))[0]!.content[0]!.cache_control, { type: "ephemeral" });
  });
});

describe("thinking", () => {
  const silent = { effort: null, budget: null, adaptive: false, visible: null, summary: null };
  const budget: Partial<ModelFacts> = { reasoning: { kind: "budget", min: 1024, max: 32_000, off: true } };
  const always: Partial<ModelFacts> = { reasoning: { kind: "adaptive", efforts: ["low", "high"] } };
  const rows: [string, Partial<ChatRequest>, Partial<ModelFacts>, JsonObject, string[]][] = [
    ["nothing asked", {}, {}, {}, []],
    [
      "an effort",
      { reasoning: { ...silent, effort: "high", visible: true } },
      {},
      { thinking: { type: "adaptive", display: "summarized" }, output_config: { effort: "high" } },
      [],
    ],
    ["thought off", { reasoning: { ...silent, effort: "none" } }, {}, { thinking: { type: "disabled" } }, []],
    [
      "thought that cannot be off",
      { reasoning: { ...silent, effort: "none" } },
      always,
      { thinking: { type: "adaptive" }, output_config: { effort: "low" } },
      ["reasoning.effort"],
    ],
    [
      "a budget where efforts are known",
      { reasoning: { ...silent, budget: 2000 } },
      {},
      { thinking: { type: "adaptive" }, output_config: { effort: "medium" } },
      [],
    ],
    [
      "an effort where budgets are known",
      { reasoning: { ...silent, effort: "medium" }, maxTokens: 20_000 },
      budget,
      { thinking: { type: "enabled", budget_tokens: 8192 }, max_tokens: 20_000 },
      [],
    ],
    [
      "a budget that leaves no room",
      { reasoning: { ...silent, effort: "medium" }, maxTokens: 1000 },
      budget,
      { thinking: { type: "enabled", budget_tokens: 8192 }, max_tokens: 9192 },
      ["max_tokens"],
    ],
    [
      "a budget that the model has no room for",
      { reasoning: { ...silent, budget: 30_000 }, maxTokens: 3000 },
      { ...budget, contextOut: 8000 },
      { thinking: { type: "enabled", budget_tokens: 5000 }, max_tokens: 8000 },
      ["max_tokens"],
    ],
    [
      "no bound of output",
      { reasoning: { ...silent, budget: 10_000 }, maxTokens: null },
      { ...budget, contextOut: 0 },
      { thinking: { type: "enabled", budget_tokens: 10_000 }, max_tokens: 14_096 },
      [],
    ],
    [
      "as much as it likes",
      { reasoning: { ...silent, budget: -1, visible: false }, maxTokens: 64_000 },
      budget,
      { thinking: { type: "enabled", budget_tokens: 24_576, display: "omitted" } },
      [],
    ],
    [
      "a model that does not think",
      { reasoning: { ...silent, effort: "low" } },
      { reasoning: { kind: "none" } },
      {},
      ["reasoning"],
    ],
    [
      "a forced tool",
      { reasoning: { ...silent, effort: "high" }, tools: [tool("f")], toolChoice: { mode: "required", allowed: null } },
      {},
      { thinking: { type: "disabled" }, output_config: { effort: "high" } },
      ["reasoning"],
    ],
    [
      "a loop that began without a thought",
      {
        reasoning: { ...silent, effort: "low" },
        tools: [tool("f")],
        turns: [turn("user", text("a")), turn("assistant", thought("openai"), call("1")), turn("user", result("1"))],
      },
      budget,
      {},
      ["reasoning"],
    ],
  ];
  for (const [name, parts, facts, want, warnings] of rows) {
    test(`with ${name}`, () => {
      const found = write(parts, facts);
      const body = JSON.parse(JSON.stringify(found.body)) as JsonObject;
      for (const key of ["thinking", "output_config"]) assert.deepEqual(body[key], want[key], key);
      if (want.max_tokens !== undefined) assert.equal(body.max_tokens, want.max_tokens);
      assert.deepEqual(found.warnings, warnings);
    });
  }
});

describe("the answer", () => {
  const schema = { type: "object", properties: { a: { type: "integer", minimum: 1 } }, required: ["a"] };
  const output = { kind: "schema", name: "x", description: null, schema, strict: true } as const;

  test("has a schema that the provider enforces", () => {
    assert.deepEqual(written({ output }).output_config, {
      format: {
        type: "json_schema",
        schema: {
          type: "object",
          properties: { a: { type: "integer", description: "minimum: 1" } },
          required: ["a"],
          additionalProperties: false,
        },
      },
    });
  });

  test("is a call where the provider enforces none, or not this one", () => {
    const body = written({ output }, { schema: false });
    assert.deepEqual(body.tool_choice, { type: "tool", name: "gateway_final_answer" });
    assert.deepEqual(
      (body.tools as JsonObject[]).map(({ name, input_schema }) => [name, input_schema]),
      [["gateway_final_answer", schema]],
    );
    const map = { type: "object", additionalProperties: { type: "string" } };
    assert.equal((written({ output: { ...output, schema: map } }).tools as JsonObject[]).length, 1);
    const beside = written({ output, tools: [tool("f")], parallelTools: false }, { schema: false });
    assert.deepEqual(beside.tool_choice, { type: "any", disable_parallel_tool_use: true });
    assert.equal((beside.tools as JsonObject[]).length, 2);
  });

  test("is asked for in words where there is no other way", () => {
    assert.match(JSON.stringify(written({ output: { kind: "json" } }).system), /one JSON object only/);
    const found = write({ output }, { schema: false, tools: false });
    assert.match(JSON.stringify(found.body.system), /JSON schema/);
    assert.deepEqual(found.warnings, ["response_format"]);
  });
});

describe("plain fields", () => {
  const { sampling } = read();
  const rows: [string, Partial<ChatRequest>, Partial<ModelFacts>, JsonObject, string[]][] = [
    ["temperature", { sampling: { ...sampling, temperature: 0.3 } }, {}, { temperature: 0.3 }, []],
    [
      "a temperature beyond the scale",
      { sampling: { ...sampling, temperature: 1.7 } },
      {},
      { temperature: 1 },
      ["temperature"],
    ],
    [
      "temperature, then top_p",
      { sampling: { ...sampling, temperature: 0.3, topP: 0.5, topK: 3 } },
      {},
      { temperature: 0.3, top_k: 3 },
      ["top_p"],
    ],
    ["top_p", { sampling: { ...sampling, temperature: 1, topP: 0.5 } }, {}, { top_p: 0.5 }, []],
    [
      "sampling of a model without",
      { sampling: { ...sampling, temperature: 0.3, topP: 0.5, topK: 3 } },
      { sampling: false },
      {},
      ["temperature", "top_p", "top_k"],
    ],
    [
      "sampling that is the default",
      { sampling: { ...sampling, temperature: 1, topP: 1, frequencyPenalty: 0 } },
      { sampling: false },
      {},
      [],
    ],
    [
      "sampling of a model that thinks",
      {
        sampling: { ...sampling, temperature: 0.3, topP: 0.96 },
        reasoning: { effort: "high", budget: null, adaptive: false, visible: null, summary: null },
      },
      {},
      { top_p: 0.96 },
      ["temperature"],
    ],
    ["output beyond the model's", { maxTokens: 100_000 }, {}, { max_tokens: 64_000 }, ["max_tokens"]],
    ["no bound of output", { maxTokens: null }, {}, { max_tokens: 64_000 }, []],
    ["no bound of output known", { maxTokens: null }, { contextOut: 0 }, { max_tokens: 4096 }, []],
    ["no output", { maxTokens: 0 }, {}, { max_tokens: 0 }, []],
    ["a tier", { serviceTier: "default" }, {}, { service_tier: "standard_only" }, []],
    ["a tier that is unknown", { serviceTier: "flex" }, {}, {}, ["service_tier"]],
    ["the user's address", { user: "a@b.example" }, {}, {}, ["user"]],
    ["blank stop sequences", { stop: [" ", "\n"] }, {}, {}, ["stop"]],
    [
      "fields of others",
      {
        sampling: { ...sampling, seed: 1, frequencyPenalty: 1, presencePenalty: 1, logitBias: {} },
        logprobs: 2,
        verbosity: "low",
        cacheKey: "k",
        metadata: { a: "b" },
        droppable: ["prediction"],
      },
      {},
      {},
      [
        "prediction",
        "frequency_penalty",
        "presence_penalty",
        "seed",
        "logit_bias",
        "logprobs",
        "verbosity",
        "prompt_cache_key",
        "metadata",
      ],
    ],
  ];
  const fields = ["temperature", "top_p", "top_k", "service_tier", "metadata", "stop_sequences"];
  for (const [name, parts, facts, want, warnings] of rows) {
    test(name, () => {
      const found = write(parts, facts);
      for (const key of fields) assert.deepEqual(found.body[key], want[key], key);
      if (want.max_tokens !== undefined) assert.equal(found.body.max_tokens, want.max_tokens);
      assert.deepEqual(found.warnings, warnings);
    });
  }

  test("several answers are refused", () =>
    refused({ choices: 2 }, "more than one answer is not supported by this model"));
});
