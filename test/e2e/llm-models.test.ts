// Lists of models through the gateway: what official SDKs and agents see, where it comes from, and which names lead where.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import {
  type Asked,
  completion,
  failure,
  json,
  type ScriptedProvider,
  scriptedProvider,
} from "../support/llm/scripted-provider.ts";

const LIMIT = { timeout: 60_000 };
const KEY = "sk-canary-operator";
let chat: ScriptedProvider;
let claude: ScriptedProvider;
let google: ScriptedProvider;
let broken: ScriptedProvider;
let gateway: GatewayProcess;
let url: string;

before(async () => {
  [chat, claude, google, broken] = await Promise.all([
    scriptedProvider(),
    scriptedProvider(),
    scriptedProvider(),
    scriptedProvider(),
  ]);
  chat.answer = answering(completion("hello"), () => ({
    object: "list",
    data: [
      { id: "gpt-5", object: "model", created: 1_754_000_000, owned_by: "system" },
      { id: "gpt-9", object: "model", created: 1_764_000_000, owned_by: "system", context_length: 777 },
      { id: "whisper-1", object: "model", created: 1, owned_by: "system" },
    ],
  }));
  claude.answer = answering(message, claudePages);
  google.answer = answering(completion("no"), () => ({
    models: [{ name: "models/gemini-9", displayName: "Gemini 9", inputTokenLimit: 1000, outputTokenLimit: 100 }],
  }));
  broken.answer = failure(500);
  gateway = await startGateway(`${JSON.stringify({ gateway: configuration() })}\n`, {
    args: ["-hot-reload=false", "-log-level=debug"],
  });
  url = `http://127.0.0.1:${gateway.port}`;
});
after(async () => {
  await gateway.kill();
  await Promise.all([chat, claude, google, broken].map((provider) => provider.close()));
});

function configuration(): object {
  const at = ({ port }: ScriptedProvider, path = "") => `http://127.0.0.1:${port}${path}`;
  const rule = (id: string, models: string[], more: object = {}) => ({
    id,
    path: `/${id}/*`,
    stripPrefix: true,
    strategy: { type: "llm", models, ...more },
  });
  return {
    frontend: { http: { host: "127.0.0.1", port: 0 } },
    llm: {
      providers: {
        openai: { kind: "openai", baseUrl: at(chat, "/v1"), apiKeys: [KEY, `${KEY}-2`] },
        anthropic: { kind: "anthropic", baseUrl: at(claude) },
        google: { kind: "gemini", baseUrl: at(google), apiKeys: [KEY] },
        broken: { kind: "openaiCompatible", baseUrl: at(broken, "/v1") },
      },
      aliases: { best: "openai/gpt-5" },
      authAdapters: { enabled: ["anthropic-oauth"] },
    },
    router: {
      rules: [
        rule("all", ["openai/gpt-5", "openai/*", "google/*", "broken/*"]),
        rule("some", ["openai/gpt-5", "openai/*"], { allow: { "*": ["openai/gpt-9"] } }),
        rule("own", ["anthropic/claude-haiku-4-5", "anthropic/*"]),
        rule("only", ["openai/*"]),
      ],
    },
  };
}

/** Answers chat, and lists by the URL. */
function answering(asked: (asked: Asked) => void, list: (url: URL) => object): (asked: Asked) => void {
  return (one) => {
    const { method, url: target } = one.request;
    if (method === "GET") json(one.response, 200, list(new URL(target!, "http://provider")));
    else asked(one);
  };
}

const claudeModel = (id: string) => ({
  type: "model",
  id,
  display_name: id.toUpperCase(),
  created_at: "2026-02-01T00:00:00Z",
  max_input_tokens: 200_000,
  max_tokens: 64_000,
});

/** Two pages. */
function claudePages({ searchParams }: URL): object {
  const isFirst = searchParams.get("after_id") === null;
  const id = isFirst ? "claude-haiku-4-5" : "claude-9";
  return { data: [claudeModel(id)], has_more: isFirst, first_id: id, last_id: id };
}

