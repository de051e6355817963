// The mock of OpenAI behaves to the official SDK as OpenAI does.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import OpenAI, { APIError, toFile } from "openai";
import { keyOf, mockProvider, type TestProvider } from "../../../support/llm/mock-provider.ts";

let provider: TestProvider;
let client: OpenAI;
before(async () => {
  provider = await mockProvider("openai");
  client = new OpenAI({ baseURL: provider.baseUrl, apiKey: keyOf("openai"), maxRetries: 0 });
});

const weather = {
  type: "function" as const,
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};

const ask = (content: string) => [{ role: "user" as const, content }];

/** The error a request ends with. */
async function errorOf(request: Promise<unknown>): Promise<APIError> {
  const error = await request.then(
    () => assert.fail("it was answered"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof APIError, String(error));
  return error;
}

describe("chat completions", () => {
  test("echo the prompt, and the parts of usage add up", async () => {
    const answer = await client.chat.completions.create({ model: "gpt-4o-mini", messages: ask("hello") });
    assert.equal(answer.choices[0]!.message.content, "You said: hello");
    const usage = answer.usage!;
    assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  });
  test("stream what they answer whole, with usage only if asked for", async () => {
    for (const include_usage of [true, false]) {
      const stream = client.chat.completions.stream({
        model: "gpt-5",
        messages: ask("hello there"),
        stream_options: { include_usage },
      });
      const answer = await stream.finalChatCompletion();
      assert.equal(answer.choices[0]!.message.content, "You said: hello there");
      assert.equal(answer.choices[0]!.finish_reason, "stop");
      assert.equal((answer.usage?.completion_tokens_details?.reasoning_tokens ?? 0) > 0, include_usage);
    }
  });
  test("call the tools that the prompt names, with and without arguments, and go on from their results", async () => {
    const messages = ask('call get_weather with {"city":"Paris"} and call get_weather');
    const stream = client.chat.completions.stream({ model: "gpt-5", messages, tools: [weather] });
    const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0]!;
    assert.equal(finish_reason, "tool_calls");
    assert.deepEqual(
      message.tool_calls!.map((call) => call.type === "function" && call.function.arguments),
      ['{"city":"Paris"}', "{}"],
    );
    const results = message.tool_calls!.map(({ id }, i) => ({
      role: "tool" as const,
      tool_call_id: id,
      content: `r${i}`,
    }));
    const next = { model: "gpt-5", tools: [weather], messages: [...messages, message, ...results] };
    assert.equal((await client.chat.completions.create(next)).choices[0]!.message.content, "The tool said: r0 | r1");
  });
  test("answer by schema, stop at stop sequences and at the length limit", async () => {
    const schema = {
      type: "object",
      properties: { n: { type: "integer" } },
      required: ["n"],
      additionalProperties: false,
    };
    const shaped = await client.chat.completions.create({
      model: "gpt-5",
      messages: ask("x"),
      response_format: { type: "json_schema", json_schema: { name: "n", schema, strict: true } },
    });
    assert.equal(shaped.choices[0]!.message.content, '{"n":7}');
    const model = "gpt-4o-mini";
    const stopped = await client.chat.completions.create({ model, messages: ask("one two"), stop: [" two"] });
    assert.equal(stopped.choices[0]!.message.content, "You said: one");
    const cut = await client.chat.completions.create({ model, messages: ask("one two three"), max_tokens: 2 });
    assert.equal(cut.choices[0]!.finish_reason, "length");
  });
  test("refuse what OpenAI refuses, naming the place", async () => {
    const model = "gpt-5";
    const cases: [object, string | null, RegExp][] = [
      [{ messages: [{ role: "narrator", content: "x" }] }, "messages[0].role", /Invalid value: 'narrator'/],
      [{ temperature: 0.5 }, "temperature", /Unsupported value/],
      [{ max_tokens: 5 }, "max_tokens", /max_completion_tokens/],
      [{ top_k: 5 }, "top_k", /Unknown parameter/],
      [{ tool_choice: "auto" }, "tool_choice", /only allowed/],
      [{ messages: [{ role: "tool", tool_call_id: "a", content: "x" }] }, "messages.[0].role", /preceeding/],
      [{ stream_options: { include_usage: true } }, "stream_options", /'stream' is enabled/],
    ];
    for (const [fields, param, message] of cases) {
      const body = { model, messages: ask("x"), ...fields } as Parameters<typeof client.chat.completions.create>[0];
      const error = await errorOf(client.chat.completions.create(body));
      assert.deepEqual([error.status, error.param], [400, param]);
      assert.match(error.message, message);
    }
  });
  test("fail as they are told, in the prompt or by the model's name", async () => {
    const statuses: [string, number, string | null][] = [
      ["429=3", 429, "rate_limit_exceeded"],
      ["quota", 429, "insufficient_quota"],
      ["401", 401, "invalid_api_key"],
      ["overflow", 400, "context_length_exceeded"],
      ["500", 500, null],
    ];
    for (const [command, status, code] of statuses) {
      const named = await errorOf(client.chat.completions.create({ model: `gpt-5~${command}`, messages: ask("x") }));
      const said = await errorOf(
        client.chat.completions.create({ model: "gpt-5", messages: ask(`mock:${command} x`) }),
      );
      for (const error of [named, said]) assert.deepEqual([error.status, error.code], [status, code]);
      if (command === "429=3") assert.equal(named.headers!.get("retry-after"), "3");
    }
    const other = await client.chat.completions.create({ model: "gpt-5", messages: ask("mock:500@anthropic hi") });
    assert.equal(other.choices[0]!.message.content, "You said: hi");
  });
  test("break their streams as they are told", async () => {
    const streamed = (command: string) =>
      client.chat.completions.stream({ model: `gpt-5~${command}`, messages: ask("a b c d") }).finalChatCompletion();
    for (const command of [
      "cut",
      "cut-start",
      "no-end",
      "overloaded-stream",
      "error-stream",
      "error-in-200",
      "html",
      "reset",
    ])
      await assert.rejects(streamed(command), command);
    const whole = await streamed("crlf,comments,bytes=3");
    assert.equal(whole.choices[0]!.message.content, "You said: a b c d");
  });
  test("refuse keys that are wrong, revoked, or of another provider in any field", async () => {
    for (const apiKey of ["sk-revoked", "key", keyOf("anthropic")]) {
      const other = new OpenAI({ baseURL: provider.baseUrl, apiKey, maxRetries: 0 });
      assert.equal((await errorOf(other.models.list())).status, 401);
    }
    const leaky = client.withOptions({ defaultHeaders: { "X-Api-Key": keyOf("anthropic") } });
    assert.equal((await errorOf(leaky.models.list())).status, 401);
  });
});

