// Requests of clients of Responses, in the common form.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { readRequest } from "../../../../src/llm/openai-responses/read-request.ts";
import { seal } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { assistant, call, result, text, tool, user } from "../../../support/llm/common-form.ts";
import { fault, read } from "./support.ts";

const PNG = "data:image/png;base64,iVBOR";
const OPENAI_FILE = { kind: "file", id: "file-1", family: "openai" } as const;

test("fields of a request have their places in the common form", () => {
  const rows: [JsonObject, Partial<ChatRequest>][] = [
    [{}, { model: "gpt", turns: [user("Hi")], system: [], stream: false, streamUsage: true, choices: 1, stop: [] }],
    [{ instructions: "Be brief" }, { system: [text("Be brief")] }],
    [{ max_output_tokens: 9 }, { maxTokens: 9 }],
    [{ max_output_tokens: null, temperature: null, tools: null, reasoning: null, text: null }, { maxTokens: null }],
    [{ parallel_tool_calls: false }, { parallelTools: false }],
    [{ stream: true }, { stream: true }],
    [{ user: "u" }, { user: "u" }],
    [{ user: "u", safety_identifier: "s" }, { user: "s" }],
    [{ prompt_cache_key: "k" }, { cacheKey: "k" }],
    [{ service_tier: "flex" }, { serviceTier: "flex" }],
    [{ metadata: { a: "b" } }, { metadata: { a: "b" } }],
    [{ top_logprobs: 3 }, { logprobs: 3 }],
    [{ top_logprobs: 0 }, { logprobs: null }],
    [{ include: ["message.output_text.logprobs"] }, { logprobs: 0, droppable: [] }],
    [{ include: ["reasoning.encrypted_content"] }, { logprobs: null, droppable: [] }],
    [{ text: { format: { type: "text" }, verbosity: "low" } }, { output: null, verbosity: "low" }],
    [{ text: { format: { type: "json_object" } } }, { output: { kind: "json" } }],
    [
      { text: { format: { type: "json_schema", name: "a", schema: { type: "object" }, strict: true } } },
      { output: { kind: "schema", name: "a", description: null, schema: { type: "object" }, strict: true } },
    ],
    [
      { reasoning: { effort: "xhigh", summary: "detailed" } },
      { reasoning: { effort: "xhigh", budget: null, adaptive: false, visible: true, summary: "detailed" } },
    ],
    [
      { reasoning: { effort: "none", generate_summary: "concise" } },
      { reasoning: { effort: "none", budget: null, adaptive: false, visible: true, summary: "concise" } },
    ],
    [
      { reasoning: { effort: "low" } },
      { reasoning: { effort: "low", budget: null, adaptive: false, visible: null, summary: null } },
    ],
  ];
  for (const [body, want] of rows) {
    const got = read(body);
    for (const key of Object.keys(want) as (keyof ChatRequest)[]) {
      assert.deepEqual(got[key], want[key], `${JSON.stringify(body)}: ${key}`);
    }
  }
  const { sampling } = read({ temperature: 0.5, top_p: 0.25 });
  assert.deepEqual([sampling.temperature, sampling.topP, sampling.topK, sampling.seed], [0.5, 0.25, null, null]);
});

test("the path may name the model, and say that the answer is streamed", () => {
  const got = readRequest({ input: "Hi", model: "a" }, { model: "b", stream: true });
  assert.deepEqual([got.model, got.stream], ["b", true]);
});

