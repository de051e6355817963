// Requests in the common form, as Gemini gets them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { LlmError } from "../../../../src/llm/message/fault.ts";
import type { ChatRequest, Part, Reasoning, Source } from "../../../../src/llm/message/request.ts";
import type { ModelTarget, ReasoningShape } from "../../../../src/llm/models/model.ts";
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

const HELLO = { role: "user", parts: [{ text: "Hello" }] };
const SKIP = "skip_thought_signature_validator";

function write(request: Partial<ChatRequest>, to: ModelTarget = modelTarget()): JsonObject {
  return gemini.provider.writeRequest(chatRequest(request), to).body;
}

function contents(...turns: ChatRequest["turns"]): unknown {
  return write({ turns }).contents;
}

function warnings(request: Partial<ChatRequest>, to: ModelTarget = modelTarget()): readonly string[] {
  return gemini.provider.writeRequest(chatRequest(request), to).warnings;
}

function config(request: Partial<ChatRequest>, to?: ModelTarget): unknown {
  return write(request, to).generationConfig;
}

function image(source: Source, detail: string | null = null): Part {
  return { kind: "image", source, detail, cache: null };
}

function thought(value: string, family: "gemini" | "anthropic" | null, signature: string, redacted = false): Part {
  const proof = family === null ? null : { family, value: signature };
  return { kind: "reasoning", text: value, summary: false, signature: proof, redacted, id: null };
}

const PNG: Source = { kind: "base64", mediaType: "image/png", data: "AAAA" };

