// Streams of providers of Responses.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EventReader } from "../../../../src/llm/bytes/event-reader.ts";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import { faultOf } from "../../../../src/llm/message/fault.ts";
import { openaiResponses } from "../../../../src/llm/openai-responses/format.ts";
import { RecordingSink, type SinkCall } from "../../../support/llm/recording-sink.ts";
import { fault } from "./support.ts";

const START = ["start", "resp_1", "gpt-5", 7] as const;
const RESPONSE = { id: "resp_1", model: "gpt-5", created_at: 7, status: "in_progress", output: [] };
const CREATED = { type: "response.created", response: RESPONSE };
const END: readonly SinkCall[] = [["finish", 0, "stop", null], ["end"]];
const CALLED: readonly SinkCall[] = [["finish", 0, "toolCalls", null], ["end"]];
const USAGE = { input_tokens: 5, output_tokens: 2 };

function completed(output: readonly JsonObject[] = [], more: JsonObject = {}): JsonObject {
  return { type: "response.completed", response: { ...RESPONSE, status: "completed", output, ...more } };
}

/** What a sink is told of events. */
function told(events: readonly (JsonObject | string)[], close = false): SinkCall[] {
  const sink = new RecordingSink();
  const reader = openaiResponses.provider.streamReader(sink);
  for (const event of events) {
    if (typeof event === "string") reader.event("", event);
    else reader.event(String(event.type), JSON.stringify(event));
  }
  if (close) reader.close();
  return sink.calls;
}

const MESSAGE = { type: "message", id: "msg_1", role: "assistant" };
const at = (place: number, more: JsonObject = {}) => ({ output_index: place, ...more });
const part = (place: number, id: string, more: JsonObject = {}) => ({
  ...at(place),
  item_id: id,
  content_index: 0,
  ...more,
});
const addedMessage = { type: "response.output_item.added", ...at(0), item: { ...MESSAGE, content: [] } };
const text = (value: string) => ({ type: "output_text", text: value, annotations: [] });