function message({ body, response }: Asked): void {
  json(response, 200, {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: body.model,
    content: [{ type: "text", text: "hi" }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  });
}

const lists = ({ asked }: ScriptedProvider) => asked.filter(({ request }) => request.method === "GET");
const ask = (model: string, rule = "all") =>
  call(gateway.port, {
    method: "POST",
    path: `/${rule}/v1/chat/completions`,
    headers: ["Content-Type", "application/json"],
    body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }] }),
  });
const openai = (rule: string) => new OpenAI({ apiKey: "none", baseURL: `${url}/${rule}/v1`, maxRetries: 0 });

describe("a name that only fits a pattern", LIMIT, () => {
  test("reaches its provider before any list is known", async () => {
    assert.equal(lists(chat).length, 0);
    const reply = await ask("gpt-77", "only");
    assert.equal(reply.status, 200);
    assert.equal(chat.asked.at(-1)!.body.model, "gpt-77");
    assert.equal(reply.headers["x-llm-model"], "openai/gpt-77");
    assert.equal((JSON.parse(reply.text) as { model: string }).model, "gpt-77");
  });
  test("that the provider does not know is unknown to the client, too", async () => {
    const { answer } = chat;
    chat.answer = failure(404, "model_not_found");
    const reply = await ask("gpt-0", "only");
    chat.answer = answer;
    assert.equal(reply.status, 404);
    assert.equal((JSON.parse(reply.text) as { error: { code: string } }).error.code, "model_not_found");
  });
  test("does not make the order of a rule, and is not one that fits nothing", async () => {
    for (const name of ["auto", "qwen/qwen3", "../files"]) assert.equal((await ask(name, "only")).status, 404, name);
  });
});

describe("the list", LIMIT, () => {
  const ALL = ["openai/gpt-5", "auto", "best", "openai/gpt-9", "openai/whisper-1", "google/gemini-9"];

  test("is seen by OpenAI's SDK, with what the providers list, but for one that fails", async () => {
    const { data } = await openai("all").models.list();
    assert.deepEqual(
      data.map(({ id }) => id),
      ALL,
    );
    assert.deepEqual(
      { ...data[0] },
      { id: "openai/gpt-5", object: "model", created: 1_754_000_000, owned_by: "openai", display_name: "openai/gpt-5" },
    );
    assert.equal(lists(broken).length, 1);
  });
  test("is seen by Anthropic's SDK page by page, with sizes", async () => {
    const sdk = new Anthropic({ apiKey: "none", baseURL: `${url}/all`, maxRetries: 0 });
    const models: Anthropic.ModelInfo[] = [];
    for await (const model of sdk.models.list({ limit: 2 })) models.push(model);
    assert.deepEqual(
      models.map(({ id }) => id),
      ALL,
    );
    const [gpt5, , , gpt9] = models;
    assert.deepEqual([gpt5!.max_input_tokens, gpt5!.max_tokens], [400_000, 128_000]);
    assert.deepEqual([gpt9!.max_input_tokens, gpt9!.created_at], [777, "2025-11-24T16:00:00.000Z"]);
    assert.equal((await sdk.models.retrieve("google/gemini-9")).display_name, "Gemini 9");
  });
  test("is seen by Google's SDK, with sizes", async () => {
    const sdk = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: `${url}/all` } });
    const models = [];
    for await (const model of await sdk.models.list({ config: { pageSize: 4 } })) models.push(model);
    assert.deepEqual(
      models.map(({ name }) => name),
      ALL.map((id) => `models/${id}`),
    );
    const { inputTokenLimit, displayName } = models.at(-1)!;
    assert.deepEqual([inputTokenLimit, displayName], [1000, "Gemini 9"]);
  });
  test("comes from each provider once, whoever asks, and is asked for with one key of the operator", async () => {
    await openai("only").models.list();
    assert.deepEqual([lists(chat).length, lists(google).length, lists(broken).length], [1, 1, 1]);
    const [{ request }] = lists(chat) as [Asked];
    assert.deepEqual([request.url, request.headers.authorization], ["/v1/models", `Bearer ${KEY}`]);
    const [asked] = lists(google) as [Asked];
    assert.deepEqual(
      [asked.request.url, asked.request.headers["x-goog-api-key"]],
      ["/v1beta/models?pageSize=1000", KEY],
    );
    assert.ok(
      gateway.lines.some(
        ({ msg, provider }) => msg === "Models of a provider could not be listed" && provider === "broken",
      ),
    );
    assert.doesNotMatch(JSON.stringify(gateway.lines), /canary/);
  });
  test("has only what the client may use", async () => {
    const { data } = await openai("some").models.list();
    assert.deepEqual(
      data.map(({ id }) => id),
      ["auto", "openai/gpt-9"],
    );
    await assert.rejects(openai("some").models.retrieve("whisper-1"), { status: 404 });
  });
  test("is for agents that look for models of Anthropic, by any credential, and HEAD has no body", async () => {
    const get = (method: string, ...headers: string[]) =>
      call(gateway.port, { method, path: "/all/v1/models?limit=1000", headers });
    for (const headers of [
      ["X-Api-Key", "k", "anthropic-version", "2023-06-01"],
      ["Authorization", "Bearer k", "anthropic-version", "2026-10-21"],
      ["Authorization", "Bearer k"],
    ]) {
      const { status, text } = await get("GET", ...headers);
      const { data } = JSON.parse(text) as { data: { id: string; display_name: string }[] };
      assert.deepEqual([status, data[5]!.id, data[5]!.display_name], [200, "google/gemini-9", "Gemini 9"]);
    }
    const head = await get("HEAD");
    assert.deepEqual([head.status, head.text], [200, ""]);
  });
});