describe("a conversation for Gemini", () => {
  test("has instructions apart, and neighbours of one role together", () => {
    const body = write({
      system: [text("Be brief"), text(""), text("Be kind")],
      turns: [user("a"), { role: "system", parts: [text("Now in French")] }, assistant("b"), assistant("c"), user("d")],
    });
    assert.deepEqual(body, {
      systemInstruction: { parts: [{ text: "Be brief" }, { text: "Be kind" }] },
      contents: [
        { role: "user", parts: [{ text: "a" }, { text: "Now in French" }] },
        { role: "model", parts: [{ text: "b" }, { text: "c" }] },
        { role: "user", parts: [{ text: "d" }] },
      ],
    });
  });

  test("of instructions only has them as the prompt", () => {
    assert.deepEqual(write({ system: [text("Say hi")], turns: [] }), {
      contents: [{ role: "user", parts: [{ text: "Say hi" }] }],
    });
  });

  test("keeps parallel calls in one message, with a signature on the first only, and results first", () => {
    const turns = [
      user("a"),
      assistant("I look", call("c1", "f", '{"x":1}'), call("c2", "g", "")),
      assistant(call("c3", "f", "{}")),
      user("and?", result("c1", "one")),
      user(result("c2", "bad", { failed: true }), result("c3", "three")),
    ];
    assert.deepEqual(contents(...turns), [
      { role: "user", parts: [{ text: "a" }] },
      {
        role: "model",
        parts: [
          { text: "I look" },
          { functionCall: { id: "c1", name: "f", args: { x: 1 } }, thoughtSignature: SKIP },
          { functionCall: { id: "c2", name: "g", args: {} } },
          { functionCall: { id: "c3", name: "f", args: {} } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "c1", name: "f", response: { output: "one" } } },
          { functionResponse: { id: "c2", name: "g", response: { error: "bad" } } },
          { functionResponse: { id: "c3", name: "f", response: { output: "three" } } },
          { text: "and?" },
        ],
      },
    ]);
  });

  test("gives Gemini its own signatures back in their places", () => {
    const own = { signature: { family: "gemini", value: "Y2FsbA" } };
    const turns = [
      assistant(thought("why", "gemini", "c2ln"), "so", thought("", "gemini", "ZW5k", true)),
      user("b"),
      assistant(thought("", "gemini", "YWhlYWQ", true), call("c1", "f", "{}", own), call("c2", "f", "{}", own)),
      user(result("c1", "1"), result("c2", "2")),
      assistant(thought("hm", "gemini", "Zmlyc3Q"), call("c3", "f", "{}"), call("c4", "f", "{}")),
    ];
    const written = contents(...turns) as { readonly parts: readonly JsonObject[] }[];
    assert.deepEqual(written[0]!.parts, [
      { text: "why", thought: true, thoughtSignature: "c2ln" },
      { text: "so" },
      { text: "", thoughtSignature: "ZW5k" },
    ]);
    assert.deepEqual(written[2]!.parts, [
      { text: "", thoughtSignature: "YWhlYWQ" },
      { functionCall: { id: "c1", name: "f", args: {} }, thoughtSignature: "Y2FsbA" },
      { functionCall: { id: "c2", name: "f", args: {} }, thoughtSignature: "Y2FsbA" },
    ]);
    assert.deepEqual(written[4]!.parts, [
      { functionCall: { id: "c3", name: "f", args: {} }, thoughtSignature: "Zmlyc3Q" },
      { functionCall: { id: "c4", name: "f", args: {} } },
    ]);
  });

  test("leaves out thoughts that are unsigned or signed by others", () => {
    const foreign = { signature: { family: "anthropic", value: "x" } };
    const turns = [
      user("a"),
      assistant(thought("secret", null, ""), thought("secret", "anthropic", "sig")),
      user("b"),
      assistant(thought("secret", "anthropic", "sig"), call("c1", "f", "{}", foreign)),
    ];
    assert.deepEqual(contents(...turns), [
      { role: "user", parts: [{ text: "a" }, { text: "b" }] },
      { role: "model", parts: [{ functionCall: { id: "c1", name: "f", args: {} }, thoughtSignature: SKIP }] },
    ]);
  });

  test("has pictures of results inside them where the model takes them there, else behind all results", () => {
    const turns = [
      assistant(call("c1", "shot", "{}"), call("c2", "f", "{}")),
      user(result("c1", "", { parts: [text("see"), image(PNG)] }), result("c2", "two")),
    ];
    const inlineData = { mimeType: "image/png", data: "AAAA" };
    const first = { id: "c1", name: "shot", response: { output: "see" } };
    const second = { functionResponse: { id: "c2", name: "f", response: { output: "two" } } };
    const inside = write({ turns }, modelTarget({ toolMedia: true })).contents as { readonly parts: unknown }[];
    assert.deepEqual(inside[1]!.parts, [{ functionResponse: { ...first, parts: [{ inlineData }] } }, second]);
    const behind = write({ turns }).contents as { readonly parts: unknown }[];
    const label = { text: "Output of shot, call c1:" };
    assert.deepEqual(behind[1]!.parts, [{ functionResponse: first }, second, label, { inlineData }]);
  });

  test("has arguments that are no JSON object as they are", () => {
    const turns = [assistant(call("c1", "f", '{"a":'), call("c2", "f", "[1]"), call("c3", "f", " "))];
    const [content] = contents(...turns) as { readonly parts: readonly { functionCall: JsonObject }[] }[];
    const args = content!.parts.map(({ functionCall }) => functionCall.args);
    assert.deepEqual(args, [{ _raw: '{"a":' }, { _raw: "[1]" }, {}]);
  });

  test("has bytes by reference, and files of Google", () => {
    const data = "A".repeat(1000);
    const parts: readonly Part[] = [
      image({ kind: "base64", mediaType: "image/webp", data }),
      { kind: "audio", source: { kind: "base64", mediaType: "audio/wav", data }, cache: null },
      { kind: "document", source: { kind: "file", id: "files/x", family: "gemini" }, name: "x", cache: null },
    ];
    assert.deepEqual(contents(user(...parts)), [
      {
        role: "user",
        parts: [
          { inlineData: { mimeType: "image/webp", data } },
          { inlineData: { mimeType: "audio/wav", data } },
          { fileData: { fileUri: "files/x" } },
        ],
      },
    ]);
  });

  test("has remote pictures as URLs only where the provider takes them", () => {
    const turns = [user(image({ kind: "url", url: "https://example.com/a.png", mediaType: "image/png" }))];
    const [content] = write({ turns }, modelTarget({}, { remoteUrls: true })).contents as { readonly parts: unknown }[];
    assert.deepEqual(content!.parts, [{ fileData: { mimeType: "image/png", fileUri: "https://example.com/a.png" } }]);
    assert.throws(
      () => write({ turns }, modelTarget({}, { remoteUrls: false })),
      /A remote URL of an image is not sup/,
    );
  });
});

