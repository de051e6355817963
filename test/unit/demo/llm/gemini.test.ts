// The mock of Gemini behaves to the official SDK as Gemini does.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ApiError, type Content, type GenerateContentConfig, GoogleGenAI } from "@google/genai";
import { keyOf, mockProvider, type TestProvider } from "../../../support/llm/mock-provider.ts";

let provider: TestProvider;
let client: GoogleGenAI;
before(async () => {
  provider = await mockProvider("gemini");
  client = clientWith(keyOf("gemini"));
});

function clientWith(apiKey: string): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: provider.baseUrl } });
}

const schema = { type: "object", properties: { city: { type: "string" } } };
const tools = [{ functionDeclarations: [{ name: "get_weather", parametersJsonSchema: schema }] }];
const said = (text: string): Content => ({ role: "user", parts: [{ text }] });

async function errorOf(request: Promise<unknown>): Promise<ApiError> {
  const error = await request.then(
    () => assert.fail("it was answered"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

const send = (model: string, contents: Content[], config: GenerateContentConfig = {}) =>
  client.models.generateContent({ model, contents, config });

test("contents echo the prompt, whole and streamed, and the parts of usage add up", async () => {
  const whole = await send("gemini-2.5-flash", [said("hello there")]);
  assert.equal(whole.text, "You said: hello there");
  const { promptTokenCount, candidatesTokenCount, thoughtsTokenCount, totalTokenCount } = whole.usageMetadata!;
  assert.equal(totalTokenCount, promptTokenCount! + candidatesTokenCount! + thoughtsTokenCount!);
  const stream = await client.models.generateContentStream({
    model: "gemini-2.5-flash",
    contents: "hello there",
    config: { thinkingConfig: { includeThoughts: true } },
  });
  let [text, thought, finish] = ["", "", ""];
  for await (const chunk of stream) {
    for (const part of chunk.candidates![0]!.content!.parts!) {
      if (part.thought) thought += part.text;
      else text += part.text;
    }
    finish = chunk.candidates![0]!.finishReason ?? finish;
  }
  assert.deepEqual([text, finish], ["You said: hello there", "STOP"]);
  assert.match(thought, /hello there/);
});
test("the first of parallel calls is signed, and a tool loop brings the signature back", async () => {
  const ask = said('call get_weather with {"city":"Paris"} and call get_weather');
  const first = await send("gemini-3-pro", [ask], { tools });
  const turn = first.candidates![0]!.content!;
  assert.deepEqual(
    turn.parts!.map((part) => part.thoughtSignature !== undefined),
    [true, false],
  );
  const answers = {
    role: "user",
    parts: turn.parts!.map(() => ({ functionResponse: { name: "get_weather", response: { output: "sunny" } } })),
  };
  assert.equal((await send("gemini-3-pro", [ask, turn, answers], { tools })).text, "The tool said: sunny | sunny");
  const signedWith = (thoughtSignature?: string) => ({
    ...turn,
    parts: turn.parts!.map((part, i) =>
      i === 0
        ? { functionCall: part.functionCall!, ...(thoughtSignature === undefined ? {} : { thoughtSignature }) }
        : part,
    ),
  });
  const next = (thoughtSignature?: string) =>
    send("gemini-3-pro", [ask, signedWith(thoughtSignature), answers], { tools });
  assert.match((await errorOf(next())).message, /missing a thought_signature/);
  assert.match((await errorOf(next("Zm9v"))).message, /Corrupted thought signature/);
  assert.equal((await next("skip_thought_signature_validator")).text, "The tool said: sunny | sunny");
  const split = turn.parts!.map((part) => ({ role: "model", parts: [part] }));
  assert.equal((await errorOf(send("gemini-3-pro", [ask, ...split, answers], { tools }))).status, 400);
});
describe("what Gemini refuses is refused", () => {
  const call = { role: "model", parts: [{ functionCall: { name: "get_weather", args: {} } }] };
  const cases: Readonly<
    Record<string, readonly [model: string, contents: Content[], config: object, message: RegExp]>
  > = {
    "an unknown role": ["gemini-2.5-pro", [{ role: "assistant", parts: [{ text: "x" }] }], {}, /role/],
    "budget and level": [
      "gemini-3-pro",
      [said("x")],
      { thinkingConfig: { thinkingBudget: 1, thinkingLevel: "LOW" } },
      /only set only one/,
    ],
    "a level for a model with budgets": [
      "gemini-2.5-pro",
      [said("x")],
      { thinkingConfig: { thinkingLevel: "LOW" } },
      /not supported/,
    ],
    "a budget below the least": [
      "gemini-2.5-pro",
      [said("x")],
      { thinkingConfig: { thinkingBudget: 64 } },
      /between 128 and/,
    ],
    "a call without its response": [
      "gemini-2.5-pro",
      [said("x"), call, said("y")],
      { tools },
      /number of function response parts/,
    ],
    "a schema without its type": ["gemini-2.5-pro", [said("x")], { responseJsonSchema: schema }, /mime type/],
    "bytes that are no base64": [
      "gemini-2.5-pro",
      [{ role: "user", parts: [{ inlineData: { mimeType: "image/png", data: "%" } }] }],
      {},
      /Base64/,
    ],
  };
  for (const [name, [model, contents, config, message]] of Object.entries(cases)) {
    test(name, async () =>
      assert.match((await errorOf(send(model, contents, config as GenerateContentConfig))).message, message),
    );
  }
});
test("a schema with keywords that OpenAPI lacks is refused", async () => {
  const parameters = { type: "OBJECT", additionalProperties: false };
  const body = { contents: [said("x")], tools: [{ functionDeclarations: [{ name: "f", parameters }] }] };
  const reply = await fetch(`${provider.baseUrl}/v1beta/models/gemini-2.5-pro:generateContent`, {
    method: "POST",
    headers: { "x-goog-api-key": keyOf("gemini") },
    body: JSON.stringify(body),
  });
  assert.match(await reply.text(), /Unknown name \\"additionalProperties\\"/);
});
test("failures have Google's statuses and details", async () => {
  const limited = await errorOf(send("gemini-2.5-pro", [said("mock:429=34")]));
  assert.equal(limited.status, 429);
  assert.match(limited.message, /"retryDelay":"34s"/);
  assert.match((await errorOf(send("gemini-2.5-pro", [said("mock:quota")]))).message, /PerDay/);
  assert.match(
    (await errorOf(send("gemini-2.5-pro", [said("mock:overflow")]))).message,
    /exceeds the maximum number of tokens/,
  );
  assert.equal((await errorOf(clientWith(keyOf("openai")).models.list())).status, 401);
  assert.equal((await errorOf(clientWith("AIza-revoked").models.list())).status, 400);
});
test("blocked prompts have no candidates, and refusals say why", async () => {
  const blocked = await send("gemini-2.5-pro", [said("mock:block")]);
  assert.equal(blocked.promptFeedback!.blockReason, "PROHIBITED_CONTENT");
  assert.equal((await send("gemini-2.5-pro", [said("mock:refuse")])).candidates![0]!.finishReason, "SAFETY");
});
test("tokens are counted, texts embedded, models listed and caches kept", async () => {
  const model = "gemini-2.5-pro";
  assert.ok((await client.models.countTokens({ model, contents: "x".repeat(400) })).totalTokens! >= 100);
  const { embeddings } = await client.models.embedContent({ model: "gemini-embedding-001", contents: ["a", "b"] });
  assert.equal(embeddings!.length, 2);
  const pager = await client.models.list();
  assert.ok(pager.page.some(({ name }) => name === "models/gemini-2.5-pro"));
  const cache = await client.caches.create({ model, config: { contents: "x" } });
  assert.equal((await client.caches.get({ name: cache.name! })).name, cache.name);
});
