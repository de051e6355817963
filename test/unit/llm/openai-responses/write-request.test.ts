// Requests in the words of a provider of Responses.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { ChatRequest, Part, Reasoning, Source } from "../../../../src/llm/message/request.ts";
import type { ModelFacts, ModelTarget } from "../../../../src/llm/models/model.ts";
import { writeRequest } from "../../../../src/llm/openai-responses/write-request.ts";
import {
  assistant,
  call,
  chatRequest,
  modelTarget,
  result,
  text,
  tool,
  user,
} from "../../../support/llm/common-form.ts";
import { fault, read } from "./support.ts";

const COMPATIBLE = modelTarget({}, { genuine: false });
const MARK = { ttlSeconds: 300 };

function write(request: Partial<ChatRequest>, to: ModelTarget = modelTarget()) {
  return writeRequest(chatRequest(request), to);
}

function thinks(facts: Partial<ModelFacts> = {}): ModelTarget {
  return modelTarget({ reasoning: { kind: "effort", efforts: ["minimal", "low", "medium", "high"] }, ...facts });
}

test("a request without wishes says no more than it must, and has nothing stored", () => {
  assert.deepEqual(write({}), {
    body: {
      model: "model",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "Hello" }] }],
      store: false,
    },
    warnings: [],
    toolNames: null,
  });
});

test("fields of the common form have their places", () => {
  const none: Reasoning = { effort: null, budget: null, adaptive: false, visible: null, summary: null };
  const schema = { type: "object" };
  const rows: [Partial<ChatRequest>, ModelTarget, JsonObject][] = [
    [{ system: [text("A"), text("B")] }, modelTarget(), { instructions: "A\n\nB" }],
    [{ maxTokens: 100 }, modelTarget(), { max_output_tokens: 100 }],
    [{ stream: true }, modelTarget(), { stream: true }],
    [{ user: "u", cacheKey: "k" }, modelTarget(), { safety_identifier: "u", prompt_cache_key: "k" }],
    [{ serviceTier: "flex" }, modelTarget(), { service_tier: "flex" }],
    [{ serviceTier: "standard_only" }, modelTarget(), { service_tier: "default" }],
    [{ logprobs: 0 }, modelTarget(), { include: ["message.output_text.logprobs"] }],
    [{ logprobs: 2 }, modelTarget(), { include: ["message.output_text.logprobs"], top_logprobs: 2 }],
    [
      { output: { kind: "json" }, verbosity: "low" },
      modelTarget(),
      { text: { format: { type: "json_object" }, verbosity: "low" } },
    ],
    [
      { output: { kind: "schema", name: "a", description: null, schema, strict: true } },
      modelTarget(),
      { text: { format: { type: "json_schema", name: "a", schema, strict: true } } },
    ],
    [
      { output: { kind: "schema", name: "", description: "D", schema, strict: null } },
      modelTarget(),
      { text: { format: { type: "json_schema", name: "answer", description: "D", schema } } },
    ],
    [
      { reasoning: { ...none, effort: "low", summary: "detailed" } },
      thinks(),
      { reasoning: { effort: "low", summary: "detailed" }, include: ["reasoning.encrypted_content"] },
    ],
    [
      { reasoning: { ...none, budget: 9000, visible: true } },
      thinks(),
      { reasoning: { effort: "high", summary: "auto" }, include: ["reasoning.encrypted_content"] },
    ],
    [{ reasoning: { ...none, adaptive: true } }, thinks(), { include: ["reasoning.encrypted_content"] }],
    [
      { reasoning: { ...none, effort: "none" } },
      modelTarget({ reasoning: { kind: "budget", min: 1024, max: 0, off: true } }, { genuine: false }),
      { reasoning: { effort: "none" } },
    ],
    [{ user: "u", cacheKey: null }, COMPATIBLE, { user: "u" }],
  ];
  const plain = write({}).body;
  for (const [request, to, want] of rows) {
    const { body, warnings } = write(request, to);
    assert.deepEqual(body, { ...plain, ...want }, JSON.stringify(request));
    assert.deepEqual(warnings, [], JSON.stringify(request));
  }
  const sampled = write({ sampling: { ...chatRequest().sampling, temperature: 0.5, topP: 0.25 } }).body;
  assert.deepEqual([sampled.temperature, sampled.top_p], [0.5, 0.25]);
});

