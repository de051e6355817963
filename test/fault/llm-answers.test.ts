// Providers that answer with anything but what they should: the client gets an error in its format, or the answer of another.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type Backend, startBackend } from "../support/backend.ts";
import { call, type Reply } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { APIS, type ClientApi, errorIn, eventsIn, isComplete, isErrorEvent } from "../support/llm/apis.ts";
import {
  type Asked,
  completion,
  json,
  type ScriptedProvider,
  scriptedProvider,
} from "../support/llm/scripted-provider.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { accessLine, eventually } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const KINDS = { chat: "openaiCompatible", claude: "anthropic", google: "gemini" } as const;
const KEY = "canary-key-of-the-operator";

/** Providers for answers after which a key or model rests. */
const RESTING = [401, 404, 429].flatMap((status) =>
  (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((kind) =>
    APIS.flatMap(({ name }) => [false, true].map((stream) => ({ id: `${kind}-${status}-${name}-${stream}`, kind }))),
  ),
);

let provider: ScriptedProvider;
let trap: Backend;
let gateway: GatewayProcess;

before(async () => {
  provider = await scriptedProvider();
  trap = await startBackend((_, response) => response.end("{}"));
  const origin = `http://127.0.0.1:${provider.port}`;
  const kinds = Object.entries(KINDS);
  const ids = [...kinds, ...RESTING.map(({ id, kind }) => [id, KINDS[kind]] as const)];
  const section = {
    frontend: { http: { host: "127.0.0.1", port: 0 } },
    llm: {
      providers: {
        ...Object.fromEntries(
          ids.map(([id, kind]) => [
            id,
            { kind, baseUrl: kind === "openaiCompatible" ? `${origin}/v1` : origin, apiKeys: [KEY] },
          ]),
        ),
        silent: { kind: "openaiCompatible", baseUrl: `${origin}/v1`, apiKeys: [KEY], idleTimeout: "300ms" },
      },
    },
    circuitBreaker: { enabled: false },
    metrics: { enabled: true },
    router: {
      rules: [...ids.map(([id]) => id), "silent"].map((id) => ({
        id,
        path: `/${id}/*`,
        stripPrefix: true,
        strategy: { type: "llm", models: [`${id}:m`] },
      })),
    },
  };
  gateway = await startGateway(`${JSON.stringify({ gateway: section })}\n`, { args: ["-hot-reload=false"] });
});
after(async () => {
  await gateway?.kill();
  await Promise.all([provider?.close(), trap?.close()]);
});
beforeEach(() => {
  provider.answer = ({ response }) => json(response, 500, {});
});

const ask = (api: ClientApi, route: string, stream: boolean): Promise<Reply> =>
  call(gateway.port, {
    method: "POST",
    path: `/${route}${api.path("m", stream)}`,
    headers: ["Content-Type", "application/json", ...api.headers],
    body: JSON.stringify(api.body("m", stream)),
  });

type Answer = ScriptedProvider["answer"];
const whole =
  (type: string, body: string | Buffer, status = 200, more: Record<string, string> = {}): Answer =>
  ({ response }) =>
    void response.writeHead(status, { "content-type": type, ...more }).end(body);
const raw =
  (bytes: string, then: (socket: Asked["request"]["socket"]) => void = (socket) => socket.destroySoon()): Answer =>
  ({ request }) => {
    request.socket.write(bytes);
    then(request.socket);
  };
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const EVENTS = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

const ERROR = '{"type":"error","error":{"type":"x","code":500,"status":"X","message":"secret","param":null}}';

/** Each is no answer, whatever was asked of whom. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  "a page of HTML": whole("text/html", "<html>secret</html>"),
  "a page of HTML with an error": whole("text/html", "<html>secret</html>", 502),
  "a page without end": ({ response }) => {
    response.writeHead(200, { "content-type": "text/html" });
    const pour = () => {
      while (!response.destroyed && response.write("<p>secret".repeat(1000)));
    };
    response.on("drain", pour);
    pour();
  },
  "a page that does not come": ({ response }) =>
    response.writeHead(200, { "content-type": "text/html" }).flushHeaders(),
  "an empty body": whole("application/json", ""),
  "204": ({ response }) => void response.writeHead(204).end(),
  "205": ({ response }) => void response.writeHead(205).end(),
  "304": ({ response }) => void response.writeHead(304).end(),
  "an error with status 200": whole("application/json", '{"error":{"message":"secret","code":500}}'),
  "an error as the first event": whole("text/event-stream", 'data: {"error":{"message":"secret","code":500}}\n\n'),
  "an error event with a name alone": whole("text/event-stream", "event: error\ndata: secret\n\n"),
  "JSON that is cut": whole("application/json", '{"choices":[{"message":{"content":"secret'),
  "JSON of another kind": whole("application/json", '{"secret":[1,2,3]}'),
  "a list": whole("application/json", "[]"),
  null: whole("application/json", "null"),
  "JSON without end": whole("application/json", deep(100_000)),
  "a deep error": whole("application/json", `{"error":${deep(100_000)}}`, 400 + 100),
  "deep events": whole("text/event-stream", `data: ${deep(20_000)}\n\n`),
  "events without data": whole("text/event-stream", "event: ping\n\n:\n\n\r\n\r"),
  "events of nothing": whole("text/event-stream", "data: [DONE]\n\n"),
  "no event at all": whole("text/event-stream", ""),
  "bytes that are no text": whole("application/json", Buffer.from([0xff, 0xfe, 0, 1])),
  "a coding that is broken": whole("application/json", gzipSync("{}").subarray(0, 12), 200, {
    "content-encoding": "gzip",
  }),
  "a coding nobody knows": whole("application/json", "{}", 200, { "content-encoding": "aes128gcm" }),
  "an error in a coding": whole("application/json", brotliCompressSync(ERROR), 500, { "content-encoding": "br" }),
  "101": raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
  "1xx and nothing": raw("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),
  "no head": raw(""),
  "half a head": raw("HTTP/1.1 200 OK\r\nContent-Ty"),
  "a head alone": raw(`${HEAD}Content-Length: 100\r\n\r\n`),
  "half a body": raw(`${HEAD}Content-Length: 100\r\n\r\n{"choices":`),
  "half an error": raw('HTTP/1.1 500 E\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"error":'),
  "half an event": raw(`${EVENTS}data: {"choices":[{"delta":`),
  "no HTTP": raw("SSH-2.0-OpenSSH_9.6\r\n"),
  "a head without end": raw(`HTTP/1.1 200 OK\r\nA: ${"a".repeat(200_000)}\r\n`),
};

/** Objects of JSON that a client of the same format gets as they are. */
const PASSED = new Set(["JSON of another kind", "JSON without end"]);
const NATIVE: Readonly<Record<string, string>> = {
  chat: "openai-chat",
  claude: "anthropic-messages",
  google: "gemini",
};

const statusesOf = (name: string) => (name === "a deep error" ? [500, 502, 503] : [500, 502, 503, 504]);

describe("what is no answer", LIMIT, () => {
  for (const [name, answer] of Object.entries(ANSWERS)) {
    test(name, async () => {
      provider.answer = answer;
      for (const api of APIS) {
        for (const route of Object.keys(KINDS)) {
          for (const stream of [false, true]) {
            const what = `${api.name} → ${route}, ${stream ? "streamed" : "whole"}`;
            const asked = provider.asked.length;
            const reply = await ask(api, route, stream);
            assert.ok(provider.asked.length > asked, `${what} was not sent`);
            if (PASSED.has(name) && !stream && NATIVE[route] === api.name) continue;
            assert.ok(statusesOf(name).includes(reply.status), `${what}: ${reply.status} ${reply.text.slice(0, 200)}`);
            assert.match(reply.headers["content-type"]!, /^application\/json/, what);
            errorIn(api, reply.text, reply.status);
            if (NATIVE[route] === api.name) continue;
            assert.ok(!reply.text.includes("secret"), what);
          }
        }
      }
    });
  }

  test("nothing went on behind the clients' backs, and nothing is left", async () => {
    await eventually("the provider is left alone", () => provider.active === 0);
    const metrics = await scrape(gateway.port);
    assert.equal(sumOf(metrics, "gateway_http_requests_active"), 0);
    assert.equal(
      gateway.lines.filter(({ msg }) => msg === "request failed inside the gateway" || msg === "uncaught exception")
        .length,
      0,
    );
  });
});

/** Content of a chat completion, and how it may go on. */
const PART = 'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"part"}}]}\n\n';
const STOP = 'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
const DONE = "data: [DONE]\n\n";
const FAULT = 'data: {"error":{"message":"secret","code":500}}\n\n';
const stream =
  (then: (response: Asked["response"]) => void, ...texts: string[]): Answer =>
  ({ response }) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const text of texts) response.write(text);
    setImmediate(then, response);
  };