test("what refers to stored answers, or is run by the provider, is native", () => {
  const rows: [JsonObject, string[]][] = [
    [{ previous_response_id: "resp_1", input: undefined }, ["previous_response_id"]],
    [{ conversation: { id: "conv_1" } }, ["conversation"]],
    [{ prompt: { id: "pmpt_1" } }, ["prompt"]],
    [{ background: true }, ["background"]],
    [{ background: false }, []],
    [{ context_management: [{ type: "compaction" }] }, ["context_management"]],
    [{ moderation: { model: "omni" } }, ["moderation"]],
    [{ reasoning: { mode: "pro" } }, ["reasoning.mode"]],
    [{ tools: [{ type: "web_search" }, { type: "mcp" }, { type: "web_search" }] }, ["tool web_search", "tool mcp"]],
    [{ tools: [{ type: "function", name: "f", allowed_callers: ["programmatic"] }] }, ["tools[].allowed_callers"]],
    [{ tools: [{ type: "function", name: "f", async: true }] }, ["tools[].async"]],
    [{ tool_choice: { type: "mcp", server_label: "x" } }, ["tool_choice mcp"]],
    [{ tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "shell" }] } }, ["tool_choice shell"]],
    [
      { input: [{ type: "item_reference", id: "msg_1" }] },
      ["input item_reference (an item stored by its provider; clients that set store: false send items whole)"],
    ],
    [{ input: [{ type: "compaction", encrypted_content: "x" }] }, ["input compaction"]],
    [{ input: [{ type: "apply_patch_call", call_id: "c" }] }, ["input apply_patch_call"]],
    [{ input: [{ role: "user", content: [{ type: "computer_screenshot" }] }] }, ["content computer_screenshot"]],
    [{ input: [{ type: "toString" }] }, ["input toString"]],
    [{ tools: [{ type: "x".repeat(80) }] }, [`tool ${"x".repeat(64)}`]],
  ];
  for (const [body, want] of rows) assert.deepEqual(read(body).nativeOnly, want, JSON.stringify(body));
});

test("what only changes how the provider works is droppable", () => {
  const rows: [JsonObject, string[]][] = [
    [{ store: true }, ["store"]],
    [{ store: false, truncation: "disabled", stream_options: { include_obfuscation: false } }, []],
    [{ truncation: "auto" }, ["truncation"]],
    [{ stream_options: { include_obfuscation: true } }, ["stream_options"]],
    [{ max_tool_calls: 3, prompt_cache_retention: "24h" }, ["max_tool_calls", "prompt_cache_retention"]],
    [{ client_metadata: {}, nothing: null }, ["client_metadata"]],
    [{ include: ["web_search_call.results"] }, ["include"]],
    [{ reasoning: { context: "all_turns" } }, ["reasoning.context"]],
    [{ reasoning: { context: "auto", mode: "standard" } }, []],
    [{ tools: [{ type: "function", name: "f", defer_loading: true }] }, ["tools[].defer_loading"]],
    [{ tools: [{ type: "function", name: "f", output_schema: {} }] }, ["tools[].output_schema"]],
    [{ input: [{ role: "assistant", content: "x", phase: "commentary" }] }, ["phase"]],
  ];
  for (const [body, want] of rows) assert.deepEqual(read(body).droppable, want, JSON.stringify(body));
});