describe("tools for Gemini", () => {
  test("are functions with JSON schemas whose references are in place", () => {
    const schema = {
      $schema: "x",
      type: "object",
      properties: { at: { $ref: "#/$defs/p" } },
      $defs: { p: { const: 1 } },
    };
    const tools = [tool("f", { description: "F", schema }), tool("g")];
    assert.deepEqual(write({ tools }).tools, [
      {
        functionDeclarations: [
          {
            name: "f",
            description: "F",
            parametersJsonSchema: { type: "object", properties: { at: { const: 1 } } },
          },
          { name: "g" },
        ],
      },
    ]);
    assert.deepEqual(warnings({ tools }), []);
  });

  test("that contain themselves are bounded, with a warning", () => {
    const schema = { type: "object", properties: { child: { $ref: "#" } } };
    assert.deepEqual(warnings({ tools: [tool("f", { schema })] }), ["tools.$ref"]);
    assert.throws(
      () => write({ tools: [tool("f", { schema: { $ref: "#/none" } })] }),
      /^LlmError|tools\[0\]: "#\/none"/,
    );
  });

  test("get names Gemini allows, everywhere, and back", () => {
    const odd = "9 lives/β".repeat(20);
    const written = gemini.provider.writeRequest(
      chatRequest({
        tools: [tool(odd), tool("plain")],
        toolChoice: { mode: "required", allowed: [odd] },
        turns: [assistant(call("c1", odd, "{}")), user(result("c1", "x"))],
      }),
      modelTarget(),
    );
    const { tools, toolConfig, contents } = written.body as unknown as {
      tools: [{ functionDeclarations: [{ name: string }, { name: string }] }];
      toolConfig: { functionCallingConfig: { mode: string; allowedFunctionNames: string[] } };
      contents: [{ parts: [{ functionCall: JsonObject }] }, { parts: [{ functionResponse: JsonObject }] }];
    };
    const { name } = tools[0].functionDeclarations[0];
    assert.match(name, /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/);
    assert.deepEqual(toolConfig.functionCallingConfig, { mode: "ANY", allowedFunctionNames: [name] });
    assert.equal(contents[0].parts[0].functionCall.name, name);
    assert.equal(contents[1].parts[0].functionResponse.name, name);
    assert.equal(written.toolNames?.back(name), odd);
  });

  test("without odd names or kinds need no way back", () => {
    assert.equal(gemini.provider.writeRequest(chatRequest({ tools: [tool("f")] }), modelTarget()).toolNames, null);
  });

  test("of any text are functions with one argument", () => {
    const turns = [
      assistant(call("c1", "sh", "ls -l", { freeform: true })),
      user(result("c1", "x", { freeform: true })),
    ];
    const written = gemini.provider.writeRequest(
      chatRequest({ tools: [tool("sh", { freeform: true })], turns }),
      modelTarget(),
    );
    const [{ functionDeclarations }] = written.body.tools as [{ functionDeclarations: [JsonObject] }];
    assert.deepEqual((functionDeclarations[0].parametersJsonSchema as JsonObject).required, ["input"]);
    const [{ parts }] = written.body.contents as [{ parts: [{ functionCall: JsonObject }] }];
    assert.deepEqual(parts[0].functionCall.args, { input: "ls -l" });
    assert.equal(written.toolNames?.wrapped("sh"), true);
  });

  for (const [toolChoice, wanted] of [
    [{ mode: "auto", allowed: null }, { mode: "AUTO" }],
    [{ mode: "none", allowed: null }, { mode: "NONE" }],
    [{ mode: "required", allowed: null }, { mode: "ANY" }],
    [
      { mode: "required", allowed: ["f"] },
      { mode: "ANY", allowedFunctionNames: ["f"] },
    ],
    [
      { mode: "auto", allowed: ["f"] },
      { mode: "VALIDATED", allowedFunctionNames: ["f"] },
    ],
  ] as const) {
    test(`are chosen by ${JSON.stringify(toolChoice)}`, () => {
      assert.deepEqual(write({ tools: [tool("f")], toolChoice }).toolConfig, { functionCallingConfig: wanted });
    });
  }

  test("are not chosen where there are none", () => {
    assert.deepEqual(write({ toolChoice: { mode: "none", allowed: null } }), { contents: [HELLO] });
  });
});