test("what the format or the model lacks is left out with a warning", () => {
  const { sampling } = chatRequest();
  const rows: [Partial<ChatRequest>, ModelTarget, string[], JsonObject][] = [
    [{ stop: ["x"] }, modelTarget(), ["stop"], {}],
    [{ sampling: { ...sampling, topK: 4, seed: 1 } }, modelTarget(), ["top_k", "seed"], {}],
    [{ sampling: { ...sampling, frequencyPenalty: 0, presencePenalty: 1 } }, modelTarget(), ["presence_penalty"], {}],
    [{ sampling: { ...sampling, temperature: 0.5, topP: 1 } }, modelTarget({ sampling: false }), ["temperature"], {}],
    [{ logprobs: 0 }, modelTarget({ sampling: false }), ["logprobs"], {}],
    [{ maxTokens: 1 }, modelTarget(), ["max_tokens"], { max_output_tokens: 16 }],
    [{ maxTokens: 1 }, COMPATIBLE, [], { max_output_tokens: 1 }],
    [{ maxTokens: 9000 }, modelTarget({ contextOut: 4096 }), ["max_tokens"], { max_output_tokens: 4096 }],
    [{ metadata: { a: "b" } }, modelTarget(), ["metadata"], {}],
    [{ serviceTier: "platinum" }, modelTarget(), ["service_tier"], {}],
    [{ cacheKey: "k" }, COMPATIBLE, ["prompt_cache_key"], {}],
    [{ droppable: ["store", "phase"] }, modelTarget(), ["store", "phase"], {}],
    [{ system: [{ kind: "text", text: "A", cache: MARK }] }, modelTarget(), ["cache_control"], { instructions: "A" }],
  ];
  const plain = write({}).body;
  for (const [request, to, want, fields] of rows) {
    const { body, warnings } = write(request, to);
    assert.deepEqual(warnings, want, JSON.stringify(request));
    assert.deepEqual(body, { ...plain, ...fields }, JSON.stringify(request));
  }
  const marked = write({
    turns: [
      user({ ...text("a"), cache: MARK }),
      assistant(call("c", "f", "{}", { cache: MARK })),
      user(result("c", "x", { cache: MARK })),
    ],
    tools: [tool("f", { cache: MARK })],
  });
  assert.deepEqual(marked.warnings, ["cache_control"]);
});

test("what cannot be said at all is refused by name", () => {
  const file: Source = { kind: "file", id: "file-1", family: "anthropic" };
  const url: Source = { kind: "url", url: "https://x/y", mediaType: null };
  const bytes = (mediaType: string): Source => ({ kind: "base64", mediaType, data: "AAAA" });
  const image = (source: Source): Part => ({ kind: "image", source, detail: null, cache: null });
  const audio = (source: Source): Part => ({ kind: "audio", source, cache: null });
  const pdf: Part = { kind: "document", source: bytes("application/pdf"), name: null, cache: null };
  const rows: [Partial<ChatRequest>, ModelTarget, string][] = [
    [{ nativeOnly: ["conversation", "prompt"] }, modelTarget(), "conversation"],
    [{ choices: 2 }, modelTarget(), "More than one choice"],
    [{ tools: [tool("f")] }, modelTarget({ tools: false }), "A tool"],
    [{ turns: [user(image(url))] }, modelTarget({ images: false }), "An image"],
    [{ turns: [user(image(url))] }, modelTarget({}, { remoteUrls: false }), "An image given as a URL"],
    [{ turns: [user(image(file))] }, modelTarget(), "An image given as the id of a file"],
    [{ turns: [user(audio(bytes("audio/wav")))] }, modelTarget({ audio: false }), "Audio"],
    [{ turns: [user(audio(bytes("audio/flac")))] }, modelTarget(), "Audio of type audio/flac"],
    [{ turns: [user(audio(bytes("constructor")))] }, modelTarget(), "Audio of type constructor"],
    [{ turns: [user(audio(url))] }, modelTarget(), "Audio that is not part of the request"],
    [{ turns: [user(pdf)] }, modelTarget({ documents: false }), "A document"],
    [{ turns: [assistant(image(url))] }, modelTarget(), "A part of kind image in an answer of the model"],
    [
      { output: { kind: "schema", name: "a", description: null, schema: {}, strict: null } },
      modelTarget({ schema: false }),
      "An answer by a JSON schema",
    ],
  ];
  for (const [request, to, what] of rows) {
    assert.throws(() => write(request, to), fault(`${what} is not supported by this model`), what);
  }
});