describe("items", () => {
  test("of every role become turns; instructions in front are the system's", () => {
    const { system, turns } = read({
      instructions: "A",
      input: [
        { role: "developer", content: "B" },
        { role: "system", content: [{ type: "input_text", text: "C" }] },
        { role: "user", content: "D" },
        { type: "message", role: "developer", content: "E" },
        {
          role: "assistant",
          content: [
            { type: "output_text", text: "F", annotations: [] },
            { type: "refusal", refusal: "G" },
          ],
        },
      ],
    });
    assert.deepEqual(system, [text("A"), text("B"), text("C")]);
    assert.deepEqual(turns, [
      user("D"),
      { role: "system", parts: [text("E")] },
      assistant("F", { kind: "refusal", text: "G" }),
    ]);
  });

  test("of the model in a row are one turn, and so are results of its calls", () => {
    const { turns } = read({
      input: [
        { role: "user", content: "Go" },
        { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "S" }], encrypted_content: "gAAA" },
        { role: "assistant", content: "I call" },
        { type: "function_call", id: "fc_1", call_id: "c1", name: "get", arguments: '{"a":1}', status: "completed" },
        { type: "custom_tool_call", call_id: "c2", name: "patch", input: "*** Begin" },
        { type: "function_call_output", call_id: "c1", output: "one" },
        { type: "custom_tool_call_output", call_id: "c2", output: [{ type: "input_text", text: "two" }] },
        { role: "user", content: "On" },
      ],
    });
    const signature = { family: "openai", value: "gAAA" } as const;
    assert.deepEqual(turns, [
      user("Go"),
      assistant(
        { kind: "reasoning", text: "S", summary: true, signature, redacted: false, id: "rs_1" },
        "I call",
        call("c1", "get", '{"a":1}'),
        call("c2", "patch", "*** Begin", { freeform: true }),
      ),
      user(result("c1", "one", { name: "get" }), result("c2", "two", { name: "patch", freeform: true })),
      user("On"),
    ]);
  });

  test("of results keep pictures and documents, and find their calls by name where they have no id", () => {
    const output = [
      { type: "input_text", text: "see" },
      { type: "input_image", image_url: PNG },
      { type: "input_file", file_id: "file-1" },
    ];
    const { turns } = read({
      input: [
        { type: "function_call", call_id: "c1", name: "get", arguments: "{}", namespace: "crm" },
        { type: "function_call", call_id: "c2", name: "get", arguments: "{}", namespace: "crm" },
        { type: "function_call_output", call_id: null, name: "get", namespace: "crm", output },
      ],
    });
    const [part] = turns[1]!.parts;
    assert.ok(part?.kind === "toolResult");
    assert.deepEqual([part.id, part.name], ["c2", "crm__get"]);
    assert.deepEqual(
      part.parts.map((each) => ("source" in each ? each.source : each.text)),
      ["see", { kind: "base64", mediaType: "image/png", data: "iVBOR" }, OPENAI_FILE],
    );
  });

  test("of thoughts keep text, proof and family", () => {
    const anthropic = { family: "anthropic", value: "sig" } as const;
    const sealed = seal({ signature: anthropic, redacted: false, summary: false, id: null, hidden: null }, "openai");
    const rows: [JsonObject, object][] = [
      [{ summary: [] }, { text: "", summary: false, signature: null, redacted: false, id: null }],
      [
        { id: "rs_1", summary: [], encrypted_content: "gAAA" },
        { text: "", summary: false, signature: { family: "openai", value: "gAAA" }, redacted: true, id: "rs_1" },
      ],
      [
        { id: "rs_1", summary: [{ text: "a" }, { text: "b" }] },
        { text: "a\n\nb", summary: true, signature: null, redacted: false, id: "rs_1" },
      ],
      [
        { id: "rs_1", summary: [], content: [{ type: "reasoning_text", text: "t" }], encrypted_content: "gAAA" },
        { text: "t", summary: false, signature: { family: "openai", value: "gAAA" }, redacted: false, id: "rs_1" },
      ],
      [
        { id: "rs_gateway_x_0", summary: [{ text: "t" }], encrypted_content: sealed },
        { text: "t", summary: false, signature: anthropic, redacted: false, id: null },
      ],
    ];
    for (const [item, want] of rows) {
      const { turns } = read({ input: [{ type: "reasoning", ...item }] });
      assert.deepEqual(turns, [assistant({ kind: "reasoning", ...want } as never)], JSON.stringify(item));
    }
  });

  test("that declare more tools add them", () => {
    const more = {
      type: "additional_tools",
      role: "developer",
      tools: [{ type: "function", name: "g", parameters: null }],
    };
    const { tools } = read({ tools: [{ type: "function", name: "f" }], input: [more] });
    assert.deepEqual(tools, [tool("f"), tool("g")]);
  });
});

test("content is read from every place it may be in", () => {
  const none = { cache: null, detail: null };
  const rows: [JsonObject, object][] = [
    [
      { type: "input_text", text: "a", prompt_cache_breakpoint: { mode: "explicit" } },
      { kind: "text", text: "a", cache: { ttlSeconds: 0 } },
    ],
    [
      { type: "input_text", text: "a", prompt_cache_breakpoint: { ttl: "constructor" } },
      { kind: "text", text: "a", cache: { ttlSeconds: 0 } },
    ],
    [
      { type: "input_text", text: "a", prompt_cache_breakpoint: { mode: "explicit", ttl: "12h" } },
      { kind: "text", text: "a", cache: { ttlSeconds: 43_200 } },
    ],
    [
      { type: "input_image", image_url: PNG, detail: "high" },
      { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "iVBOR" }, ...none, detail: "high" },
    ],
    [
      { type: "input_image", image_url: "https://x/y.png" },
      { kind: "image", source: { kind: "url", url: "https://x/y.png", mediaType: null }, ...none },
    ],
    [
      { type: "input_image", file_id: "file-1", image_url: null },
      { kind: "image", source: OPENAI_FILE, ...none },
    ],
    [
      { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" },
      {
        kind: "document",
        source: { kind: "base64", mediaType: "application/pdf", data: "JVBE" },
        name: "a.pdf",
        cache: null,
      },
    ],
    [
      { type: "input_file", filename: "a.PDF", file_data: "JVBE" },
      {
        kind: "document",
        source: { kind: "base64", mediaType: "application/pdf", data: "JVBE" },
        name: "a.PDF",
        cache: null,
      },
    ],
    [
      { type: "input_file", file_url: "https://x/y.pdf" },
      { kind: "document", source: { kind: "url", url: "https://x/y.pdf", mediaType: null }, name: null, cache: null },
    ],
    [
      { type: "input_audio", input_audio: { data: "UklG", format: "wav" } },
      { kind: "audio", source: { kind: "base64", mediaType: "audio/wav", data: "UklG" }, cache: null },
    ],
    [
      { type: "input_audio", input_audio: { data: "SUQz", format: "mp3" } },
      { kind: "audio", source: { kind: "base64", mediaType: "audio/mpeg", data: "SUQz" }, cache: null },
    ],
  ];
  for (const [part, want] of rows) {
    assert.deepEqual(
      read({ input: [{ role: "user", content: [part] }] }).turns[0]!.parts,
      [want],
      JSON.stringify(part),
    );
  }
});