describe("the configuration for Gemini", () => {
  test("is absent where nothing is asked for", () => assert.deepEqual(write({}), { contents: [HELLO] }));

  test("is written in full", () => {
    const sampling = { temperature: 0, topP: 0.5, topK: 3, seed: 1, frequencyPenalty: 0.1, presencePenalty: 0.2 };
    const asked = { maxTokens: 9, stop: ["a"], choices: 2, logprobs: 3, sampling: { ...sampling, logitBias: null } };
    assert.deepEqual(config(asked), {
      ...sampling,
      maxOutputTokens: 9,
      stopSequences: ["a"],
      candidateCount: 2,
      responseLogprobs: true,
      logprobs: 3,
    });
    assert.deepEqual(config({ logprobs: 0 }), { responseLogprobs: true });
  });

  test("leaves out sampling a model refuses, and lowers a cap it cannot reach, with warnings", () => {
    const sampling = { ...chatRequest().sampling, temperature: 0.5, topK: 3 };
    const to = modelTarget({ sampling: false, contextOut: 100 });
    const asked = { sampling, maxTokens: 1000 };
    assert.deepEqual(config(asked, to), { maxOutputTokens: 100 });
    assert.deepEqual(warnings(asked, to), ["max_tokens", "temperature", "top_k"]);
  });

  test("shapes the answer", () => {
    const schema = { type: "object", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { type: "string" } } };
    const output = { kind: "schema", name: "n", description: null, schema, strict: true } as const;
    const responseJsonSchema = { type: "object", properties: { a: { type: "string" } } };
    assert.deepEqual(config({ output }), { responseMimeType: "application/json", responseJsonSchema });
    assert.deepEqual(config({ output: { kind: "json" } }), { responseMimeType: "application/json" });
  });

  const budget: ReasoningShape = { kind: "budget", min: 128, max: 32_768, off: false };
  const level: ReasoningShape = { kind: "level", levels: ["low", "medium", "high"] };
  const nothing: Reasoning = { effort: null, budget: null, adaptive: false, visible: null, summary: null };
  for (const [shape, asked, wanted] of [
    [budget, { effort: "medium", visible: true }, { includeThoughts: true, thinkingBudget: 8192 }],
    [budget, { effort: "none" }, { thinkingBudget: 128 }],
    [{ ...budget, off: true }, { effort: "none", visible: true }, { thinkingBudget: 0 }],
    [budget, { budget: -1 }, { thinkingBudget: -1 }],
    [budget, { budget: 100_000 }, { thinkingBudget: 32_768 }],
    [level, { effort: "medium", visible: false }, { includeThoughts: false, thinkingLevel: "MEDIUM" }],
    [level, { effort: "none" }, { thinkingLevel: "LOW" }],
    [level, { effort: "max" }, { thinkingLevel: "HIGH" }],
    [level, { budget: 1000 }, { thinkingLevel: "LOW" }],
    [level, { visible: true }, { includeThoughts: true }],
    [{ kind: "none" }, { effort: "high", visible: true }, undefined],
  ] as const) {
    test(`tells a model of kind ${shape.kind} to think: ${JSON.stringify(asked)}`, () => {
      const reasoning = { ...nothing, ...asked };
      const written = config({ reasoning }, modelTarget({ reasoning: shape })) as JsonObject | undefined;
      assert.deepEqual(written?.thinkingConfig, wanted);
    });
  }

  for (const [serviceTier, wanted] of [
    ["auto", undefined],
    ["default", "standard"],
    ["flex", "flex"],
    ["priority", "priority"],
    ["scale", undefined],
  ] as const) {
    test(`has the tier ${serviceTier}`, () => {
      assert.equal(write({ serviceTier }).serviceTier, wanted);
      assert.deepEqual(warnings({ serviceTier }), serviceTier === "scale" ? ["service_tier"] : []);
    });
  }
});