const open = () => undefined;

/** Streams that fail behind their first content. */
const CUT: Readonly<Record<string, Answer>> = {
  "is reset": stream((response) => response.destroy(), PART),
  "is reset within an event": stream((response) => response.destroy(), PART, 'data: {"choi'),
  "ends without its last event": stream((response) => response.end(), PART),
  "ends within an event": stream((response) => response.end(), PART, 'data: {"choi'),
  "reports an error and stays open": stream(open, PART, FAULT),
  "falls silent": stream(open, PART),
  "falls silent within an event": stream(open, PART, 'data: {"choi'),
};

/** Streams that are complete, whatever follows. */
const COMPLETE: Readonly<Record<string, Answer>> = {
  "is reset behind its end": stream((response) => response.destroy(), PART, STOP, DONE),
  "reports an error behind its end": stream((response) => response.end(), PART, STOP, DONE, FAULT),
  "says more behind its end": stream((response) => response.end(), PART, STOP, DONE, 'data: {"choi'),
  "stays open": stream(open, PART, STOP, DONE),
  "keeps itself alive for ever": stream(
    (response) => {
      const timer = setInterval(() => response.write(": on\n\n"), 50);
      response.on("close", () => clearInterval(timer));
    },
    PART,
    STOP,
    DONE,
  ),
  "has a byte order mark and ends lines with CR": stream(
    (response) => response.end(),
    "\ufeff",
    PART.replaceAll("\n", "\r"),
    STOP.replaceAll("\n", "\r\n"),
    DONE,
  ),
  "comes in single bytes": ({ response }) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const byte of Buffer.from(PART + STOP + DONE)) response.write(Buffer.of(byte));
    response.end();
  },
  "is compressed": ({ response }) =>
    void response
      .writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" })
      .end(gzipSync(PART + STOP + DONE)),
};

