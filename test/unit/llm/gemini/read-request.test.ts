// Requests of Gemini clients in the common form.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import { seal } from "../../../../src/llm/reasoning/sealed-thoughts.ts";
import { assistant, call, chatRequest, result, text, tool, user } from "../../../support/llm/common-form.ts";

const HELLO = { contents: [{ parts: [{ text: "Hello" }] }] };

function read(body: JsonObject, stream = false): ChatRequest {
  return gemini.client.readRequest(body, { model: "acme/model", stream });
}

function readTurns(...contents: readonly JsonObject[]): ChatRequest["turns"] {
  return read({ contents }).turns;
}

function readConfig(generationConfig: JsonObject): ChatRequest {
  return read({ ...HELLO, generationConfig });
}

function signed(value: string): { readonly family: "gemini"; readonly value: string } {
  return { family: "gemini", value };
}

const reasoning = { kind: "reasoning", summary: false, redacted: false, id: null } as const;

describe("a request of a Gemini client", () => {
  test("with only a text asks for nothing else", () => assert.deepEqual(read(HELLO), chatRequest()));

  test("may spell every field in snake case, and give one message instead of a list", () => {
    const snake = {
      system_instruction: { parts: { text: "Be brief" } },
      contents: { role: "user", parts: { inline_data: { mime_type: "image/png", data: "AAAA" } } },
      tools: { function_declarations: [{ name: "f", parameters: { type: "OBJECT", property_ordering: ["a"] } }] },
      tool_config: { function_calling_config: { mode: "any", allowed_function_names: ["f"] } },
      generation_config: {
        max_output_tokens: 5,
        response_mime_type: "application/json",
        thinking_config: { thinking_budget: 7, include_thoughts: true },
      },
      service_tier: "flex",
    };
    const source = { kind: "base64", mediaType: "image/png", data: "AAAA" } as const;
    const wanted = chatRequest({
      system: [text("Be brief")],
      turns: [user({ kind: "image", source, detail: null, cache: null })],
      tools: [tool("f", { schema: { type: "object" } })],
      toolChoice: { mode: "required", allowed: ["f"] },
      maxTokens: 5,
      output: { kind: "json" },
      reasoning: { effort: null, budget: 7, adaptive: false, visible: true, summary: null },
      serviceTier: "flex",
      stream: true,
    });
    assert.deepEqual(read(snake, true), wanted);
  });

  test("names its model in the path, else in the body", () => {
    assert.equal(gemini.client.readRequest({ ...HELLO, model: "models/x" }, { model: null, stream: null }).model, "x");
    assert.equal(read({ ...HELLO, model: "models/x" }).model, "acme/model");
    assert.throws(() => gemini.client.readRequest(HELLO, { model: null, stream: null }), /model: is missing/);
  });

  test("keeps what the model said in one go together, however it was streamed", () => {
    const turns = readTurns(
      { parts: [{ text: "a" }, { text: "b" }] },
      { role: "model", parts: [{ text: "Hm", thought: true }] },
      { role: "model", parts: [{ text: ", yes", thought: true }, { text: "Hel" }] },
      { role: "model", parts: [{ text: "lo" }] },
      { role: "model", parts: [{ text: "" }] },
      { parts: [{ text: "c" }] },
      { parts: [{ text: "d" }] },
    );
    const thought = { ...reasoning, text: "Hm, yes", summary: true, signature: null };
    assert.deepEqual(turns, [user("a", "b"), assistant(thought, "Hello"), user("c"), user("d")]);
  });

  test("has signatures on calls, texts and thoughts", () => {
    const functionCall = { id: "c", name: "f", args: {} };
    const parts = [
      { text: "why", thought: true, thoughtSignature: "c2ln" },
      { functionCall, thoughtSignature: "Y2FsbA" },
      { text: "so", thoughtSignature: "dGV4dA" },
      { text: "", thoughtSignature: "ZW5k" },
      { thoughtSignature: "YWxvbmU" },
    ];
    const turns = readTurns({ parts: [{ text: "a" }] }, { role: "model", parts });
    assert.deepEqual(turns[1]!.parts, [
      { ...reasoning, text: "why", signature: signed("c2ln") },
      call("c", "f", "{}", { signature: signed("Y2FsbA") }),
      text("so"),
      { ...reasoning, text: "", redacted: true, signature: signed("dGV4dA") },
      { ...reasoning, text: "", redacted: true, signature: signed("ZW5k") },
      { ...reasoning, text: "", redacted: true, signature: signed("YWxvbmU") },
    ]);
  });

  test("brings proofs of other makers back to their family, with the thought streamed before them", () => {
    const signature = { family: "anthropic", value: "sig" } as const;
    const proof = { signature, summary: false, redacted: false, id: null };
    const hidden = seal({ ...proof, hidden: "secret" }, "gemini");
    const shown = seal({ ...proof, hidden: null }, "gemini");
    const turns = readTurns(
      { parts: [{ text: "a" }] },
      { role: "model", parts: [{ text: "open", thought: true }] },
      { role: "model", parts: [{ text: "", thought: true, thoughtSignature: shown }] },
      { parts: [{ text: "b" }] },
      { role: "model", parts: [{ text: "", thought: true, thoughtSignature: hidden }, { text: "B" }] },
    );
    assert.deepEqual(turns[1]!.parts, [{ ...reasoning, signature, text: "open" }]);
    assert.deepEqual(turns[3]!.parts, [{ ...reasoning, signature, text: "secret" }, text("B")]);
  });

  test("does not take the literal that stands for a signature as one", () => {
    const thoughtSignature = "skip_thought_signature_validator";
    const parts = [
      { functionCall: { id: "c", name: "f" }, thoughtSignature },
      { text: "t", thoughtSignature },
    ];
    assert.deepEqual(readTurns({ role: "model", parts })[0]!.parts, [call("c", "f", "{}"), text("t")]);
  });

  test("may answer calls without ids, by name and order; ids are the same on every turn", () => {
    const calls = [
      { functionCall: { name: "f", args: { n: 1 } } },
      { functionCall: { name: "g" } },
      { functionCall: { name: "f", args: { n: 2 } } },
    ];
    const results = [
      { functionResponse: { name: "f", response: { output: "one" } } },
      { functionResponse: { name: "g", response: { error: "no" } } },
      { functionResponse: { name: "f", response: { output: { two: 2 } } } },
    ];
    const contents = [
      { parts: [{ text: "a" }] },
      { role: "model", parts: calls },
      { role: "function", parts: results },
    ];
    const turns = readTurns(...contents);
    const [one, two, three] = turns[1]!.parts.map((part) => (part.kind === "toolCall" ? part.id : ""));
    assert.equal(new Set([one, two, three]).size, 3);
    assert.deepEqual(turns[2]!.parts, [
      result(one!, "one", { name: "f" }),
      result(two!, "no", { name: "g", failed: true }),
      result(three!, '{"two":2}', { name: "f" }),
    ]);
    assert.deepEqual(readTurns(...contents, { role: "model", parts: [{ text: "b" }] }).slice(0, 3), turns);
  });

  test("has any object as the output of a function, and pictures beside it", () => {
    const parts = [{ inlineData: { mimeType: "image/png", data: "AAAA" } }];
    const functionResponse = { id: "c", name: "f", response: { a: 1, output: 2 }, parts };
    const turns = readTurns(
      { role: "model", parts: [{ functionCall: { id: "c", name: "f", args: { x: [1] } } }] },
      { parts: [{ functionResponse }] },
    );
    const source = { kind: "base64", mediaType: "image/png", data: "AAAA" } as const;
    const image = { kind: "image", source, detail: null, cache: null } as const;
    assert.deepEqual(turns[0]!.parts, [call("c", "f", '{"x":[1]}')]);
    assert.deepEqual(turns[1]!.parts, [result("c", "", { name: "f", parts: [text('{"a":1,"output":2}'), image] })]);
  });

  test("has pictures, sound, documents, URLs and files of Google", () => {
    const uploaded = "https://generativelanguage.googleapis.com/v1beta/files/x";
    const [turn] = readTurns({
      parts: [
        { inlineData: { mimeType: "audio/wav", data: "AAAA" } },
        { inlineData: { mimeType: "application/pdf", data: "BBBB", displayName: "a.pdf" } },
        { fileData: { mimeType: "image/webp", fileUri: "https://example.com/a.webp" } },
        { fileData: { mimeType: "application/pdf", fileUri: uploaded } },
      ],
    });
    const pdf = { kind: "base64", mediaType: "application/pdf", data: "BBBB" };
    const remote = { kind: "url", url: "https://example.com/a.webp", mediaType: "image/webp" };
    assert.deepEqual(turn!.parts, [
      { kind: "audio", source: { kind: "base64", mediaType: "audio/wav", data: "AAAA" }, cache: null },
      { kind: "document", source: pdf, name: "a.pdf", cache: null },
      { kind: "image", source: remote, detail: null, cache: null },
      { kind: "document", source: { kind: "file", id: uploaded, family: "gemini" }, name: null, cache: null },
    ]);
  });
});