describe("what Gemini has no field for", () => {
  const cache = { ttlSeconds: 0 };
  for (const [name, request] of [
    ["parallel_tool_calls", { tools: [tool("f")], parallelTools: false }],
    ["tools.strict", { tools: [tool("f", { strict: true })] }],
    ["logit_bias", { sampling: { ...chatRequest().sampling, logitBias: { a: 1 } } }],
    ["verbosity", { verbosity: "low" }],
    ["user", { user: "u" }],
    ["prompt_cache_key", { cacheKey: "k" }],
    ["metadata", { metadata: { a: "b" } }],
    ["detail", { turns: [user(image(PNG, "low"))] }],
    ["cache_control", { turns: [user({ ...text("a"), cache })] }],
    ["cache_control", { system: [{ ...text("a"), cache }] }],
    ["cache_control", { tools: [tool("f", { cache })] }],
    ["something", { droppable: ["something"] }],
  ] as const) {
    test(`is left out with a warning: ${name}`, () => assert.deepEqual(warnings(request), [name]));
  }

  const remote = image({ kind: "file", id: "file-1", family: "openai" });
  for (const [name, request, facts] of [
    ["More than 5 stop sequences", { stop: ["a", "b", "c", "d", "e", "f"] }, {}],
    ["A stop sequence", { stop: ["a"] }, { stop: false }],
    ["An answer of no tokens", { maxTokens: 0 }, {}],
    [
      "An answer by a JSON schema",
      { output: { kind: "schema", name: "n", description: null, schema: {}, strict: null } },
      { schema: false },
    ],
    ["A tool", { tools: [tool("f")] }, { tools: false }],
    ["An image", { turns: [user(image(PNG))] }, { images: false }],
    ["Audio", { turns: [user({ kind: "audio", source: PNG, cache: null })] }, { audio: false }],
    ["A document", { turns: [user({ kind: "document", source: PNG, name: null, cache: null })] }, { documents: false }],
    ["A file uploaded to another provider", { turns: [user(remote)] }, {}],
    ["tool googleSearch", { nativeOnly: ["tool googleSearch"] }, {}],
  ] as const) {
    test(`is refused by name: ${name}`, () => {
      assert.throws(
        () => write(request as Partial<ChatRequest>, modelTarget(facts)),
        (error) => error instanceof LlmError && error.message === `${name} is not supported by this model`,
      );
    });
  }

  test("is the result of a call that was not made", () => {
    assert.throws(() => write({ turns: [user(result("c9", "x"))] }), /there is no call of a tool with the id "c9"/);
  });
});

describe("the path of a request", () => {
  for (const [model, stream, wanted] of [
    ["gemini-2.5-pro", false, "/v1beta/models/gemini-2.5-pro:generateContent"],
    ["gemini-2.5-pro", true, "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"],
    ["models/gemini-2.5-pro", false, "/v1beta/models/gemini-2.5-pro:generateContent"],
    ["tunedModels/mine", false, "/v1beta/tunedModels/mine:generateContent"],
    ["a b?c#d", false, "/v1beta/models/a%20b%3Fc%23d:generateContent"],
  ] as const) {
    test(`names the model: ${wanted}`, () => assert.equal(gemini.provider.path(model, stream), wanted));
  }
});