describe("a stream of a provider", () => {
  test("of text is told as it comes, and once", () => {
    const calls = told([
      CREATED,
      { type: "response.in_progress", response: RESPONSE },
      addedMessage,
      { type: "response.content_part.added", ...part(0, "msg_1"), part: text("") },
      { type: "response.output_text.delta", ...part(0, "msg_1"), delta: "Hel", logprobs: [], obfuscation: "xx" },
      { type: "response.output_text.delta", ...part(0, "msg_1"), delta: "lo", logprobs: [] },
      { type: "response.output_text.done", ...part(0, "msg_1"), text: "Hello", logprobs: [] },
      { type: "response.content_part.done", ...part(0, "msg_1"), part: text("Hello") },
      { type: "response.output_item.done", ...at(0), item: { ...MESSAGE, content: [text("Hello")] } },
      completed([{ ...MESSAGE, content: [text("Hello")] }], { usage: USAGE }),
      "[DONE]",
    ]);
    const usage = { input: 5, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output: 2, reasoning: 0 };
    assert.deepEqual(calls, [START, ["text", 0, "Hello"], ["usage", usage], ...END]);
  });

  test("is complete wherever the text is said: in deltas, in `done` events, in the item, at the end", () => {
    const whole = { ...MESSAGE, content: [text("Hello")] };
    const cut = { type: "response.output_text.delta", ...part(0, "msg_1"), delta: "Hel" };
    const rows: JsonObject[][] = [
      [addedMessage, { type: "response.output_text.done", ...part(0, "msg_1"), text: "Hello" }],
      [addedMessage, { type: "response.content_part.done", ...part(0, "msg_1"), part: text("Hello") }],
      [addedMessage, { type: "response.output_item.done", ...at(0), item: whole }],
      [{ type: "response.output_item.done", ...at(0), item: whole }],
      [cut, { type: "response.output_text.done", ...part(0, "msg_1"), text: "Hello" }],
      [cut, { type: "response.output_item.done", ...at(0), item: whole }],
      [addedMessage, cut],
      [cut],
      [],
    ];
    for (const row of rows) {
      for (const id of ["msg_1", "msg_other"]) {
        const calls = told([CREATED, ...row, completed([{ ...whole, id }])]);
        assert.deepEqual(calls, [START, ["text", 0, "Hello"], ...END], JSON.stringify(row));
      }
    }
  });

  test("may lack everything that only frames it", () => {
    const bare = [
      { type: "response.output_text.delta", delta: "Hel" },
      { type: "response.output_text.delta", delta: "lo" },
      { type: "response.completed", response: {} },
    ];
    assert.deepEqual(told(bare), [["start", "", "", 0], ["text", 0, "Hello"], ...END]);
    const sink = new RecordingSink();
    const reader = openaiResponses.provider.streamReader(sink);
    reader.event("response.output_text.delta", '{"delta":"a"}');
    reader.event(
      "",
      '{"type":"response.output_text.delta","delta":"b"}{"type":"response.output_text.delta","delta":"c"}',
    );
    assert.deepEqual(sink.last("text"), [0, "abc"]);
  });

  test("of calls keeps them apart where they interleave", () => {
    const item = (place: number) => ({ type: "function_call", id: `fc_${place}`, call_id: `c${place}`, name: "get" });
    const delta = (place: number, piece: string) => {
      return { type: "response.function_call_arguments.delta", ...at(place), item_id: `fc_${place}`, delta: piece };
    };
    const calls = told([
      CREATED,
      { type: "response.output_item.added", ...at(0), item: { ...item(0), arguments: "" } },
      { type: "response.output_item.added", ...at(1), item: { ...item(1), arguments: "", namespace: "crm" } },
      delta(1, '{"b":'),
      delta(0, '{"a":1}'),
      delta(1, "2}"),
      { type: "response.function_call_arguments.done", ...at(1), item_id: "fc_1", arguments: '{"b":2}' },
      { type: "response.output_item.done", ...at(1), item: { ...item(1), arguments: '{"b":2}' } },
      { type: "response.output_item.done", ...at(0), item: { ...item(0), arguments: '{"a":1}' } },
      completed(),
    ]);
    assert.deepEqual(calls, [
      START,
      ["toolStart", 0, 0, "c0", "get", false],
      ["toolStart", 0, 1, "c1", "crm__get", false],
      ["toolArguments", 0, 1, '{"b":'],
      ["toolArguments", 0, 0, '{"a":1}'],
      ["toolArguments", 0, 1, "2}"],
      ["toolEnd", 0, 1, null],
      ["toolEnd", 0, 0, null],
      ...CALLED,
    ]);
  });

  test("of a call is complete wherever its parts are said, with and without a name in `done`", () => {
    const item = { type: "function_call", id: "fc_1", call_id: "c1", name: "get", arguments: '{"a":1}' };
    const added = { type: "response.output_item.added", ...at(0), item: { ...item, arguments: "" } };
    const unnamed = { type: "response.output_item.added", ...at(0), item: { type: "function_call", id: "fc_1" } };
    const delta = { type: "response.function_call_arguments.delta", ...at(0), item_id: "fc_1", delta: '{"a"' };
    const done = { type: "response.function_call_arguments.done", ...at(0), item_id: "fc_1", arguments: '{"a":1}' };
    const itemDone = { type: "response.output_item.done", ...at(0), item };
    const rows: JsonObject[][] = [
      [added, delta, done, itemDone],
      [added, delta, { ...done, name: "get" }, itemDone],
      [added, done],
      [added, itemDone],
      [{ ...added, item }],
      [unnamed, delta, itemDone],
      [delta, done, itemDone],
      [delta],
      [itemDone],
      [],
    ];
    for (const row of rows) {
      const calls = told([CREATED, ...row, completed([item])]);
      assert.deepEqual(
        calls,
        [
          START,
          ["toolStart", 0, 0, "c1", "get", false],
          ["toolArguments", 0, 0, '{"a":1}'],
          ["toolEnd", 0, 0, null],
          ...CALLED,
        ],
        JSON.stringify(row),
      );
    }
  });

  test("of a freeform tool has raw input", () => {
    const item = { type: "custom_tool_call", id: "ctc_1", call_id: "c1", name: "patch" };
    const calls = told([
      CREATED,
      { type: "response.output_item.added", ...at(0), item: { ...item, input: "" } },
      { type: "response.custom_tool_call_input.delta", ...at(0), item_id: "ctc_1", delta: "*** Be" },
      { type: "response.custom_tool_call_input.done", ...at(0), item_id: "ctc_1", input: "*** Begin" },
      { type: "response.output_item.done", ...at(0), item: { ...item, input: "*** Begin" } },
      completed([{ ...item, input: "*** Begin" }]),
    ]);
    assert.deepEqual(calls, [
      START,
      ["toolStart", 0, 0, "c1", "patch", true],
      ["toolArguments", 0, 0, "*** Begin"],
      ["toolEnd", 0, 0, null],
      ...CALLED,
    ]);
  });

  test("of thoughts tells summaries or the thought itself, and ends each with its proof", () => {
    const item = { type: "reasoning", id: "rs_1", summary: [] };
    const done = (more: JsonObject) => ({ type: "response.output_item.done", ...at(0), item: { ...item, ...more } });
    const added = { type: "response.output_item.added", ...at(0), item };
    const summary = (index: number, verb: string, more: JsonObject) => {
      return {
        type: `response.reasoning_summary_text.${verb}`,
        ...at(0),
        item_id: "rs_1",
        summary_index: index,
        ...more,
      };
    };
    const signature = { family: "openai", value: "gAAA" };
    const two = [
      { type: "summary_text", text: "One" },
      { type: "summary_text", text: "Two" },
    ];
    const rows: [JsonObject[], SinkCall[]][] = [
      [
        [
          added,
          summary(0, "delta", { delta: "On" }),
          summary(0, "done", { text: "One" }),
          summary(1, "delta", { delta: "Two" }),
          { type: "response.reasoning_summary_part.done", ...at(0), item_id: "rs_1", summary_index: 1, part: two[1] },
          done({ summary: two, encrypted_content: "gAAA" }),
        ],
        [
          ["reasoning", 0, "One\n\nTwo", true],
          ["reasoningEnd", 0, signature, false, "rs_1"],
        ],
      ],
      [
        [added, done({ summary: two })],
        [
          ["reasoning", 0, "One\n\nTwo", true],
          ["reasoningEnd", 0, null, false, "rs_1"],
        ],
      ],
      [[added, done({ encrypted_content: "gAAA" })], [["reasoningEnd", 0, signature, true, "rs_1"]]],
      [[added, done({})], []],
      [
        [
          added,
          { type: "response.reasoning_text.delta", ...part(0, "rs_1"), delta: "Th" },
          { type: "response.reasoning_text.done", ...part(0, "rs_1"), text: "Tho" },
          { type: "response.content_part.done", ...part(0, "rs_1"), part: { type: "reasoning_text", text: "Thought" } },
          summary(0, "delta", { delta: "told once" }),
        ],
        [
          ["reasoning", 0, "Thought", false],
          ["reasoningEnd", 0, null, false, null],
        ],
      ],
    ];
    for (const [events, want] of rows) {
      assert.deepEqual(told([CREATED, ...events, completed()]), [START, ...want, ...END], JSON.stringify(events));
    }
  });

  test("of a refusal, or without content for its length, ends accordingly", () => {
    const delta = { type: "response.refusal.delta", ...part(0, "msg_1"), delta: "No" };
    const done = { type: "response.refusal.done", ...part(0, "msg_1"), refusal: "No!" };
    const whole = { ...MESSAGE, content: [{ type: "refusal", refusal: "No!" }] };
    for (const row of [[delta, done], [done], [delta], []]) {
      assert.deepEqual(
        told([CREATED, ...row, completed([whole])]),
        [START, ["refusal", 0, "No!"], ["finish", 0, "contentFilter", null], ["end"]],
        JSON.stringify(row),
      );
    }
    const cut = { ...RESPONSE, status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    const ended = [["finish", 0, "length", null], ["end"]] as const;
    assert.deepEqual(told([CREATED, { type: "response.incomplete", response: cut }]), [START, ...ended]);
    assert.deepEqual(told([CREATED, { type: "response.incomplete", response: RESPONSE }]), [START, ...ended]);
  });

  test("has log probabilities before the text they are of", () => {
    const entry = { token: "a", logprob: -1, top_logprobs: [] };
    const delta = { type: "response.output_text.delta", ...part(0, "msg_1"), delta: "a", logprobs: [entry] };
    const logprobs = ["logprobs", 0, { content: [entry], refusal: null }] as const;
    assert.deepEqual(told([CREATED, delta, completed()]), [START, logprobs, ["text", 0, "a"], ...END]);
    const done = { type: "response.output_text.done", ...part(0, "msg_1"), text: "a", logprobs: [entry] };
    assert.deepEqual(told([CREATED, done, completed()]), [START, logprobs, ["text", 0, "a"], ...END]);
    assert.deepEqual(told([CREATED, delta, done, completed()]), [START, logprobs, ["text", 0, "a"], ...END]);
  });

  test("leaves out and counts what the common form has no place for", () => {
    const sink = new RecordingSink();
    const reader = openaiResponses.provider.streamReader(sink);
    const unknown = [
      { type: "response.queued", response: RESPONSE },
      { type: "response.output_item.added", ...at(0), item: { type: "web_search_call", id: "ws_1" } },
      { type: "response.web_search_call.searching", ...at(0), item_id: "ws_1" },
      { type: "response.output_item.done", ...at(0), item: { type: "web_search_call", id: "ws_1" } },
      { type: "response.something.new", x: 1 },
      { type: "keepalive" },
    ];
    for (const event of [CREATED, ...unknown]) reader.event("", JSON.stringify(event));
    reader.event("", JSON.stringify(completed([{ type: "web_search_call", id: "ws_1" }])));
    assert.deepEqual(sink.calls, [START, ...END]);
    assert.equal(reader.ignored, 4);
  });

  test("is the same however its bytes are cut", () => {
    const events = [
      CREATED,
      { type: "response.output_text.delta", ...part(0, "msg_1"), delta: "grüße 😀" },
      { type: "response.function_call_arguments.delta", ...at(1), item_id: "fc_1", delta: '{"ü":' },
      completed([
        { ...MESSAGE, content: [text("grüße 😀!")] },
        { type: "function_call", id: "fc_1", call_id: "c1", name: "get", arguments: '{"ü":1}' },
      ]),
    ];
    const bytes = Buffer.from(
      events.map((event) => `event: ${event.type}\r\ndata:${JSON.stringify(event)}\r\n\r\n`).join(""),
    );
    const want = told(events);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const sink = new RecordingSink();
      const reader = openaiResponses.provider.streamReader(sink);
      const to = { event: (name: string, data: string) => reader.event(name, data), comment() {}, tooLarge() {} };
      const parser = new EventReader(to, 1_000_000);
      parser.feed(bytes.subarray(0, cut));
      parser.feed(bytes.subarray(cut));
      assert.deepEqual(sink.calls, want, `cut at ${cut}`);
    }
  });
});