describe("a stream that", LIMIT, () => {
  for (const [name, answer] of Object.entries(CUT)) {
    test(`${name} ends with an error in the client's format`, async () => {
      provider.answer = answer;
      await Promise.all(
        APIS.map(async (api) => {
          const reply = await ask(api, "silent", true);
          assert.equal(reply.status, 200, api.name);
          const events = eventsIn(reply.text);
          assert.match(JSON.stringify(events.slice(0, -1)), /part/, api.name);
          assert.ok(isErrorEvent(events.at(-1)), `${api.name}: ${reply.text}`);
          assert.ok(!isComplete(api, reply.text), reply.text);
          const line = await accessLine(gateway, String(reply.headers["x-request-id"]));
          assert.notEqual(line.error ?? null, null, api.name);
        }),
      );
      await eventually("the provider is left alone", () => provider.active === 0);
    });
  }

  for (const [name, answer] of Object.entries(COMPLETE)) {
    test(`${name} is complete`, async () => {
      provider.answer = answer;
      await Promise.all(
        APIS.map(async (api) => {
          const reply = await ask(api, "chat", true);
          assert.equal(reply.status, 200, reply.text);
          const events = eventsIn(reply.text);
          assert.match(JSON.stringify(events), /part/, api.name);
          assert.ok(!events.some(isErrorEvent), `${api.name}: ${reply.text}`);
          assert.ok(isComplete(api, reply.text), `${api.name}: ${reply.text}`);
        }),
      );
      await eventually("the provider is left alone", () => provider.active === 0);
    });
  }

  test("is asked for, but sent whole, and one that is sent though it is not asked for, become what was asked for", async () => {
    for (const api of APIS) {
      provider.answer = completion("part");
      const streamed = await ask(api, "chat", true);
      assert.ok(isComplete(api, streamed.text) && streamed.text.includes("part"), streamed.text);
      provider.answer = stream(open, PART, STOP, DONE);
      const reply = await ask(api, "chat", false);
      assert.ok(JSON.stringify(JSON.parse(reply.text)).includes("part"), reply.text);
    }
    await eventually("the provider is left alone", () => provider.active === 0);
  });
});

