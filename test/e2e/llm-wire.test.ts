// Both sides of the gateway: what providers are sent of a request, and what clients get of an answer.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, beforeEach, describe, test } from "node:test";
import { GoogleGenAI } from "@google/genai";
import { type Backend, startBackend } from "../support/backend.ts";
import { begin, type Call, call, digestOf, headOf, type Reply } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import {
  type Asked,
  chunk,
  completion,
  events,
  failure,
  json,
  type ScriptedProvider,
  scriptedProvider,
  streamed,
} from "../support/llm/scripted-provider.ts";
import { accessLine, configText, eventually, residentBytes, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const KEYS = ["k-1", "k-2", "k-3"];
let openai: ScriptedProvider;
let claude: ScriptedProvider;
let google: ScriptedProvider;
/** Takes and sends bodies without holding them. */
let large: Backend;
let gateway: GatewayProcess;

before(async () => {
  [openai, claude, google] = await Promise.all([scriptedProvider(), scriptedProvider(), scriptedProvider()]);
  large = await startBackend(async (request, response) => {
    const { bytes, sha256 } = await digestOf(request);
    response.writeHead(200, {
      "content-type": "audio/mpeg",
      "x-received": `${bytes} ${sha256}`,
      "x-path": request.url!,
    });
    Readable.from(pieces()).pipe(response);
  });
  const keyed = (kind: string, { port }: { readonly port: number }, path: string, apiKeys: readonly string[]) => {
    return { kind, baseUrl: `http://127.0.0.1:${port}${path}`, apiKeys };
  };
  const rule = (id: string, strategy: object, more: object = {}) => {
    return { id, path: `/${id}/*`, stripPrefix: true, strategy: { type: "llm", ...strategy }, ...more };
  };
  const one = ["one:m", "claude1:c", "google1:g"];
  const yaml = configText({
    rules: [
      rule("one", { models: one, failover: false }),
      rule("any", { models: one }),
      rule("first-last", { models: ["google1:g", "one:m"] }),
      rule("refusing", { models: ["one:m", "one:n", "claude1:c", "google1:g"] }),
      rule("many", { models: ["openai:m", "claude:c", "google:g"] }),
      rule("large", { models: ["large:m", "large-claude:m", "large-google:m"] }, { maxRequestSize: 0 }),
      rule("weighted", { models: ["one:m", "one:n"], order: "weighted" }),
      rule("cheapest", { models: ["dear", "cheap"], order: "cheapest" }),
      rule("allowed", { models: ["one:m", "one:n"], allow: { "*": ["one:m"] } }),
    ],
    services: {},
    more: {
      llm: {
        providers: {
          one: keyed("openai", openai, "/v1", ["k-0"]),
          claude1: keyed("anthropic", claude, "", ["k-0"]),
          google1: keyed("gemini", google, "", ["k-0"]),
          openai: keyed("openai", openai, "/v1", KEYS),
          claude: keyed("anthropic", claude, "", KEYS),
          google: keyed("gemini", google, "", KEYS),
          large: keyed("openai", large, "/v1", ["k-0"]),
          "large-claude": keyed("anthropic", large, "", ["k-0"]),
          "large-google": keyed("gemini", large, "", ["k-0"]),
        },
        models: {
          "one:m": { provider: "one", upstreamName: "m", contextOut: 100 },
          "claude1:c": { provider: "claude1", upstreamName: "c", contextOut: 100 },
          "google1:g": { provider: "google1", upstreamName: "g", contextOut: 100 },
          dear: { provider: "one", upstreamName: "dear", pricing: { inputPerMillion: 5, outputPerMillion: 9 } },
          cheap: { provider: "one", upstreamName: "cheap", pricing: { inputPerMillion: 1, outputPerMillion: 2 } },
        },
        aliases: { fast: "one:m" },
        authAdapters: { enabled: [] },
        fallback: { cooldownSeconds: 0, maxCooldownSeconds: 0, contentPolicy: "failover" },
      },
      circuitBreaker: { enabled: false },
    },
  });
  gateway = await startGateway(yaml, { args: ["-hot-reload=false"] });
});
after(async () => {
  await gateway?.kill();
  await Promise.all([openai, claude, google, large].map((each) => each?.close()));
});
beforeEach(() => {
  openai.answer = completion("hello");
  claude.answer = ({ response }) => json(response, 200, MESSAGE);
  google.answer = ({ response }) => json(response, 200, { candidates: [], modelVersion: "g-2026", totalTokens: 9 });
});

const MESSAGES = [{ role: "user", content: "hi" }];
const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "c-2026",
  content: [{ type: "text", text: "hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};
const VERSION = ["anthropic-version", "2023-06-01"] as const;

const post = (path: string, body: object, headers: readonly string[] = []): Promise<Reply> =>
  call(gateway.port, {
    method: "POST",
    path,
    headers: ["Content-Type", "application/json", ...headers],
    body: JSON.stringify(body),
  });
const chat = (rule: string, more: object = {}) =>
  post(`/${rule}/v1/chat/completions`, { model: "auto", messages: MESSAGES, ...more });
const messages = (rule: string, more: object = {}, headers: readonly string[] = []) =>
  post(`/${rule}/v1/messages?beta=true`, { model: "claude1:c", max_tokens: 5, messages: MESSAGES, ...more }, headers);
const keyOf = ({ request: { headers } }: Asked) =>
  String(headers["x-api-key"] ?? headers["x-goog-api-key"] ?? headers.authorization).replace("Bearer ", "");
const codeOf = ({ text }: Reply) => JSON.parse(text).error.code as unknown;

/** The same request in each API. @param model in the path of Gemini */
const IN_EACH: readonly (readonly [api: string, ask: (rule: string, model: string) => Promise<Reply>])[] = [
  ["chat", (rule, model) => chat(rule, { model })],
  ["responses", (rule, model) => post(`/${rule}/v1/responses`, { model, input: "hi" })],
  ["messages", (rule, model) => messages(rule, { model })],
  [
    "gemini",
    (rule, model) =>
      post(`/${rule}/v1beta/models/${model}:generateContent`, {
        contents: [{ role: "user", parts: [{ text: "hi" }] }],
      }),
  ],
];

describe("the answer of a provider of the client's format", LIMIT, () => {
  const LIMITS = {
    "retry-after": "7",
    "x-ratelimit-remaining-requests": "3",
    "x-ratelimit-reset-tokens": "6m0s",
    "anthropic-ratelimit-requests-remaining": "5",
    "anthropic-ratelimit-unified-status": "allowed",
    "anthropic-ratelimit-unified-5h-reset": "1790000000",
    "anthropic-ratelimit-unified-overage-status": "rejected",
    "request-id": "req_1",
    "openai-processing-ms": "12",
  };
  const keeps = (reply: Reply, status: number) => {
    assert.equal(reply.status, status, reply.text);
    for (const [name, value] of Object.entries(LIMITS)) assert.equal(reply.headers[name], value, name);
  };

  test("keeps what it says of limits, and its id, on success, on refusals, and in streams", async () => {
    openai.answer = ({ response }) => json(response, 200, { id: "c", choices: [], model: "m-2026" }, LIMITS);
    keeps(await chat("one", { model: "one:m" }), 200);
    openai.answer = failure(429, "rate_limit_exceeded", LIMITS);
    keeps(await chat("one", { model: "one:m" }), 429);
    claude.answer = ({ response }) => json(response, 200, MESSAGE, LIMITS);
    keeps(await messages("one"), 200);
    const refusal = { type: "error", error: { type: "rate_limit_error", message: "slow", extra: 1 }, request_id: "r" };
    claude.answer = ({ response }) => json(response, 429, refusal, LIMITS);
    const refused = await messages("one");
    keeps(refused, 429);
    assert.deepEqual(JSON.parse(refused.text), refusal);
    claude.answer = ({ response }) => {
      for (const [name, value] of Object.entries(LIMITS)) response.setHeader(name, value);
      events(response);
      const block = { type: "content_block_start", index: 0, content_block: { type: "text", text: "x" } };
      const stop = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } };
      const start = { type: "message_start", message: { ...MESSAGE, content: [], stop_reason: null } };
      for (const each of [start, block, { type: "content_block_stop", index: 0 }, stop, { type: "message_stop" }]) {
        response.write(`event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`);
      }
      response.end();
    };
    const passed = await messages("one", { stream: true });
    keeps(passed, 200);
    assert.match(passed.text, /"model":"claude1:c"/);
  });

  test("goes with a request whose version, beta flags and unknown fields are as sent", async () => {
    for (const version of ["2026-10-21", "2023-06-01"]) {
      const fields = {
        "anthropic-version": version,
        "anthropic-beta": "one-2026,two-2027",
        "anthropic-news": "n",
        "x-claude-code-session-id": "s",
        "x-claude-code-agent-id": "a",
      };
      const news = { news: { deep: [1, { a: null }] } };
      const billing = [{ type: "text", text: "x-anthropic-billing-header: cc_version=2;" }];
      await messages("one", { ...news, system: billing }, Object.entries(fields).flat());
      const { request, body } = claude.asked.at(-1)!;
      for (const [name, value] of Object.entries(fields)) assert.equal(request.headers[name], value);
      assert.equal(request.url, "/v1/messages?beta=true");
      assert.deepEqual([body.news, body.system, body.model], [news.news, billing, "c"]);
    }
    await messages("one", { model: "one:m" }, ["anthropic-beta", "x", "x-claude-code-agent-id", "a"]);
    const { headers } = openai.asked.at(-1)!.request;
    assert.deepEqual([headers["anthropic-beta"], headers["x-claude-code-agent-id"]], [undefined, undefined]);
  });

  test("has the name that the client asked for, as translated ones have", async () => {
    for (const [asked, names] of [
      ["fast", ["one:m", "fast"]],
      ["one:m", ["one:m", "one:m"]],
    ] as const) {
      const reply = await chat("any", { model: asked });
      assert.deepEqual([reply.headers["x-llm-model"], JSON.parse(reply.text).model], names);
      const other = await messages("any", { model: asked });
      assert.equal(JSON.parse(other.text).model, asked);
    }
    const google = await IN_EACH[3]![1]("one", "google1:g");
    assert.equal(JSON.parse(google.text).modelVersion, "google1:g");
  });

  test("ends a stream with usage only for clients that ask for it, and is counted all the same", async () => {
    openai.answer = streamed("a", "b");
    const quiet = await chat("one", { model: "one:m", stream: true });
    assert.deepEqual(openai.asked.at(-1)!.body.stream_options, { include_usage: true });
    assert.doesNotMatch(quiet.text, /"usage":\s*\{/);
    const names = [...quiet.text.matchAll(/"model":"([^"]*)"/g)].map(([, name]) => name);
    assert.deepEqual(new Set(names), new Set(["one:m"]));
    const line = await accessLine(gateway, String(quiet.headers["x-request-id"]));
    assert.equal((line.llm as { outputTokens: number }).outputTokens, 2);
    const asked = await chat("one", { model: "one:m", stream: true, stream_options: { include_usage: true } });
    assert.match(asked.text, /"usage":\s*\{/);
  });

  test("that a client does not wait for is estimated, and marked so", async () => {
    openai.answer = ({ response }) => {
      events(response);
      for (const content of ["a", "b", "c"]) chunk(response, { content });
    };
    const request = begin(gateway.port, {
      method: "POST",
      path: "/one/v1/chat/completions",
      headers: ["Content-Type", "application/json"],
      body: JSON.stringify({ model: "one:m", stream: true, messages: MESSAGES }),
    }).on("error", () => undefined);
    const head = await headOf(request);
    let text = "";
    head.on("data", (piece: Buffer) => (text += piece.toString())).on("error", () => undefined);
    await eventually("all has come", () => text.includes('"c"'));
    request.destroy();
    await soon(openai.asked.at(-1)!.closed, "the abort");
    const { llm } = (await accessLine(gateway, String(head.headers["x-request-id"]))) as { llm: object };
    const { inputTokens, outputTokens, tokens } = llm as Record<string, unknown>;
    assert.deepEqual([outputTokens, tokens], [3, "estimated"]);
    assert.ok(Number(inputTokens) > 0);
  });
});

describe("a cap above that of the model is lowered, and the client is told", LIMIT, () => {
  const CAPS: Readonly<Record<string, readonly [field: string, path: string, body: object]>> = {
    chat: ["max_completion_tokens", "/v1/chat/completions", { messages: MESSAGES, max_completion_tokens: 500 }],
    responses: ["max_output_tokens", "/v1/responses", { input: "hi", max_output_tokens: 500 }],
    messages: ["max_tokens", "/v1/messages", { messages: MESSAGES, max_tokens: 500 }],
  };
  for (const [api, [, path, body]] of Object.entries(CAPS)) {
    test(`from clients of ${api}`, async () => {
      for (const model of ["one:m", "claude1:c", "google1:g"]) {
        google.answer = ({ response }) => {
          const content = { role: "model", parts: [{ text: "hello" }] };
          json(response, 200, { candidates: [{ index: 0, content, finishReason: "STOP" }] });
        };
        if (api === "responses" && model === "one:m") {
          openai.answer = ({ response }) => json(response, 200, { id: "resp_1", object: "response", output: [] });
        }
        const reply = await post(`/one${path}`, { model, ...body });
        assert.equal(reply.status, 200, reply.text);
        assert.match(String(reply.headers["x-llm-warnings"]), /max/);
        const provider = { "one:m": openai, "claude1:c": claude, "google1:g": google }[model]!;
        assert.match(provider.asked.at(-1)!.bytes.toString(), /"max\w+":100\b/);
      }
    });
  }
});

describe("a rule", LIMIT, () => {
  test("asks the cheapest first, and keeps a conversation at its model", async () => {
    assert.equal((await chat("cheapest")).headers["x-llm-model"], "cheap");
    const models = new Set<unknown>();
    for (let i = 0; i < 16; i++) {
      const ask = () =>
        post("/weighted/v1/chat/completions", { model: "auto", messages: MESSAGES }, ["session_id", `${i}`]);
      const { headers } = await ask();
      assert.equal((await ask()).headers["x-llm-model"], headers["x-llm-model"]);
      models.add(headers["x-llm-model"]);
    }
    assert.equal(models.size, 2);
  });

  test("lists and serves only what a client may use", async () => {
    const list = await call(gateway.port, { path: "/allowed/v1/models" });
    const ids = (JSON.parse(list.text).data as { id: string }[]).map(({ id }) => id);
    assert.ok(ids.includes("one:m") && !ids.includes("one:n"), `${ids}`);
    const refused = await chat("allowed", { model: "one:n" });
    assert.deepEqual([refused.status, codeOf(refused)], [403, "model_not_allowed"]);
    assert.equal((await chat("allowed")).headers["x-llm-model"], "one:m");
    const files = await call(gateway.port, { path: "/allowed/v1/files" });
    assert.deepEqual([files.status, codeOf(files)], [403, "model_not_allowed"]);
  });

  for (const [api, ask] of IN_EACH) {
    test(`says so in ${api} that it has no such model`, async () => {
      const reply = await ask("any", "nope");
      assert.equal(reply.status, 404);
      assert.match(reply.text, /model_not_found/i);
    });
    test(`says so in ${api} that another attempt is of no use when all have failed`, async () => {
      for (const provider of [openai, claude, google]) provider.answer = failure(500);
      const reply = await ask("any", "auto");
      assert.equal(reply.headers["x-llm-attempts"], "3");
      assert.equal(reply.headers["x-should-retry"], "false");
    });
  }

  for (const [api, path, errorIn] of [
    ["chat", "/v1/chat/completions", (body) => [body.error.type, body.error.message]],
    ["responses", "/v1/responses", (body) => [body.error.type, body.error.message]],
    ["messages", "/v1/messages", (body) => [body.error.type, body.error.message]],
    ["gemini", "/v1beta/models/one:m:generateContent", (body) => [body.error.status, body.error.message]],
  ] as readonly (readonly [string, string, (body: { error: Record<string, string> }) => unknown[]])[]) {
    test(`refuses what is no request in the form of ${api}, and asks nobody`, async () => {
      const before = openai.asked.length;
      const deep = `{"model":"one:m","messages":${"[".repeat(20_000)}`;
      const bodies = ["", "{", "[]", '{"model":"one:m","model":"one:n"}', deep, '{"model":7}', "<html>"];
      for (const body of bodies) {
        const headers = ["Content-Type", "application/json"];
        const reply = await call(gateway.port, { method: "POST", path: `/one${path}`, headers, body });
        assert.equal(reply.status, 400, `${body.slice(0, 20)}: ${reply.text}`);
        const [type, message] = errorIn(JSON.parse(reply.text));
        assert.match(String(type), /invalid_request_error|INVALID_ARGUMENT/);
        assert.ok(String(message).length > 5);
      }
      const role = { role: "robot", content: "x", parts: [{ text: "x" }] };
      const odd = { model: "claude1:c", messages: [role], input: [role], contents: [role], max_tokens: 5 };
      const kept = {
        chat: ["messages"],
        responses: ["input"],
        messages: ["messages", "max_tokens"],
        gemini: ["contents"],
      }[api]!;
      const unknown = Object.fromEntries(Object.entries(odd).filter(([key]) => key === "model" || kept.includes(key)));
      if (api === "gemini") delete unknown.model;
      const at = api === "messages" ? "one:m" : "claude1:c";
      const reply = await post(
        `/one${path.replace("one:m", at)}`,
        api === "gemini" ? unknown : { ...unknown, model: at },
      );
      assert.equal(reply.status, 400, reply.text);
      assert.match(reply.text, /role|robot/);
      assert.equal(openai.asked.length, before);
    });
    test(`answers failures of providers in the form of ${api}, whatever they send`, async () => {
      const ask = IN_EACH.find(([name]) => name === api)![1];
      const model = api === "messages" ? "one:m" : "claude1:c";
      const provider = api === "messages" ? openai : claude;
      const answers: ScriptedProvider["answer"][] = [
        ({ response }) => response.writeHead(200, { "content-type": "text/html" }).end("<html>secret</html>"),
        ({ response }) => response.writeHead(502, { "content-type": "text/html" }).end("<html>secret</html>"),
        ({ response }) => response.writeHead(200, { "content-type": "application/json" }).end("{secret"),
        ({ response }) => json(response, 200, { error: { type: "api_error", message: "secret", code: 500 } }),
        ({ response }) => response.destroy(),
      ];
      for (const answer of answers) {
        provider.answer = answer;
        const reply = await ask("one", model);
        assert.ok(reply.status >= 500, `${reply.status} ${reply.text}`);
        const [type, message] = errorIn(JSON.parse(reply.text));
        assert.ok(typeof type === "string" && typeof message === "string", reply.text);
        assert.doesNotMatch(reply.text, /secret|<html/);
      }
    });
  }

  test("asks one model of another author when the content is refused, and no third", async () => {
    openai.answer = failure(400, "content_policy_violation");
    const taken = await chat("refusing");
    assert.deepEqual([taken.status, taken.headers["x-llm-provider"]], [200, "claude1"]);
    assert.equal(taken.headers["x-llm-fallback-reason"], "content_policy");
    const error = { type: "invalid_request_error", message: "Output blocked by content filtering policy" };
    claude.answer = ({ response }) => json(response, 400, { type: "error", error });
    const before = google.asked.length;
    const refused = await chat("refusing");
    assert.deepEqual([refused.status, refused.headers["x-llm-attempts"]], [400, "2"]);
    assert.equal(google.asked.length, before);
  });

  test("sends what only one API has to a model of that API, or refuses it by name", async () => {
    const tools = [{ type: "web_search_20260318", name: "web_search" }];
    const served = await messages("any", { model: "auto", tools });
    assert.deepEqual([served.status, served.headers["x-llm-provider"]], [200, "claude1"]);
    const refused = await messages("first-last", { model: "auto", tools });
    assert.equal(refused.status, 400);
    assert.match(refused.text, /web_search/);
    const several = await chat("one", { model: "claude1:c", n: 2 });
    assert.equal(several.status, 400);
    assert.match(several.text, /\bn\b|choices|answers/);
    assert.equal((await chat("any", { model: "claude1:c", n: 2 })).headers["x-llm-provider"], "one");
  });

  test("tries once without proofs that the account cannot verify", async () => {
    const seen: unknown[] = [];
    openai.answer = ({ response, bytes }) => {
      const has = bytes.includes("gAAAA");
      seen.push(has);
      const error = {
        message: "The encrypted content gAAAA could not be verified.",
        code: "invalid_encrypted_content",
      };
      if (has) json(response, 400, { error: { ...error, type: "invalid_request_error", param: null } });
      else json(response, 200, { id: "resp_1", object: "response", status: "completed", output: [] });
    };
    const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAAA" };
    const input = [
      { role: "user", content: "a" },
      reasoning,
      { role: "assistant", content: "b" },
      { role: "user", content: "c" },
    ];
    const reply = await post("/one/v1/responses", { model: "one:m", input, store: false });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(seen, [true, false]);
  });

  test("counts tokens where the model is, or estimates them, and shows the prompt to no other provider", async () => {
    const count = (model: string) => post("/any/v1/messages/count_tokens?beta=true", { model, messages: MESSAGES });
    claude.answer = ({ response }) => json(response, 200, { input_tokens: 42 });
    assert.deepEqual(JSON.parse((await count("claude1:c")).text), { input_tokens: 42 });
    assert.equal(claude.asked.at(-1)!.request.url, "/v1/messages/count_tokens?beta=true");
    const before = claude.asked.length + openai.asked.length;
    const estimate = await count("one:m");
    assert.equal(estimate.status, 200);
    assert.ok(JSON.parse(estimate.text).input_tokens > 0);
    assert.equal(claude.asked.length + openai.asked.length, before);
  });

  test("embeds with the model that was asked for, and no other", async () => {
    openai.answer = failure(500);
    const reply = await post("/any/v1/embeddings", { model: "one:m", input: "hi" });
    assert.deepEqual([reply.status, reply.headers["x-llm-attempts"]], [500, "1"]);
  });

  test("refuses WebSockets so that clients go on without, and answers those who look whether it is there", async () => {
    const upgrade = ["Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"];
    const headers = [...upgrade, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="];
    assert.equal((await call(gateway.port, { path: "/one/v1/responses", headers })).status, 426);
    for (const path of ["/one/", "/one/v1"]) {
      assert.equal((await call(gateway.port, { method: "HEAD", path })).status, 200);
    }
    const agent = ["x-api-key", "any", ...VERSION];
    const list = await call(gateway.port, { path: "/one/v1/models?limit=1000", headers: agent });
    const [first] = JSON.parse(list.text).data as { id: string; display_name: string }[];
    assert.deepEqual([list.status, first!.id, first!.display_name], [200, "one:m", "one:m"]);
  });
});

/** 50 MB. */
const PIECE = Buffer.alloc(64 * 1024, "0123456789abcdef");
const PIECES = 800;
function* pieces(): Generator<Buffer> {
  for (let i = 0; i < PIECES; i++) yield PIECE;
}

describe("files and sound", LIMIT, () => {
  const UPLOADS: readonly (readonly [path: string, fields: readonly string[]])[] = [
    ["/v1/audio/transcriptions", []],
    ["/v1/files?beta=true", VERSION],
    ["/upload/v1beta/files?uploadType=multipart", []],
  ];

  test("of 50 MB flow through both ways without being held", async () => {
    const sent = await digestOf(Readable.from(pieces()));
    const before = residentBytes(gateway.pid);
    for (const [path, fields] of UPLOADS) {
      const options: Call = {
        method: "POST",
        path: `/large${path}`,
        headers: ["Content-Type", 'multipart/form-data; boundary="x"', ...fields],
        body: Readable.from(pieces()),
      };
      const head = await headOf(begin(gateway.port, options));
      const { "content-type": type, "x-path": arrived, "x-received": received } = head.headers;
      assert.deepEqual([head.statusCode, type, arrived], [200, "audio/mpeg", path]);
      assert.equal(received, `${sent.bytes} ${sent.sha256}`);
      let most = 0;
      head.on("data", () => (most = Math.max(most, residentBytes(gateway.pid))));
      assert.deepEqual(await digestOf(head), sent);
      assert.ok(most - before < sent.bytes, `${(most - before) / 2 ** 20} MiB more`);
    }
  });
});

test("a file that Google's SDK sends in pieces goes through the gateway, and is found again", LIMIT, async () => {
  const file = {
    name: "files/sent",
    uri: "https://generativelanguage.googleapis.com/v1beta/files/sent",
    state: "ACTIVE",
  };
  google.answer = ({ request, response, bytes }) => {
    if (request.method === "GET") return json(response, 200, file);
    if (request.headers["x-goog-upload-command"] === "start") {
      const url = `http://127.0.0.1:${google.port}/upload/v1beta/files?upload_id=u&upload_protocol=resumable`;
      return json(response, 200, {}, { "x-goog-upload-url": url, "x-goog-upload-status": "active" });
    }
    return json(
      response,
      200,
      { file: { ...file, sizeBytes: `${bytes.length}` } },
      { "x-goog-upload-status": "final" },
    );
  };
  const before = google.asked.length;
  const ai = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: `http://127.0.0.1:${gateway.port}/many` } });
  const sent = await ai.files.upload({ file: new Blob(["x".repeat(1000)]), config: { mimeType: "text/plain" } });
  assert.equal(sent.sizeBytes, "1000");
  assert.equal((await ai.files.get({ name: sent.name! })).uri, file.uri);
  const asked = google.asked.slice(before);
  assert.match(asked[1]!.request.url!, /^\/upload\/v1beta\/files\?upload_id=u/);
  assert.equal(new Set(asked.map(keyOf)).size, 1);
  assert.ok(KEYS.includes(keyOf(asked[1]!)));
});

describe("an object that a provider keeps is found again at the key that made it", LIMIT, () => {
  const file = (part: object) => [{ role: "user", content: [part] }];
  const uri = "https://generativelanguage.googleapis.com/v1beta/files/ID";
  const ask = "/v1beta/models/google:g:generateContent";
  /** What makes an object, what the provider says of it, and a later request: with a body, or to read. */
  const ROWS: Readonly<
    Record<string, readonly [at: () => ScriptedProvider, make: string, made: object, later: string, body?: object]>
  > = {
    "a file of OpenAI": [() => openai, "/v1/files", { id: "ID" }, "/v1/files/ID/content"],
    "a file of OpenAI in a batch": [() => openai, "/v1/files", { id: "ID" }, "/v1/batches", { input_file_id: "ID" }],
    "a file of OpenAI in a response": [
      ...[() => openai, "/v1/files", { id: "ID" }, "/v1/responses"],
      { model: "openai:m", input: file({ type: "input_file", file_id: "ID" }) },
    ] as never,
    "a file of OpenAI in a chat": [
      ...[() => openai, "/v1/files", { id: "ID" }, "/v1/chat/completions"],
      { model: "openai:m", messages: file({ type: "file", file: { file_id: "ID" } }) },
    ] as never,
    "a conversation of OpenAI": [
      ...[() => openai, "/v1/conversations", { id: "ID" }, "/v1/responses/compact"],
      { model: "m", conversation: "ID" },
    ] as never,
    "a file of Anthropic": [() => claude, "/v1/files", { id: "ID" }, "/v1/files/ID"],
    "a file of Anthropic in a message": [
      ...[() => claude, "/v1/files", { id: "ID" }, "/v1/messages"],
      {
        model: "claude:c",
        max_tokens: 5,
        messages: file({ type: "document", source: { type: "file", file_id: "ID" } }),
      },
    ] as never,
    "a batch of Anthropic": [() => claude, "/v1/messages/batches", { id: "ID" }, "/v1/messages/batches/ID/results"],
    "a file of Gemini": [() => google, "/upload/v1beta/files", { file: { name: "files/ID" } }, "/v1beta/files/ID"],
    "a file of Gemini in a prompt": [
      ...[() => google, "/upload/v1beta/files", { file: { name: "files/ID" } }, ask],
      { contents: [{ role: "user", parts: [{ fileData: { fileUri: uri } }] }] },
    ] as never,
    "a cache of Gemini": [
      ...[() => google, "/v1beta/cachedContents", { name: "cachedContents/ID" }, ask],
      { contents: [], cachedContent: "cachedContents/ID" },
    ] as never,
    "an interaction of Gemini": [
      ...[() => google, "/v1beta/interactions", { id: "ID" }, "/v1beta/interactions"],
      { previous_interaction_id: "ID" },
    ] as never,
    "a batch of Gemini": [
      ...[() => google, "/v1beta/models/google:g:batchGenerateContent", { name: "batches/ID" }],
      ...["/v1beta/batches/ID:cancel", {}],
    ] as never,
    "an operation of Gemini": [
      ...[() => google, "/v1beta/models/google:g:predictLongRunning", { name: "models/g/operations/ID" }],
      "/v1beta/models/g/operations/ID",
    ] as never,
  };
  for (const [what, [at, make, made, later, body]] of Object.entries(ROWS)) {
    test(what, async () => {
      const headers = at() === claude ? VERSION : [];
      for (let i = 0; i < KEYS.length; i++) {
        const id = `${what.replaceAll(" ", "-")}-${i}`;
        const named = (text: string) => text.replaceAll("ID", id);
        at().answer = ({ response }) => json(response, 200, JSON.parse(named(JSON.stringify(made))));
        await post(`/many${make}`, { contents: [] }, headers);
        const maker = keyOf(at().asked.at(-1)!);
        const path = named(`/many${later}`);
        const before = at().asked.length;
        if (body === undefined) await call(gateway.port, { path, headers });
        else await post(path, JSON.parse(named(JSON.stringify(body))), headers);
        assert.equal(at().asked.length, before + 1, `it reaches ${later}`);
        assert.equal(keyOf(at().asked.at(-1)!), maker);
      }
    });
  }

  test("and one that is not known is refused by name", async () => {
    const before = openai.asked.length;
    for (const [path, body] of [
      ["/v1/batches", { input_file_id: "file-x" }],
      ["/v1/responses", { model: "openai:m", input: file({ type: "input_file", file_id: "file-x" }) }],
    ] as const) {
      const reply = await post(`/many${path}`, body);
      assert.deepEqual([reply.status, codeOf(reply)], [404, "owner_not_found"]);
      assert.match(reply.text, /file-x/);
    }
    assert.equal(openai.asked.length, before);
    // What a tool of the client is called with is its own business, and so is what the provider has cited.
    const input = [
      { type: "function_call", call_id: "c", name: "f", arguments: '{"file_id":"file-x"}' },
      { type: "function_call_output", call_id: "c", output: "x" },
      {
        role: "assistant",
        content: [{ type: "output_text", text: "x", annotations: [{ type: "file_citation", file_id: "f" }] }],
      },
    ];
    assert.equal((await post("/many/v1/responses", { model: "openai:m", input })).status, 200);
  });
});