describe("a stream that fails", () => {
  test("reports the fault of the provider, and nothing more", () => {
    const server = faultOf("server", "The provider failed to serve the request", null, "server_error");
    const error = { code: "server_error", message: "internal detail" };
    const rows: JsonObject[] = [
      { type: "response.failed", response: { ...RESPONSE, status: "failed", error } },
      { type: "error", sequence_number: 3, param: null, ...error },
      { type: "error", sequence_number: 3, error: { type: "server_error", ...error } },
      completed([], { status: "failed", error }),
    ];
    for (const event of rows) {
      const calls = told([CREATED, event, completed()], true);
      assert.deepEqual(calls, [START, ["fault", server]], JSON.stringify(event));
    }
    const cancelled = told([CREATED, { type: "response.cancelled", response: { ...RESPONSE, status: "cancelled" } }]);
    assert.deepEqual(cancelled[1], ["fault", faultOf("server", "The provider has cancelled the answer")]);
  });

  test("reports an error without a type by its code", () => {
    const [call] = told([JSON.stringify({ error: { message: "slow down", code: 429 } })]);
    assert.ok(call?.[0] === "fault");
    assert.deepEqual([(call[1] as { kind: string }).kind, (call[1] as { status: number }).status], ["rateLimit", 429]);
  });

  test("is a fault if it ends before its end, `[DONE]` or not", () => {
    const ended = faultOf(
      "badGateway",
      "The provider sent an invalid response: the stream ended before the answer was complete",
    );
    const delta = { type: "response.output_text.delta", ...part(0, "msg_1"), delta: "Hel" };
    assert.deepEqual(told([CREATED, delta], true), [START, ["text", 0, "Hel"], ["fault", ended]]);
    assert.deepEqual(told([CREATED, delta, "[DONE]"], true), [START, ["text", 0, "Hel"], ["fault", ended]]);
    assert.deepEqual(told([], true), [["fault", ended]]);
    assert.deepEqual(told([CREATED, completed()], true), [START, ...END], "what has ended is complete");
  });

  test("throws at what no answer can contain", () => {
    const invalid = "The provider sent an invalid response: ";
    assert.throws(() => told(["<html>"]), fault(`${invalid}an event without a JSON object`));
    assert.throws(
      () => told([CREATED, { type: "response.completed" }]),
      fault(`${invalid}its last event has no response`),
    );
  });
});