describe("the configuration of a Gemini client", () => {
  test("is read in full", () => {
    const sampling = { temperature: 0.5, topP: 0.9, topK: 40, seed: 7, presencePenalty: 0.1, frequencyPenalty: 0.2 };
    const request = readConfig({
      ...sampling,
      maxOutputTokens: 100,
      stopSequences: ["END"],
      candidateCount: 2,
      responseLogprobs: true,
      logprobs: 3,
      responseModalities: ["TEXT"],
    });
    const wanted = { maxTokens: 100, sampling: { ...sampling, logitBias: null }, stop: ["END"] };
    assert.deepEqual(request, chatRequest({ ...wanted, choices: 2, logprobs: 3 }));
  });

  test("has a schema in either language", () => {
    const own = {
      type: "OBJECT",
      nullable: true,
      minProperties: "1",
      properties: {
        type: { type: "STRING", enum: ["a"], nullable: true, format: "enum", example: "a" },
        list: {
          type: "ARRAY",
          items: { anyOf: [{ type: "NUMBER", format: "double" }], nullable: true },
          max_items: "3",
        },
      },
      propertyOrdering: ["type"],
      required: ["type"],
    };
    const schema = {
      type: ["object", "null"],
      minProperties: 1,
      properties: {
        type: { type: ["string", "null"], enum: ["a", null], examples: ["a"] },
        list: { type: "array", items: { anyOf: [{ type: "number" }, { type: "null" }] }, maxItems: 3 },
      },
      required: ["type"],
    };
    const output = { kind: "schema", name: "response", description: null, schema, strict: null };
    const json = { responseMimeType: "application/json" };
    assert.deepEqual(readConfig({ ...json, responseSchema: own }).output, output);
    assert.deepEqual(readConfig({ ...json, responseJsonSchema: schema }).output, output);
    assert.deepEqual(readConfig({ ...json, _responseJsonSchema: schema }).output, output);
  });

  for (const [thinkingConfig, wanted] of [
    [{ thinkingLevel: "LOW" }, { effort: "low" }],
    [
      { thinkingLevel: "minimal", includeThoughts: false },
      { effort: "minimal", visible: false },
    ],
    [{ thinkingLevel: "XHIGH" }, { effort: "xhigh" }],
    [
      { thinkingBudget: -1, includeThoughts: true },
      { budget: -1, adaptive: true, visible: true },
    ],
    [{ thinkingBudget: 0 }, { budget: 0 }],
    [{ thinkingLevel: "THINKING_LEVEL_UNSPECIFIED" }, {}],
  ] as const) {
    test(`wants thought by ${JSON.stringify(thinkingConfig)}`, () => {
      const none = { effort: null, budget: null, adaptive: false, visible: null, summary: null };
      assert.deepEqual(readConfig({ thinkingConfig }).reasoning, { ...none, ...wanted });
    });
  }

  for (const [mode, names, wanted] of [
    ["AUTO", undefined, { mode: "auto", allowed: null }],
    ["NONE", undefined, { mode: "none", allowed: null }],
    ["ANY", undefined, { mode: "required", allowed: null }],
    ["ANY", ["f"], { mode: "required", allowed: ["f"] }],
    ["VALIDATED", ["f"], { mode: "auto", allowed: ["f"] }],
    ["MODE_UNSPECIFIED", undefined, null],
    [undefined, ["f"], { mode: "auto", allowed: ["f"] }],
  ] as const) {
    test(`lets functions be called by mode ${mode}${names === undefined ? "" : " with names"}`, () => {
      const functionCallingConfig = { mode, allowedFunctionNames: names };
      assert.deepEqual(read({ ...HELLO, toolConfig: { functionCallingConfig } }).toolChoice, wanted);
    });
  }

  test("has functions with schemas in either language", () => {
    const functionDeclarations = [
      { name: "a" },
      { name: "b", description: "B", parameters: { type: "OBJECT", properties: { x: { type: "INTEGER" } } } },
      { name: "c", parametersJsonSchema: { type: "object", properties: { y: { $ref: "#" } } } },
    ];
    assert.deepEqual(read({ ...HELLO, tools: [{ functionDeclarations }] }).tools, [
      tool("a"),
      tool("b", { description: "B", schema: { type: "object", properties: { x: { type: "integer" } } } }),
      tool("c", { schema: { type: "object", properties: { y: { $ref: "#" } } } }),
    ]);
  });

  for (const [serviceTier, wanted] of [
    ["standard", "default"],
    ["flex", "flex"],
    ["priority", "priority"],
    ["unspecified", null],
  ] as const) {
    test(`has the tier ${serviceTier}`, () => assert.equal(read({ ...HELLO, serviceTier }).serviceTier, wanted));
  }
});