describe("a conversation", () => {
  const own = { family: "openai", value: "gAAA" } as const;
  const thought = (more: object): Part => {
    return {
      kind: "reasoning",
      text: "t",
      summary: true,
      signature: own,
      redacted: false,
      id: "rs_1",
      ...more,
    } as Part;
  };

  test("keeps the order of texts, thoughts, calls and results", () => {
    const { body } = write({
      turns: [
        user("Go"),
        assistant(thought({}), "I call", call("c1", "get", ""), call("c2", "patch", "*** Begin", { freeform: true })),
        user(result("c1", "one"), result("c2", "two"), "and now?"),
        { role: "system", parts: [text("Be brief")] },
        assistant("Fine", { kind: "refusal", text: "but no" }),
      ],
      tools: [tool("get"), tool("patch", { freeform: true })],
    });
    assert.deepEqual(body.input, [
      { type: "message", role: "user", content: [{ type: "input_text", text: "Go" }] },
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "t" }], encrypted_content: "gAAA" },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "I call" }] },
      { type: "function_call", call_id: "c1", name: "get", arguments: "{}" },
      { type: "custom_tool_call", call_id: "c2", name: "patch", input: "*** Begin" },
      { type: "function_call_output", call_id: "c1", output: "one" },
      { type: "custom_tool_call_output", call_id: "c2", output: "two" },
      { type: "message", role: "user", content: [{ type: "input_text", text: "and now?" }] },
      { type: "message", role: "developer", content: [{ type: "input_text", text: "Be brief" }] },
      {
        type: "message",
        role: "assistant",
        content: [
          { type: "output_text", text: "Fine" },
          { type: "refusal", refusal: "but no" },
        ],
      },
    ]);
  });

  test("gives thoughts to their own family only, and unproved ones to models that demand them", () => {
    const foreign = { family: "anthropic", value: "sig" } as const;
    const rows: [object, ModelTarget, JsonObject | null][] = [
      [{ signature: foreign }, modelTarget(), null],
      [{ signature: null, summary: false }, modelTarget(), null],
      [{ signature: null, summary: true }, modelTarget({ reasoningBack: true }), null],
      [
        { signature: null, summary: false, id: null },
        modelTarget({ reasoningBack: true }),
        { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "t" }] },
      ],
      [
        { signature: own, redacted: true, text: "", id: null },
        modelTarget(),
        { type: "reasoning", summary: [], encrypted_content: "gAAA" },
      ],
      [{ signature: own }, { ...modelTarget(), family: "anthropic" }, null],
      [
        { signature: foreign, summary: false, id: null },
        { ...modelTarget(), family: "anthropic" },
        { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "t" }], encrypted_content: "sig" },
      ],
    ];
    for (const [part, to, want] of rows) {
      const { body } = write({ turns: [assistant(thought(part))] }, to);
      assert.deepEqual(body.input, want === null ? [] : [want], JSON.stringify(part));
    }
  });

  test("has pictures and documents in results as such, and says which results are errors", () => {
    const png: Part = {
      kind: "image",
      source: { kind: "base64", mediaType: "image/png", data: "iVBOR" },
      detail: null,
      cache: null,
    };
    const image = { type: "input_image", image_url: "data:image/png;base64,iVBOR", detail: "auto" };
    const rows: [object, unknown][] = [
      [{ parts: [text("a"), text("b")] }, "a\nb"],
      [{ parts: [text("a")], failed: true }, "Error: a"],
      [{ parts: [] }, ""],
      [{ parts: [text("a"), png] }, [{ type: "input_text", text: "a" }, image]],
      [{ parts: [png], failed: true }, [{ type: "input_text", text: "Error:" }, image]],
    ];
    for (const [part, want] of rows) {
      const { body } = write({ turns: [assistant(call("c", "f", "{}")), user(result("c", "", part))] });
      assert.deepEqual((body.input as JsonObject[])[1]!.output, want, JSON.stringify(part));
    }
  });

  test("has media in every form they may have", () => {
    const data = "AAAA";
    const rows: [Part, JsonObject][] = [
      [
        { kind: "image", source: { kind: "url", url: "https://x/y.png", mediaType: null }, detail: "low", cache: null },
        { type: "input_image", image_url: "https://x/y.png", detail: "low" },
      ],
      [
        { kind: "image", source: { kind: "file", id: "file-1", family: "openai" }, detail: null, cache: null },
        { type: "input_image", file_id: "file-1", detail: "auto" },
      ],
      [
        { kind: "audio", source: { kind: "base64", mediaType: "audio/mpeg", data }, cache: null },
        { type: "input_audio", input_audio: { data, format: "mp3" } },
      ],
      [
        { kind: "document", source: { kind: "base64", mediaType: "application/pdf", data }, name: null, cache: null },
        { type: "input_file", filename: "document.pdf", file_data: "data:application/pdf;base64,AAAA" },
      ],
      [
        { kind: "document", source: { kind: "url", url: "https://x/y.pdf", mediaType: null }, name: "y", cache: null },
        { type: "input_file", file_url: "https://x/y.pdf" },
      ],
      [
        {
          kind: "document",
          source: { kind: "base64", mediaType: "text/plain", data: "aGk=" },
          name: "a.txt",
          cache: null,
        },
        { type: "input_text", text: "a.txt\n\nhi" },
      ],
    ];
    for (const [part, want] of rows) {
      const { body } = write({ turns: [user(part)] });
      assert.deepEqual((body.input as JsonObject[])[0]!.content, [want], JSON.stringify(part));
    }
  });

  test("maps ids of calls and names of tools that are too long, the same on every turn", () => {
    const [id, name] = [`toolu_${"x".repeat(70)}`, "mcp.server/".padEnd(80, "t")];
    const { body, toolNames } = write({
      turns: [assistant(call(id, name, "{}")), user(result(id, "x"))],
      tools: [tool(name)],
      toolChoice: { mode: "required", allowed: [name] },
    });
    const [called, output] = body.input as JsonObject[];
    const [declared] = body.tools as JsonObject[];
    assert.equal(called!.call_id, output!.call_id);
    assert.match(String(called!.call_id), /^[\w-]{1,64}$/);
    assert.match(String(declared!.name), /^[\w-]{1,64}$/);
    assert.equal(called!.name, declared!.name);
    assert.deepEqual(body.tool_choice, { type: "function", name: declared!.name });
    assert.equal(toolNames?.back(String(declared!.name)), name);
    const account = write({ user: "u".repeat(65), cacheKey: "k".repeat(65) }).body;
    assert.match(String(account.safety_identifier), /^u+_[0-9a-f]{10}$/);
    assert.ok(String(account.prompt_cache_key).length <= 64);
  });
});