describe("tools", () => {
  const CUSTOM = {
    type: "custom",
    name: "patch",
    description: "Applies",
    format: { type: "grammar", syntax: "lark", definition: "start: x" },
  };
  const TOOLS = [
    { type: "function", name: "get", description: "Gets", parameters: { type: "object" }, strict: true },
    CUSTOM,
    { type: "custom", name: "note", format: { type: "text" } },
    { type: "namespace", name: "crm", description: "Customers", tools: [{ type: "function", name: "get" }, CUSTOM] },
  ];
  const GRAMMAR = { type: "grammar", grammar: { syntax: "lark", definition: "start: x" } };
  const crm = (own: string) => ({ name: "crm", description: "Customers", tool: own });

  test("of every kind are declared, those in namespaces under both names", () => {
    const patch = { description: "Applies", grammar: GRAMMAR, freeform: true };
    assert.deepEqual(read({ tools: TOOLS }).tools, [
      tool("get", { description: "Gets", schema: { type: "object" }, strict: true }),
      tool("patch", patch),
      tool("note", { freeform: true }),
      tool("crm__get", { namespace: crm("get") }),
      tool("crm__patch", { ...patch, namespace: crm("patch") }),
    ]);
  });

  test("may be chosen in every form", () => {
    const rows: [unknown, object | null][] = [
      [undefined, null],
      ["auto", { mode: "auto", allowed: null }],
      ["none", { mode: "none", allowed: null }],
      ["required", { mode: "required", allowed: null }],
      [
        { type: "function", name: "get" },
        { mode: "required", allowed: ["get"] },
      ],
      [
        { type: "custom", name: "patch" },
        { mode: "required", allowed: ["patch"] },
      ],
      [
        { type: "function", namespace: "crm", name: "get" },
        { mode: "required", allowed: ["crm__get"] },
      ],
      [
        {
          type: "allowed_tools",
          mode: "auto",
          tools: [
            { type: "function", name: "get" },
            { type: "custom", name: "note" },
          ],
        },
        { mode: "auto", allowed: ["get", "note"] },
      ],
    ];
    for (const [choice, want] of rows) {
      assert.deepEqual(read({ tools: TOOLS, tool_choice: choice }).toolChoice, want, JSON.stringify(choice));
    }
    const only = [{ type: "namespace", name: "crm", tools: [{ type: "function", name: "find" }] }];
    const chosen = read({ tools: only, tool_choice: { type: "function", name: "find" } }).toolChoice;
    assert.deepEqual(chosen?.allowed, ["crm__find"], "the name in the namespace will do");
  });
});

