// Who answers when a model fails: faults before and after the first content, streamed and not, and what the client sees of them.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { begin, call, headOf } from "../support/client.ts";
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
import { scrape, sumOf } from "../support/metrics.ts";
import { accessLine, eventually, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
let first: ScriptedProvider;
let second: ScriptedProvider;
let claude: ScriptedProvider;
let gateway: GatewayProcess;
/** Each test has models of its own, so that no cooldown of another is in its way. */
let turn = 0;

const REFUSALS = [401, 402, 403, 404];
const KEEPALIVE_MS = 1000;
const TURNS = 60;

before(async () => {
  [first, second, claude] = await Promise.all([scriptedProvider(), scriptedProvider(), scriptedProvider()]);
  const turns = Array.from({ length: TURNS }, (_, i) => i + 1);
  const gatewaySection = {
    frontend: { http: { host: "127.0.0.1", port: 0 } },
    llm: {
      keepaliveInterval: `${KEEPALIVE_MS}ms`,
      providers: {
        first: { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${first.port}/v1`, apiKeys: ["k-1"] },
        keys: { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${first.port}/v1`, apiKeys: ["k-2", "k-3"] },
        second: { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${second.port}/v1`, apiKeys: ["k-4"] },
        slow: {
          kind: "openaiCompatible",
          baseUrl: `http://127.0.0.1:${first.port}/v1`,
          apiKeys: ["k-5"],
          ttftTimeout: "300ms",
          idleTimeout: "500ms",
        },
        claude: { kind: "anthropic", baseUrl: `http://127.0.0.1:${claude.port}`, apiKeys: ["k-6"] },
        // A key that is refused rests, whatever the model.
        ...Object.fromEntries(
          REFUSALS.map((status) => [
            `no-${status}`,
            { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${first.port}/v1`, apiKeys: [`k-${status}`] },
          ]),
        ),
        dead: { kind: "openaiCompatible", baseUrl: "http://127.0.0.1:1/v1", apiKeys: ["k-7"] },
      },
      models: Object.fromEntries(
        turns.map((i) => [`large-${i}`, { provider: "second", upstreamName: `large-${i}`, contextIn: 1_000_000 }]),
      ),
    },
    circuitBreaker: { enabled: false },
    metrics: { enabled: true },
    router: {
      rules: [
        ...turns.map((i) => ({
          id: `t${i}`,
          path: `/t${i}/*`,
          stripPrefix: true,
          strategy: { type: "llm", models: [`first:m${i}`, `second:m${i}`, `large-${i}`] },
        })),
        ...REFUSALS.map((status) => ({
          id: `no-${status}`,
          path: `/no-${status}/*`,
          stripPrefix: true,
          strategy: { type: "llm", models: [`no-${status}:r`, "second:r"] },
        })),
        { id: "keys", path: "/keys/*", stripPrefix: true, strategy: { type: "llm", models: ["keys:k", "second:k"] } },
        { id: "slow", path: "/slow/*", stripPrefix: true, strategy: { type: "llm", models: ["slow:s", "second:s"] } },
        {
          id: "short",
          path: "/short/*",
          stripPrefix: true,
          timeout: "1s",
          strategy: { type: "llm", models: ["slow:d", "first:d", "second:d"] },
        },
        { id: "dead", path: "/dead/*", stripPrefix: true, strategy: { type: "llm", models: ["dead:d", "second:d"] } },
        {
          id: "mixed",
          path: "/mixed/*",
          stripPrefix: true,
          strategy: { type: "llm", models: ["claude:c", "second:c"] },
        },
        {
          id: "fixed",
          path: "/fixed/*",
          stripPrefix: true,
          strategy: { type: "llm", models: ["first:f", "second:f"], failover: false },
        },
      ],
    },
  };
  gateway = await startGateway(`${JSON.stringify({ gateway: gatewaySection })}\n`, { args: ["-hot-reload=false"] });
});
after(async () => {
  await gateway.kill();
  await Promise.all([first.close(), second.close(), claude.close()]);
});
beforeEach(() => {
  turn++;
  first.answer = completion("one");
  second.answer = completion("two");
  claude.answer = failure(500);
});

const ask = (body: object = {}, path = `/t${turn}`, headers: string[] = []) =>
  call(gateway.port, {
    method: "POST",
    path: `${path}/v1/chat/completions`,
    headers: ["Content-Type", "application/json", ...headers],
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "hi" }], ...body }),
  });
const STREAM = { stream: true };
const textOf = (text: string) => {
  const found = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, word]) => word);
  return found.join("");
};
const contentOf = (text: string) => JSON.parse(text).choices[0].message.content as string;

describe("before any content", LIMIT, () => {
  for (const status of [408, 409, 429, 500, 502, 503, 529, ...REFUSALS]) {
    test(`a ${status} is made up for by the next model`, async () => {
      first.answer = failure(status);
      for (const body of [{}, STREAM]) {
        second.answer = "stream" in body ? streamed("two") : completion("two");
        const reply = await ask(body, REFUSALS.includes(status) ? `/no-${status}` : undefined);
        assert.equal(reply.status, 200, reply.text);
        assert.equal("stream" in body ? textOf(reply.text) : contentOf(reply.text), "two");
        assert.equal(reply.headers["x-llm-provider"], "second");
        assert.ok(!reply.text.includes(`status ${status}`));
      }
    });
  }

  for (const [status, code] of [
    [400, "some_code"],
    [422, "some_code"],
    [400, "content_policy_violation"],
  ] as const) {
    test(`a ${status} with ${code} is the client's own, and goes to it as it is`, async () => {
      first.answer = failure(status, code);
      const reply = await ask();
      assert.equal(reply.status, status);
      assert.equal(JSON.parse(reply.text).error.code, code);
      assert.equal(reply.headers["x-llm-attempts"], "1");
    });
  }

  test("a prompt that is too long goes to a model that takes more", async () => {
    second.answer = ({ body, response, ...rest }: Asked) => completion(String(body.model))({ body, response, ...rest });
    for (const refusal of [failure(400, "context_length_exceeded"), failure(413)]) {
      first.answer = refusal;
      const reply = await ask();
      assert.equal(contentOf(reply.text), `large-${turn}`);
      assert.equal(reply.headers["x-llm-fallback-reason"], "context_overflow");
    }
  });

  test("a model that its provider does not have is not asked for again", async () => {
    first.answer = ({ response }) =>
      json(response, 404, { error: { message: "The model `m` does not exist.", code: 404 } });
    const before = first.asked.length;
    for (let i = 0; i < 3; i++) assert.equal(contentOf((await ask()).text), "two");
    assert.equal(first.asked.length, before + 1);
  });

  test("the timeout of the rule is that of all attempts together", async () => {
    first.answer = () => undefined;
    const reply = await ask({}, "/short");
    assert.equal(reply.status, 504, reply.text);
    assert.equal(JSON.parse(reply.text).error.code, "upstream_timeout");
    assert.equal(reply.headers["x-llm-attempts"], "2");
    assert.equal(second.asked.filter(({ body }) => body.model === "d").length, 0);
  });

  test("all that fail leave the last fault to the client, in its format, with its status", async () => {
    first.answer = failure(500);
    second.answer = failure(429, "rate_limit_exceeded", { "retry-after": "7" });
    for (const body of [{}, STREAM]) {
      const reply = await ask(body);
      assert.ok([429, 503].includes(reply.status), reply.text);
      assert.match(reply.headers["content-type"] as string, /json/);
      assert.ok(JSON.parse(reply.text).error.message.length > 0);
      if (body === STREAM) continue; // both rest by then
      assert.equal(reply.headers["x-should-retry"], "false");
      assert.equal(reply.headers["retry-after"], "7");
    }
  });

  test("a connection that is refused, or reset before the head, is made up for", async () => {
    const refused = await ask({}, "/dead");
    assert.equal(contentOf(refused.text), "two");
    assert.equal(refused.headers["x-llm-fallback-reason"], "network");
    first.answer = ({ response }) => response.destroy();
    assert.equal(contentOf((await ask()).text), "two");
  });

  test("a stream that begins and fails without content is made up for", async () => {
    second.answer = streamed("two");
    const openings: ScriptedProvider["answer"][] = [
      ({ response }) => {
        events(response);
        chunk(response, { role: "assistant", content: "" });
        setImmediate(() => response.destroy());
      },
      ({ response }) => {
        events(response);
        chunk(response, { role: "assistant", content: "" });
        response.end('data: {"error":{"message":"overloaded","code":503}}\n\n');
      },
      ({ response }) => {
        events(response);
        response.end();
      },
      ({ response }) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
      ({ response }) => json(response, 200, { error: { message: "no", code: 500 } }),
    ];
    for (const opening of openings) {
      first.answer = opening;
      const reply = await ask(STREAM);
      assert.equal(textOf(reply.text), "two", reply.text);
      assert.match(reply.text, /data: \[DONE\]\n\n$/);
    }
  });

  test("streams that all begin and fail without content end with the status of the last fault, not with 200", async () => {
    const begins = (error: object) => (asked: Asked) => {
      events(asked.response);
      chunk(asked.response, { role: "assistant", content: "" });
      asked.response.end(`data: ${JSON.stringify({ error })}\n\n`);
    };
    first.answer = begins({ message: "down", code: 500 });
    second.answer = begins({ message: "busy", code: 503 });
    const reply = await ask(STREAM);
    assert.equal(reply.status, 503, reply.text);
    assert.match(reply.headers["content-type"] as string, /json/);
    turn++;
    first.answer = begins({ message: "no such parameter", code: 400 });
    const own = await ask(STREAM);
    assert.deepEqual([own.status, own.headers["x-llm-attempts"]], [400, "1"]);
  });

  test("a second key of the provider is tried before another provider", async () => {
    first.answer = ({ request, ...rest }) =>
      (request.headers.authorization === "Bearer k-2" ? failure(401) : completion("other key"))({ request, ...rest });
    for (let i = 0; i < 3; i++) assert.equal(contentOf((await ask({}, "/keys")).text), "other key");
    const bad = first.asked.filter(({ request }) => request.headers.authorization === "Bearer k-2");
    assert.ok(bad.length <= 1, "a refused key rests");
  });

  test("a model that takes too long to its first token is passed over", async () => {
    first.answer = ({ response }) => events(response);
    second.answer = streamed("two");
    const reply = await ask(STREAM, "/slow");
    assert.equal(textOf(reply.text), "two");
    assert.equal(reply.headers["x-llm-fallback-reason"], "timeout");
    await eventually("the slow one is given up", () => first.active === 0);
  });

  test("failover: false leaves the fault to the client", async () => {
    first.answer = failure(500);
    const reply = await ask({}, "/fixed");
    assert.equal(reply.status, 500);
    assert.equal(second.asked.filter(({ body }) => body.model === "f").length, 0);
  });

  test("every attempt is in the access log", async () => {
    first.answer = failure(500, null, { "x-request-id": "req_of_first" });
    const reply = await ask();
    const line = (await accessLine(gateway, String(reply.headers["x-request-id"]))) as {
      readonly tries: readonly { readonly status: number }[];
      readonly attempts: number;
      readonly llm: Readonly<Record<string, unknown>>;
    };
    assert.equal(line.attempts, 2);
    assert.deepEqual(
      line.tries.map(({ status }) => status),
      [500, 200],
    );
    assert.equal(line.llm.provider, "second");
    assert.equal(line.llm.inputTokens, 7);
    assert.match(String(line.llm.upstreamIds), /^req_of_first\b/);
  });
});

test("requests, tokens, replacements and times to the first token are counted", LIMIT, async () => {
  first.answer = failure(500);
  await ask();
  const metrics = await scrape(gateway.port);
  const labels = { route: `t${turn}`, provider: "second", model: `second:m${turn}` };
  assert.equal(sumOf(metrics, "gateway_llm_requests_total", { ...labels, outcome: "ok" }), 1);
  assert.equal(sumOf(metrics, "gateway_llm_tokens_total", { ...labels, kind: "input" }), 7);
  assert.equal(sumOf(metrics, "gateway_llm_fallbacks_total", { ...labels, reason: "server_error" }), 1);
  assert.equal(sumOf(metrics, "gateway_llm_time_to_first_token_seconds_count", labels), 1);
});

describe("after the first content", LIMIT, () => {
  test("nothing is spliced: the client gets an error event, and no end that never came", async () => {
    for (const cut of [(r: Asked["response"]) => r.destroy(), (r: Asked["response"]) => r.end()]) {
      first.answer = ({ response }) => {
        events(response);
        chunk(response, { role: "assistant", content: "part" });
        setTimeout(() => cut(response), 20);
      };
      const reply = await ask(STREAM);
      assert.equal(reply.status, 200);
      assert.match(reply.text, /part/);
      assert.match(reply.text, /"error":/);
      assert.doesNotMatch(reply.text, /\[DONE\]|two/);
      turn++;
    }
  });

  test("a provider that falls silent ends the stream with an error", async () => {
    first.answer = ({ response }) => {
      events(response);
      chunk(response, { role: "assistant", content: "part" });
    };
    const reply = await ask(STREAM, "/slow");
    assert.match(reply.text, /part/);
    assert.match(reply.text, /"error":/);
    await eventually("it is given up", () => first.active === 0);
  });

  test("a provider that does not end a complete stream does not keep the client waiting", async () => {
    first.answer = ({ response }) => {
      events(response);
      chunk(response, { role: "assistant", content: "all" });
      chunk(response, {}, "stop");
      response.write("data: [DONE]\n\n");
    };
    const reply = await ask(STREAM);
    assert.match(reply.text, /\[DONE\]\n\n$/);
    await eventually("it is given up", () => first.active === 0);
  });
});

describe("while nothing comes", LIMIT, () => {
  test("a waiting client of each API gets its keep-alives, and another model can still take over", async () => {
    const open: Asked[] = [];
    first.answer = (one) => void open.push(one);
    second.answer = streamed("two");
    const chat = { model: "auto", stream: true, messages: [{ role: "user", content: "hi" }] };
    const gemini = { contents: [{ role: "user", parts: [{ text: "hi" }] }] };
    const clients = [
      ["/v1/chat/completions", chat, /^:/, /data: \[DONE\]\n\n$/],
      ["/v1/responses", { model: "auto", stream: true, input: "hi" }, /^:/, /event: response\.completed\n.*\n\n$/],
      ["/v1/messages", { ...chat, max_tokens: 5 }, /^event: ping\ndata: /, /event: message_stop\n.*\n\n$/],
      ["/v1beta/models/auto:streamGenerateContent?alt=sse", gemini, /^:/, /"finishReason":"STOP".*\r?\n\r?\n$/],
    ] as const;
    const waiting = clients.map(async ([path, body, alive, end]) => {
      const request = begin(gateway.port, {
        method: "POST",
        path: `/t${turn}${path}`,
        headers: ["Content-Type", "application/json"],
        body: JSON.stringify(body),
      });
      const head = await soon(headOf(request), "the head");
      assert.equal(head.statusCode, 200);
      let text = "";
      head.on("data", (piece: Buffer) => (text += piece.toString()));
      await eventually(`a keep-alive at ${path}`, () => alive.test(text));
      return async () => {
        await eventually(`the end at ${path}`, () => end.test(text));
        assert.match(text, /"two"/);
      };
    });
    const ends = await Promise.all(waiting);
    for (const one of open) failure(500)(one);
    for (const end of ends) await end();
  });

  test("all that fail then are told of in the stream", async () => {
    const open: Asked[] = [];
    first.answer = (one) => void open.push(one);
    second.answer = failure(500);
    const reply = ask(STREAM);
    await eventually("the first is asked", () => open.length === 1);
    await new Promise((resolve) => setTimeout(resolve, KEEPALIVE_MS * 2.5));
    failure(500)(open[0]!);
    const { status, text } = await reply;
    assert.equal(status, 200);
    assert.match(text, /"error":/);
  });

  test("a client that leaves takes its request with it, streamed or not", async () => {
    for (const stream of [true, false]) {
      const before = first.asked.length;
      first.answer = () => undefined;
      const request = begin(gateway.port, {
        method: "POST",
        path: `/t${turn}/v1/chat/completions`,
        headers: ["Content-Type", "application/json"],
        body: JSON.stringify({ model: "auto", stream, messages: [] }),
      }).on("error", () => undefined);
      await eventually("it is asked", () => first.asked.length > before);
      request.destroy();
      await soon(first.asked.at(-1)!.closed, "the abort");
      await eventually("nothing is open", () => first.active === 0);
      assert.equal(second.asked.filter(({ body }) => body.model === `m${turn}`).length, 0);
    }
  });
});

test("another format takes over from a provider of a third one", LIMIT, async () => {
  claude.answer = ({ response }) =>
    json(response, 529, { type: "error", error: { type: "overloaded_error", message: "busy" } });
  const reply = await ask({}, "/mixed");
  assert.equal(contentOf(reply.text), "two");
  assert.equal(claude.asked.at(-1)!.body.max_tokens !== undefined, true);
});
