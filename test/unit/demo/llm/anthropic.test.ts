// The mock of Anthropic behaves to the official SDKs, of both versions of the API, as Anthropic does.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import Anthropic, { APIError } from "@anthropic-ai/sdk";
import Previous from "anthropic-sdk-previous";
import { keyOf, mockProvider, type TestProvider } from "../../../support/llm/mock-provider.ts";

let provider: TestProvider;
let client: Anthropic;
before(async () => {
  provider = await mockProvider("anthropic");
  client = new Anthropic({ baseURL: provider.baseUrl, apiKey: keyOf("anthropic"), maxRetries: 0 });
});

const ask = (content: string) => [{ role: "user" as const, content }];
const tool = {
  name: "get_weather",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } } },
};
const base = { model: "claude-sonnet-4-6", max_tokens: 4096 };

async function errorOf(request: Promise<unknown>): Promise<APIError> {
  const error = await request.then(
    () => assert.fail("it was answered"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof APIError, String(error));
  return error;
}

/** Sends a body as it is. */
const send = (body: object) => client.post<Anthropic.Message>("/v1/messages", { body }) as Promise<Anthropic.Message>;

test("messages echo the prompt, whole and streamed, to both SDKs", async () => {
  const whole = await client.messages.create({ ...base, messages: ask("hello") });
  assert.deepEqual(whole.content, [{ type: "text", text: "You said: hello" }]);
  const previous = new Previous({ baseURL: provider.baseUrl, apiKey: keyOf("anthropic") });
  const request = { ...base, messages: ask("hello there") };
  for (const stream of [client.messages.stream(request), previous.messages.stream(request)]) {
    const streamed = await stream.finalMessage();
    assert.deepEqual(streamed.content, [{ type: "text", text: "You said: hello there" }]);
    assert.equal(streamed.stop_reason, "end_turn");
    assert.ok(streamed.usage.output_tokens > 1);
  }
  const versions = provider.requests.map(({ fields }) => fields[fields.indexOf("anthropic-version") + 1]);
  assert.deepEqual([...new Set(versions)], ["2026-10-21", "2023-06-01"]);
});
test("thoughts come signed, and a tool loop with a budget of thought brings them back", async () => {
  const thinking = { type: "enabled" as const, budget_tokens: 1024 };
  const messages = ask('say "one moment" and call get_weather with {"city":"Paris"} and call get_weather');
  const first = await client.messages.stream({ ...base, thinking, tools: [tool], messages }).finalMessage();
  assert.deepEqual(
    first.content.map(({ type }) => type),
    ["thinking", "text", "tool_use", "tool_use"],
  );
  assert.deepEqual(
    first.content.slice(2).map((block) => block.type === "tool_use" && block.input),
    [{ city: "Paris" }, {}],
  );
  const results = first.content.flatMap((block) =>
    block.type === "tool_use" ? [{ type: "tool_result" as const, tool_use_id: block.id, content: "sunny" }] : [],
  );
  const next = (content: Anthropic.ContentBlockParam[]) => ({
    ...base,
    thinking,
    tools: [tool],
    messages: [...messages, { role: "assistant" as const, content }, { role: "user" as const, content: results }],
  });
  const answer = await client.messages.create(next(first.content));
  assert.equal(answer.content.at(-1)!.type, "text");
  const bare = first.content.filter(({ type }) => type !== "thinking");
  assert.match((await errorOf(client.messages.create(next(bare)))).message, /must start with a thinking block/);
  const forged = first.content.map((block) => (block.type === "thinking" ? { ...block, signature: "Zm9v" } : block));
  assert.match((await errorOf(client.messages.create(next(forged)))).message, /Invalid `signature`/);
});
test("redacted thoughts are accepted back", async () => {
  const first = await client.messages.create({
    ...base,
    thinking: { type: "adaptive" },
    messages: ask("mock:redacted hi"),
  });
  assert.equal(first.content[0]!.type, "redacted_thinking");
  const messages = [...ask("hi"), { role: "assistant" as const, content: first.content }, ...ask("more")];
  assert.equal((await client.messages.create({ ...base, messages })).stop_reason, "end_turn");
});
test("only what is marked is cached, per account", async () => {
  const system = [{ type: "text" as const, text: "x".repeat(8000), cache_control: { type: "ephemeral" as const } }];
  const usage = async (one: Anthropic, text: string) =>
    (await one.messages.create({ ...base, system, messages: ask(text) })).usage;
  assert.equal((await usage(client, "a")).cache_creation_input_tokens, 2001);
  const again = await usage(client, "b");
  assert.deepEqual([again.cache_read_input_tokens, again.cache_creation_input_tokens], [2001, 0]);
  const stranger = client.withOptions({ apiKey: keyOf("anthropic", 2) });
  assert.equal((await usage(stranger, "c")).cache_read_input_tokens, 0);
});
describe("what Anthropic refuses is refused", () => {
  const call = { type: "tool_use", id: "toolu_1", name: "get_weather", input: {} };
  const result = { type: "tool_result", tool_use_id: "toolu_1", content: "x" };
  const cases: Readonly<Record<string, readonly [fields: object, message: RegExp]>> = {
    "without a limit": [{ max_tokens: undefined }, /max_tokens: Field required/],
    "an unknown field": [{ n: 1 }, /n: Extra inputs are not permitted/],
    "an unknown role": [{ messages: [{ role: "tool", content: "x" }] }, /messages\.0\.role: Input tag 'tool'/],
    "an answer first": [{ messages: [{ role: "assistant", content: "x" }] }, /first message must use/],
    "an empty text": [{ messages: [{ role: "user", content: [{ type: "text", text: "" }] }] }, /must be non-empty/],
    "a result without a call": [
      { tools: [tool], messages: [{ role: "user", content: [result] }] },
      /unexpected `tool_use_id`/,
    ],
    "a call without a result": [
      { tools: [tool], messages: [...ask("x"), { role: "assistant", content: [call] }, ...ask("y")] },
      /without `tool_result` blocks immediately after/,
    ],
    "a text before the results": [
      {
        tools: [tool],
        messages: [
          ...ask("x"),
          { role: "assistant", content: [call] },
          { role: "user", content: [{ type: "text", text: "y" }, result] },
        ],
      },
      /immediately after/,
    ],
    "an id with other characters": [
      {
        tools: [tool],
        messages: [...ask("x"), { role: "assistant", content: [{ ...call, id: "call:1" }] }],
      },
      /String should match pattern/,
    ],
    "tools without a schema": [{ tools: [{ name: "x" }] }, /tools\.0\.input_schema: Field required/],
    "a forced tool while thinking": [
      { tools: [tool], tool_choice: { type: "any" }, thinking: { type: "adaptive" } },
      /forces tool use/,
    ],
    "a budget above the limit": [{ thinking: { type: "enabled", budget_tokens: 5000 } }, /must be greater than/],
    "temperature for the newest models": [{ model: "claude-opus-4-8", temperature: 0 }, /not supported for this model/],
    "a budget for the newest models": [
      { model: "claude-opus-4-8", thinking: { type: "enabled", budget_tokens: 1024 } },
      /not supported for this model/,
    ],
    "a blank stop sequence": [{ stop_sequences: [" "] }, /stop_sequences\.0/],
    "a field of a beta without the beta": [{ context_management: {} }, /Extra inputs/],
  };
  for (const [name, [fields, message]] of Object.entries(cases)) {
    test(name, async () => {
      const error = await errorOf(send({ ...base, messages: ask("x"), ...fields }));
      assert.equal(error.status, 400);
      assert.match(error.message, message);
    });
  }
});
test("failures have Anthropic's statuses and types", async () => {
  const types = {
    "429=7": "rate_limit_error",
    "529": "overloaded_error",
    "402": "billing_error",
    "404": "not_found_error",
  };
  for (const [command, type] of Object.entries(types)) {
    const error = await errorOf(client.messages.create({ ...base, messages: ask(`mock:${command}`) }));
    assert.equal(error.type, type);
    if (command === "429=7") assert.equal(error.headers!.get("retry-after"), "7");
  }
  const long = await errorOf(
    client.messages.create({ ...base, model: "claude-haiku-4-5", messages: ask("x".repeat(900_000)) }),
  );
  assert.match(long.message, /prompt is too long/);
  for (const command of ["cut", "cut-start", "no-end", "overloaded-stream", "error-stream", "reset"]) {
    const stream = client.messages.stream({ ...base, messages: ask(`mock:${command} a b`) });
    await assert.rejects(stream.finalMessage(), command);
  }
});
test("tokens are counted, models listed and batches kept", async () => {
  const count = await client.messages.countTokens({ model: base.model, messages: ask("x".repeat(400)) });
  assert.ok(count.input_tokens >= 100);
  assert.ok((await client.models.list()).data.some(({ display_name }) => display_name === "claude haiku 4 5"));
  const requests = [{ custom_id: "a", params: { ...base, messages: ask("x") } }];
  const batch = await client.messages.batches.create({ requests });
  assert.equal((await client.messages.batches.retrieve(batch.id)).request_counts.processing, 1);
});
test("tokens of subscriptions are bearers, named by their beta; keys are not", async () => {
  const oauth = (headers: Record<string, string>) =>
    new Anthropic({
      baseURL: provider.baseUrl,
      apiKey: null,
      authToken: "sk-ant-oat01-canary",
      defaultHeaders: headers,
      maxRetries: 0,
    });
  await oauth({ "anthropic-beta": "oauth-2025-04-20" }).models.list();
  assert.equal((await errorOf(oauth({}).models.list() as Promise<unknown>)).status, 401);
  const asKey = new Previous({
    baseURL: provider.baseUrl,
    apiKey: "sk-ant-oat01-canary",
    authToken: null,
    maxRetries: 0,
  });
  await assert.rejects(Promise.resolve(asKey.models.list()), /invalid x-api-key/);
});