test("what is malformed is refused with its place", () => {
  const call = { type: "function_call", call_id: "c", name: "f", arguments: "{}" };
  const rows: [JsonObject, string][] = [
    [{ model: "" }, "model: must be a text"],
    [{ input: undefined }, "input: is required"],
    [{ input: 1 }, "input: must be a text or a list of items"],
    [{ input: ["x"] }, "input[0]: must be an object"],
    [{ input: [{}] }, "input[0].type: must be a text"],
    [{ input: [{ type: 4 }] }, "input[0].type: must be a text"],
    [{ input: [{ role: "tool", content: "x" }] }, "input[0].role: must be user, assistant, system or developer"],
    [{ input: [{ role: "user", content: {} }] }, "input[0].content: must be a text or a list of parts"],
    [{ input: [{ role: "user", content: ["x"] }] }, "input[0].content[0]: must be an object"],
    [{ input: [{ role: "user", content: [{}] }] }, "input[0].content[0].type: must be a text"],
    [{ input: [{ role: "user", content: [{ type: "input_text" }] }] }, "input[0].content[0].text: must be a text"],
    [
      { input: [{ role: "user", content: [{ type: "input_image", image_url: { url: "x" } }] }] },
      "input[0].content[0].image_url: must be a text",
    ],
    [
      { input: [{ role: "user", content: [{ type: "input_image" }] }] },
      "input[0].content[0]: must have an image_url or a file_id",
    ],
    [
      { input: [{ role: "user", content: [{ type: "input_file" }] }] },
      "input[0].content[0]: must have file_data, a file_url or a file_id",
    ],
    [
      { input: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "x" } }] }] },
      "input[0].content[0].input_audio.format: must be a text",
    ],
    [
      { input: [{ role: "system", content: [{ type: "input_image", file_id: "f" }] }] },
      "input[0].content: must be text in instructions",
    ],
    [{ input: [{ ...call, call_id: undefined }] }, "input[0].call_id: must be a text"],
    [{ input: [{ ...call, arguments: {} }] }, "input[0].arguments: must be a text"],
    [{ input: [{ ...call, type: "custom_tool_call" }] }, "input[0].input: must be a text"],
    [
      { input: [call, { type: "function_call_output", call_id: "c" }] },
      "input[1].output: must be a text or a list of parts",
    ],
    [
      { input: [{ type: "function_call_output", call_id: "d", output: "" }] },
      "input[0].call_id: is the id of no function call before it",
    ],
    [{ temperature: "1" }, "temperature: must be a number"],
    [{ max_output_tokens: 0 }, "max_output_tokens: must be a whole number of at least 1"],
    [{ tools: {} }, "tools: must be a list"],
    [{ tools: ["x"] }, "tools[0]: must be an object"],
    [{ tools: [{ type: "function" }] }, "tools[0].name: must be a text"],
    [{ tools: [{ type: "function", name: "f", parameters: "x" }] }, "tools[0].parameters: must be an object"],
    [{ tools: [{ type: "function", name: "f", strict: 1 }] }, "tools[0].strict: must be true or false"],
    [{ tools: [{ type: "namespace", name: "n" }] }, "tools[0].tools: must be a list"],
    [{ tools: [{ type: "namespace", name: "n", tools: [{}] }] }, "tools[0].tools[0].type: must be a text"],
    [
      {
        tools: [
          { type: "function", name: "n__f" },
          { type: "namespace", name: "n", tools: [{ type: "function", name: "f" }] },
        ],
      },
      "tools: have names that cannot be told apart",
    ],
    [{ tool_choice: "any" }, "tool_choice: must be auto, none, required or an object"],
    [{ tool_choice: { type: "function", name: "f" } }, "tool_choice.name: names no tool of the request"],
    [{ tool_choice: { type: "allowed_tools", mode: "none", tools: [] } }, "tool_choice.mode: must be auto or required"],
    [{ tool_choice: { type: "allowed_tools", mode: "auto", tools: [1] } }, "tool_choice.tools[0].name: must be a text"],
    [
      { reasoning: { effort: "huge" } },
      "reasoning.effort: must be one of none, minimal, low, medium, high, xhigh, max",
    ],
    [{ text: { format: { type: "xml" } } }, "text.format.type: must be text, json_object or json_schema"],
    [{ text: { format: { type: "json_schema", name: "a" } } }, "text.format.schema: is required"],
    [{ include: "x" }, "include: must be a list"],
  ];
  for (const [body, message] of rows) assert.throws(() => read(body), fault(message), message);
});

test("a result without its call is taken where an earlier answer is stored", () => {
  const input = [{ type: "function_call_output", call_id: "d", output: "x" }];
  assert.deepEqual(read({ previous_response_id: "resp_1", input }).turns, [user(result("d", "x"))]);
});