describe("tools", () => {
  const DECLARED = [
    { type: "function", name: "get", description: "Gets", parameters: { type: "object" }, strict: true },
    { type: "custom", name: "patch", format: { type: "grammar", definition: "start: x", syntax: "lark" } },
    {
      type: "namespace",
      name: "crm",
      description: "Customers",
      tools: [
        { type: "function", name: "get", parameters: { type: "object" }, strict: false },
        { type: "custom", name: "note", description: "Notes" },
      ],
    },
  ];
  const HISTORY = [
    { type: "custom_tool_call", call_id: "c1", name: "note", namespace: "crm", input: "raw" },
    { type: "custom_tool_call_output", call_id: "c1", output: "done" },
  ];

  test("of a client of this format come back as it has declared them", () => {
    const choice = { type: "allowed_tools", mode: "auto", tools: [{ type: "custom", name: "patch" }] };
    const { body, toolNames } = writeRequest(
      read({ tools: DECLARED, tool_choice: choice, input: HISTORY }),
      modelTarget(),
    );
    assert.deepEqual(body.tools, DECLARED);
    assert.deepEqual(body.tool_choice, choice);
    assert.deepEqual(body.input, HISTORY);
    assert.equal(toolNames, null);
  });

  test("are functions with one text for servers that know neither freeform tools nor namespaces", () => {
    const { body, toolNames } = writeRequest(read({ tools: DECLARED, input: HISTORY }), COMPATIBLE);
    const tools = body.tools as JsonObject[];
    assert.deepEqual(
      tools.map(({ type, name }) => [type, name]),
      [
        ["function", "get"],
        ["function", "patch"],
        ["function", "crm__get"],
        ["function", "crm__note"],
      ],
    );
    assert.match(String(tools[1]!.description), /lark grammar:\nstart: x/);
    assert.deepEqual(body.input, [
      { type: "function_call", call_id: "c1", name: "crm__note", arguments: '{"input":"raw"}' },
      { type: "function_call_output", call_id: "c1", output: "done" },
    ]);
    assert.equal(toolNames?.wrapped("patch"), true);
  });

  test("of other formats are not strict unless they say so, and have a schema", () => {
    const { body } = write({ tools: [tool("f")], toolChoice: { mode: "none", allowed: null }, parallelTools: false });
    assert.deepEqual(body.tools, [
      { type: "function", name: "f", parameters: { type: "object", properties: {} }, strict: false },
    ]);
    assert.deepEqual([body.tool_choice, body.parallel_tool_calls], ["none", false]);
    const two = { tools: [tool("f"), tool("g")], toolChoice: { mode: "required", allowed: ["f", "g"] } } as const;
    const chosen = [
      { type: "function", name: "f" },
      { type: "function", name: "g" },
    ];
    assert.deepEqual(write(two).body.tool_choice, { type: "allowed_tools", mode: "required", tools: chosen });
  });
});
