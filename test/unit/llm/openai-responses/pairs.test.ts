// Clients of Responses with providers of every format: freeform tools, namespaces, long names, and media in results.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { anthropicMessages } from "../../../../src/llm/anthropic/format.ts";
import { EventReader } from "../../../../src/llm/bytes/event-reader.ts";
import type { ReplyIdentity, WireFormat } from "../../../../src/llm/format.ts";
import { gemini } from "../../../../src/llm/gemini/format.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import type { ModelTarget } from "../../../../src/llm/models/model.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";
import { openaiResponses } from "../../../../src/llm/openai-responses/format.ts";
import { TOOL_NAMES, ToolNames } from "../../../../src/llm/tools/ids.ts";
import { RestoredTools, restoreTools } from "../../../../src/llm/tools/restored-tools.ts";
import { call, chatResponse, modelTarget } from "../../../support/llm/common-form.ts";
import { validateResponsesStream } from "../../../support/llm/responses-validator.ts";
import { read } from "./support.ts";

/** Providers: those with freeform tools of their own, and those that get them as functions. */
const PROVIDERS: readonly {
  readonly name: string;
  readonly format: WireFormat;
  readonly to: ModelTarget;
  readonly freeform: boolean;
}[] = [
  { name: "OpenAI Chat Completions", format: openaiChat, to: modelTarget(), freeform: true },
  { name: "compatible Chat Completions", format: openaiChat, to: modelTarget({}, { genuine: false }), freeform: false },
  { name: "OpenAI Responses", format: openaiResponses, to: modelTarget(), freeform: true },
  { name: "compatible Responses", format: openaiResponses, to: modelTarget({}, { genuine: false }), freeform: false },
  { name: "Anthropic", format: anthropicMessages, to: modelTarget(), freeform: false },
  { name: "Gemini", format: gemini, to: modelTarget({ toolMedia: true } as never), freeform: false },
];