describe("what only Gemini has", () => {
  for (const [name, body] of [
    ["cachedContent", { cachedContent: "cachedContents/1" }],
    ["tool googleSearch", { tools: [{ googleSearch: {} }] }],
    ["tool urlContext", { tools: [{ url_context: {} }] }],
    ["toolConfig.retrievalConfig", { toolConfig: { retrievalConfig: {} } }],
    ["functionDeclarations.behavior", { tools: [{ functionDeclarations: [{ name: "f", behavior: "NON_BLOCKING" }] }] }],
    ["generationConfig.speechConfig", { generationConfig: { speechConfig: {} } }],
    ["generationConfig.imageConfig", { generationConfig: { image_config: {} } }],
    ["generationConfig.responseModalities", { generationConfig: { responseModalities: ["TEXT", "IMAGE"] } }],
    ["generationConfig.responseMimeType text/x.enum", { generationConfig: { responseMimeType: "text/x.enum" } }],
    ["continuationToken", { continuationToken: "t" }],
    ["somethingNew", { somethingNew: 1 }],
    ["part executableCode", { contents: [{ parts: [{ text: "a" }, { executableCode: {} }] }] }],
    ["part somethingNew", { contents: [{ parts: [{ text: "a" }, { something_new: {} }] }] }],
    ["part videoMetadata", { contents: [{ parts: [{ text: "a", videoMetadata: {} }] }] }],
    ["video", { contents: [{ parts: [{ inlineData: { mimeType: "video/mp4", data: "AAAA" } }] }] }],
    ["fileData without mimeType", { contents: [{ parts: [{ fileData: { fileUri: "https://youtu.be/x" } }] }] }],
  ] as const) {
    test(`is named, so that no other provider is asked: ${name}`, () => {
      assert.deepEqual(read({ ...HELLO, ...body }).nativeOnly, [name]);
    });
  }

  for (const [name, body] of [
    ["safetySettings", { safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "OFF" }] }],
    ["store", { store: false }],
    ["generationConfig.mediaResolution", { generationConfig: { mediaResolution: "MEDIA_RESOLUTION_LOW" } }],
    ["part mediaResolution", { contents: [{ parts: [{ text: "a", mediaResolution: {} }] }] }],
    ["functionDeclarations.response", { tools: [{ functionDeclarations: [{ name: "f", response: {} }] }] }],
    [
      "toolConfig.functionCallingConfig.mode VALIDATED",
      { toolConfig: { functionCallingConfig: { mode: "VALIDATED" } } },
    ],
  ] as const) {
    test(`and changes nothing the client relies on is left out with a warning: ${name}`, () => {
      const request = read({ ...HELLO, ...body });
      assert.deepEqual(request.droppable, [name]);
      assert.deepEqual(request.nativeOnly, []);
    });
  }

  test("is nothing where a field is empty", () => {
    const empty = { safetySettings: [], tools: [], cachedContent: null, generationConfig: { speechConfig: null } };
    assert.deepEqual(read({ ...HELLO, ...empty }), chatRequest());
  });
});