describe("responses", () => {
  test("prove their thoughts to the same account only, over two turns with tools", async () => {
    const tools = [{ ...weather.function, type: "function" as const, strict: false }];
    const base = { model: "gpt-5", tools, store: false, include: ["reasoning.encrypted_content" as const] };
    const input = [{ role: "user" as const, content: 'call get_weather with {"city":"Paris"}' }];
    const first = await client.responses.create({ ...base, input, reasoning: { summary: "auto" } });
    assert.deepEqual(
      first.output.map(({ type }) => type),
      ["reasoning", "function_call"],
    );
    const call = first.output.find((item) => item.type === "function_call")!;
    const said = first.output as OpenAI.Responses.ResponseInputItem[];
    const output = { type: "function_call_output" as const, call_id: call.call_id, output: "sunny" };
    const next = { ...base, input: [...input, ...said, output] };
    assert.equal((await client.responses.create(next)).output_text, "The tool said: sunny");
    const stranger = client.withOptions({ apiKey: keyOf("openai", 2) });
    assert.equal((await errorOf(stranger.responses.create(next))).code, "invalid_encrypted_content");
    const cut = { ...base, input: [...input, ...said] };
    assert.match((await errorOf(client.responses.create(cut))).message, /No tool output found/);
  });
  test("stream what they answer whole, and end incomplete at the length limit", async () => {
    const stream = client.responses.stream({ model: "gpt-5", input: "hello", reasoning: { summary: "auto" } });
    const done = await stream.finalResponse();
    assert.equal(done.output_text, "You said: hello");
    assert.equal(done.usage!.total_tokens, done.usage!.input_tokens + done.usage!.output_tokens);
    const cut = await client.responses.create({ model: "gpt-4o-mini", input: "mock:words=90", max_output_tokens: 16 });
    assert.equal(cut.incomplete_details?.reason, "max_output_tokens");
  });
  test("go on from a stored response, for its own account", async () => {
    const first = await client.responses.create({ model: "gpt-5", input: "one" });
    const next = { model: "gpt-5", input: "two", previous_response_id: first.id };
    assert.equal((await client.responses.create(next)).output_text, "You said: two");
    assert.equal((await client.responses.retrieve(first.id)).output_text, "You said: one");
    const stranger = client.withOptions({ apiKey: keyOf("openai", 2) });
    assert.equal((await errorOf(stranger.responses.create(next))).code, "previous_response_not_found");
  });
  test("call freeform tools with raw input", async () => {
    const tools = [{ type: "custom" as const, name: "shell" }];
    const stream = client.responses.stream({ model: "gpt-5", tools, input: 'call shell with "ls -l"' });
    const { output } = await stream.finalResponse();
    const call = output.find((item) => item.type === "custom_tool_call")!;
    assert.equal(call.input, "ls -l");
  });
});

describe("the other endpoints", () => {
  test("embed, judge, list, and count", async () => {
    const embedded = await client.embeddings.create({
      model: "text-embedding-3-small",
      input: ["a", "b"],
      dimensions: 4,
    });
    assert.deepEqual(
      embedded.data.map(({ embedding }) => embedding.length),
      [4, 4],
    );
    assert.equal((await client.moderations.create({ input: "I will do harm" })).results[0]!.flagged, true);
    assert.ok((await client.models.list()).data.some(({ id }) => id === "gpt-5"));
    assert.ok((await client.responses.inputTokens.count({ model: "gpt-5", input: "four char" })).input_tokens > 0);
  });
  test("take and give files, sounds and pictures byte by byte", async () => {
    const file = await client.files.create({ file: await toFile(Buffer.from("a\r\n--b"), "x.txt"), purpose: "batch" });
    assert.equal(await (await client.files.content(file.id)).text(), "a\r\n--b");
    const batch = await client.batches.create({
      input_file_id: file.id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    });
    assert.equal((await client.batches.cancel(batch.id)).status, "cancelled");
    const sound = await client.audio.speech.create({ model: "tts-1", input: "hi", voice: "alloy" });
    assert.equal((await sound.arrayBuffer()).byteLength, 128);
    const heard = { file: await toFile(Buffer.alloc(1000, 255), "a.mp3"), model: "whisper-1" };
    assert.equal((await client.audio.transcriptions.create(heard)).text, "1000 bytes of a.mp3");
    assert.ok((await client.images.generate({ prompt: "x", model: "gpt-image-1" })).data![0]!.b64_json);
  });
});