describe("one model", LIMIT, () => {
  test("is found by every name that leads to it", async () => {
    for (const name of ["openai/gpt-5", "gpt-5", "openai:gpt-5", "best", "gpt-9", "gpt-5-2025-08-07"])
      assert.equal((await openai("all").models.retrieve(name)).id, name);
  });
  test("that its provider does not list is unknown", async () => {
    await assert.rejects(openai("only").models.retrieve("gpt-10"), { status: 404, code: "model_not_found" });
  });
});

describe("a client with a subscription", LIMIT, () => {
  const TOKEN = "sk-ant-oat01-canary-own";
  const sdk = () => new Anthropic({ apiKey: null, authToken: TOKEN, baseURL: `${url}/own`, maxRetries: 0 });

  test("sees the models of its own account, all pages, and others do not", async () => {
    const models: string[] = [];
    for await (const { id } of sdk().models.list({ limit: 1000 })) models.push(id);
    assert.deepEqual(models, ["anthropic/claude-haiku-4-5", "auto", "anthropic/claude-9"]);
    const pages = lists(claude).map(({ request }) => [
      request.url,
      request.headers.authorization,
      request.headers["x-api-key"],
    ]);
    assert.deepEqual(pages, [
      ["/v1/models?limit=1000", `Bearer ${TOKEN}`, undefined],
      ["/v1/models?limit=1000&after_id=claude-haiku-4-5", `Bearer ${TOKEN}`, undefined],
    ]);
    const { data } = await openai("own").models.list();
    assert.deepEqual(
      data.map(({ id }) => id),
      ["anthropic/claude-haiku-4-5", "auto"],
    );
  });
  test("names a dated version of a model that is listed without, and its request passes to the byte", async () => {
    const name = "claude-haiku-4-5-20251001";
    const answer = await sdk().messages.create({
      model: name,
      max_tokens: 5,
      messages: [{ role: "user", content: "hi" }],
    });
    assert.equal(answer.model, name);
    assert.equal(claude.asked.at(-1)!.body.model, name);
    assert.equal(claude.asked.at(-1)!.request.headers.authorization, `Bearer ${TOKEN}`);
  });
});

test("a dated version that the provider does not have becomes the model as it is listed", LIMIT, async () => {
  const { answer } = chat;
  chat.answer = (asked) =>
    asked.body.model === "gpt-5" ? completion("hello")(asked) : failure(404, "model_not_found")(asked);
  const reply = await ask("gpt-5-2031-01-01");
  chat.answer = answer;
  assert.equal(reply.status, 200);
  assert.deepEqual(
    chat.asked.slice(-2).map(({ body }) => body.model),
    ["gpt-5-2031-01-01", "gpt-5"],
  );
});