const PATCH = '*** Begin Patch\n+ "grüße" \\ 😀\n*** End Patch';
const LONG = "search_".padEnd(100, "x");
const GRAMMAR = { type: "grammar", syntax: "lark", definition: "start: begin_patch" };
const TOOLS = [
  { type: "custom", name: "apply_patch", description: "Edits files", format: GRAMMAR },
  { type: "function", name: LONG, description: "", parameters: { type: "object", properties: {} }, strict: false },
  {
    type: "namespace",
    name: "crm",
    description: "Customers",
    tools: [
      { type: "function", name: "get", parameters: { type: "object", properties: {} }, strict: false },
      { type: "custom", name: "note" },
    ],
  },
];
/** An earlier turn of the same agent. */
const HISTORY = [
  { role: "user", content: "Fix it" },
  { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: PATCH },
  { type: "custom_tool_call_output", call_id: "call_1", output: "Done" },
  { type: "function_call", call_id: "call_2", name: "get", namespace: "crm", arguments: "{}" },
  {
    type: "function_call_output",
    call_id: "call_2",
    output: [
      { type: "input_text", text: "see" },
      { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=" },
    ],
  },
];
const CALLS: readonly JsonObject[] = [
  { type: "custom_tool_call", call_id: "call_3", name: "apply_patch", input: PATCH },
  { type: "function_call", call_id: "call_4", name: LONG, arguments: '{"q":"a"}' },
  { type: "custom_tool_call", call_id: "call_5", name: "note", namespace: "crm", input: "plain" },
  { type: "function_call", call_id: "call_6", name: "get", namespace: "crm", arguments: "{}" },
];

const REQUEST = read({ model: "auto", tools: TOOLS, input: HISTORY, stream: true });

function identity(request: ChatRequest): ReplyIdentity {
  return { id: "resp_a", model: "auto", createdAt: 1, request, inputEstimate: 1 };
}

/** The calls, as a model behind a provider makes them. */
function made(freeform: boolean, names: ToolNames | null) {
  const raw = (id: string, name: string, input: string) => {
    return freeform ? call(id, name, input, { freeform }) : call(id, name, JSON.stringify({ input }));
  };
  const out = (name: string) => names?.out(name) ?? name;
  return [
    raw("call_3", out("apply_patch"), PATCH),
    call("call_4", out(LONG), '{"q":"a"}'),
    raw("call_5", out("crm__note"), "plain"),
    call("call_6", out("crm__get"), "{}"),
  ];
}

/** Without what only names or orders items. */
function calls(output: unknown): JsonObject[] {
  return (output as JsonObject[]).map(({ id: _id, status: _status, call_id, ...item }) => {
    // Gemini's calls have no ids unless it gives them.
    assert.equal(typeof call_id, "string");
    return item;
  });
}

const WANTED = CALLS.map(({ call_id: _, ...item }) => item);

for (const { name, format, to, freeform } of PROVIDERS) {
  describe(`a client of Responses with a provider of ${name}`, () => {
    const { body, toolNames } = format.provider.writeRequest(REQUEST, to);
    const text = JSON.stringify(body);
    /** What the provider answers, as it would write it itself. */
    const own = { ...REQUEST, tools: freeform ? REQUEST.tools : [] };

    test("has freeform tools with their grammar, and tools of namespaces, in a form the provider knows", () => {
      assert.match(text, /start: begin_patch/);
      assert.equal(/"type":"custom"/.test(text), freeform);
      const nested = freeform && format === openaiResponses;
      assert.equal(/"type":"namespace"/.test(text), nested);
      assert.equal(text.includes('"crm__get"'), !nested);
    });

    test("has earlier raw input as it was, or as the one text of a function", () => {
      const inJson = JSON.stringify(PATCH);
      const args = JSON.stringify({ input: PATCH });
      const found = freeform
        ? text.includes(`"input":${inJson}`)
        : text.includes(`"input":${inJson}`) || text.includes(JSON.stringify(args));
      assert.ok(found, text);
    });

    test("has pictures in results as pictures", () => {
      assert.match(text, /iVBORw0KGgo=/);
      assert.doesNotMatch(text, /input_image[^}]*\\"/, "not as text");
      const kinds = { "openai-chat": /"image_url":\{"url":"data:/, "openai-responses": /"type":"input_image"/ };
      const others = { "anthropic-messages": /"type":"image"/, gemini: /"inlineData"/ };
      assert.match(text, { ...kinds, ...others }[format.name]);
    });

    test("gets calls of a stream back under their names, raw input as such, wherever the stream is cut", () => {
      const provider = format.client.streamWriter(identity(own));
      provider.start("x", "model", 1);
      made(freeform, toolNames).forEach((part, index) => {
        provider.toolStart(0, index, part.id, part.name, part.freeform);
        for (const piece of part.arguments.match(/[\s\S]{1,5}/g) ?? []) provider.toolArguments(0, index, piece);
        provider.toolEnd(0, index, null);
      });
      provider.finish(0, "toolCalls", null);
      provider.end();
      const bytes = Buffer.from(provider.take());
      const step = Math.max(1, Math.floor(bytes.length / 40));
      for (let cut = 0; cut <= bytes.length; cut += step) {
        const client = openaiResponses.client.streamWriter(identity(REQUEST));
        const sink = toolNames === null ? client : new RestoredTools(client, toolNames);
        const reader = format.provider.streamReader(sink);
        const to = { event: (kind: string, data: string) => reader.event(kind, data), comment() {}, tooLarge() {} };
        const events = new EventReader(to, 1_000_000);
        events.feed(bytes.subarray(0, cut));
        events.feed(bytes.subarray(cut));
        reader.close();
        const { response } = validateResponsesStream(client.take());
        assert.equal(response?.status, "completed", `cut at ${cut}`);
        assert.deepEqual(calls(response?.output), WANTED, `cut at ${cut}`);
      }
    });

    test("gets calls of a complete answer back under their names, and can send them again", () => {
      const parts = made(freeform, toolNames);
      const answer = format.client.writeResponse(chatResponse({ parts, finish: "toolCalls" }), identity(own));
      const read = format.provider.readResponse(answer);
      const restored = toolNames === null ? read : restoreTools(read, toolNames);
      const { output } = openaiResponses.client.writeResponse(restored, identity(REQUEST));
      assert.deepEqual(calls(output), WANTED);
    });
  });
}

test("names of tools fit every format, and come back", () => {
  for (const rule of Object.values(TOOL_NAMES)) {
    const names = new ToolNames(REQUEST, rule, false);
    for (const { name } of REQUEST.tools) {
      assert.match(names.out(name), rule.allowed);
      assert.equal(names.back(names.out(name)), name);
    }
  }
});