test(
  "arguments nested deeper than can be written fail their request alone, in the client's format",
  LIMIT,
  async () => {
    const calls = [{ index: 0, id: "c1", type: "function", function: { name: "f", arguments: deep(50_000) } }];
    for (const api of APIS.filter(({ name }) => name === "anthropic-messages" || name === "gemini")) {
      const message = { role: "assistant", content: "part", tool_calls: calls };
      provider.answer = whole(
        "application/json",
        JSON.stringify({ choices: [{ index: 0, message, finish_reason: "tool_calls" }] }),
      );
      const reply = await ask(api, "chat", false);
      if (reply.status !== 200) errorIn(api, reply.text, reply.status);
      const event = (delta: object, finish: string | null = null) =>
        `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
      provider.answer = stream(
        open,
        event({ content: "part" }),
        event({ tool_calls: calls }),
        event({}, "tool_calls"),
        DONE,
      );
      const streamed = await ask(api, "chat", true);
      assert.ok(
        isComplete(api, streamed.text) || isErrorEvent(eventsIn(streamed.text).at(-1)),
        streamed.text.slice(-300),
      );
    }
    await eventually("the provider is left alone", () => provider.active === 0);
  },
);

describe("an error whose body", LIMIT, () => {
  const head = "HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n";
  const bodies: Readonly<Record<string, Answer>> = {
    "is cut": raw(`${head}{"error":`),
    "has no end": raw(`${head}{"error":"${"x".repeat(300_000)}`, () => undefined),
  };
  for (const [name, answer] of Object.entries(bodies)) {
    test(`${name} is told by its status`, async () => {
      provider.answer = answer;
      for (const api of APIS) {
        const reply = await ask(api, "chat", false);
        assert.equal(reply.status, 400, reply.text);
        errorIn(api, reply.text, 400);
      }
      await eventually("the provider is left alone", () => provider.active === 0);
    });
  }
});

test("redirects are not followed, and their target learns nothing", LIMIT, async () => {
  for (const status of [301, 302, 307, 308]) {
    provider.answer = whole("application/json", '{"a":1}', status, {
      location: `http://127.0.0.1:${trap.port}/?k=${KEY}`,
    });
    for (const api of APIS) {
      for (const route of Object.keys(KINDS)) {
        const reply = await ask(api, route, false);
        assert.ok(reply.status >= 500, reply.text);
        errorIn(api, reply.text, reply.status);
        assert.equal(reply.headers.location, undefined);
        assert.ok(!JSON.stringify(reply.rawHeaders).includes(KEY) && !reply.text.includes(KEY));
      }
    }
  }
  assert.equal(trap.requests, 0);
});

test("a provider that repeats the operator's key does not tell the client", LIMIT, async () => {
  const said = `you sent ${KEY}`;
  const fields = { "x-debug": said, "request-id": KEY, "retry-after": "1" };
  for (const status of [200, 400, 401, 404, 429, 500]) {
    provider.answer = whole(
      "application/json",
      JSON.stringify({ error: { message: said, type: said, code: said } }),
      status,
      fields,
    );
    for (const api of APIS) {
      for (const route of Object.keys(KINDS)) {
        for (const stream of [false, true]) {
          const own = `${route}-${status}-${api.name}-${stream}`;
          const asked = provider.asked.length;
          const reply = await ask(api, RESTING.some(({ id }) => id === own) ? own : route, stream);
          assert.equal(provider.asked.length, asked + 1, own);
          assert.ok(
            !`${reply.rawHeaders} ${reply.text}`.includes(KEY),
            `${api.name} ${route} ${status}: ${reply.text}`,
          );
          errorIn(api, reply.text, reply.status);
        }
      }
    }
  }
  assert.ok(!JSON.stringify(gateway.lines).includes(KEY));
});
