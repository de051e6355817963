// Many streams at once, clients that leave or do not read, and reloads in the middle: nothing is lost, blamed or left over.
import assert from "node:assert/strict";
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { begin, call, headOf, keepAlive } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { APIS, type ClientApi, isComplete } from "../support/llm/apis.ts";
import {
  chunk,
  completion,
  events,
  failure,
  type ScriptedProvider,
  scriptedProvider,
  streamed,
} from "../support/llm/scripted-provider.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { accessLine, eventually, reload, residentBytes, soon } from "../support/setup.ts";

const LIMIT = { timeout: 90_000 };
const MB = 1024 * 1024;
const STREAMS = 2000;
const CHAT = APIS[0]!;
const CLAUDE = APIS[2]!;

let one: ScriptedProvider;
let two: ScriptedProvider;
let gateway: GatewayProcess;

/** @param more providers and rules besides */
function configText(more: { readonly providers?: object; readonly rules?: readonly object[] } = {}): string {
  const provider = ({ port }: ScriptedProvider, ...apiKeys: string[]) => ({
    kind: "openaiCompatible",
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKeys,
  });
  const rule = (id: string, ...models: string[]) => ({
    id,
    path: `/${id}/*`,
    stripPrefix: true,
    strategy: { type: "llm", models },
  });
  const many = Array.from({ length: 22 }, (_, i) => `one:m${i}`);
  const section = {
    frontend: { http: { host: "127.0.0.1", port: 0 } },
    llm: {
      providers: {
        one: provider(one, "canary-key-1"),
        two: provider(two, "canary-key-2", "canary-key-3"),
        ...more.providers,
      },
      fallback: { maxAttempts: 20 },
    },
    circuitBreaker: { enabled: true, failureThreshold: 30, timeout: "60s" },
    metrics: { enabled: true },
    router: {
      rules: [
        rule("one", "one:m"),
        rule("both", "one:m", "two:m"),
        rule("keys", "two:k"),
        rule("many", ...many),
        ...(more.rules ?? []),
      ],
    },
  };
  return `${JSON.stringify({ gateway: section })}\n`;
}

before(async () => {
  [one, two] = await Promise.all([scriptedProvider(), scriptedProvider()]);
  gateway = await startGateway(configText(), { args: ["-hot-reload=false"] });
});
after(async () => {
  await gateway?.kill();
  await Promise.all([one?.close(), two?.close()]);
});
beforeEach(() => {
  one.answer = completion("one");
  two.answer = completion("two");
});

const options = (api: ClientApi, route: string, stream: boolean, headers: readonly string[] = []) => ({
  method: "POST",
  path: `/${route}${api.path("auto", stream)}`,
  headers: ["Content-Type", "application/json", ...api.headers, ...headers],
  body: JSON.stringify(api.body("auto", stream)),
});
const active = async () => sumOf(await scrape(gateway.port), "gateway_http_requests_active");
const isIdle = async () => one.active === 0 && two.active === 0 && (await active()) === 0;
const begun = (response: ServerResponse, text: string) => {
  events(response);
  chunk(response, { role: "assistant", content: "" });
  if (text !== "") chunk(response, { content: text });
};
const finish = (response: ServerResponse) => {
  chunk(response, {}, "stop");
  response.end("data: [DONE]\n\n");
};
/** All that comes, as it comes. */
function gathered(response: IncomingMessage): { text: string; readonly ended: Promise<void> } {
  const all = { text: "", ended: new Promise<void>((resolve) => response.on("close", () => resolve())) };
  response.on("data", (piece: Buffer) => (all.text += piece.toString()));
  response.on("error", () => undefined);
  return all;
}

test(`${STREAMS} streams are open at once, and leave nothing behind`, LIMIT, async () => {
  const waiting: ServerResponse[] = [];
  one.answer = ({ response }) => {
    begun(response, "first");
    waiting.push(response);
  };
  const agent = keepAlive(STREAMS);
  // What it takes to have been busy is no leak: the second round needs no more room than the first has made.
  const after: number[] = [];
  for (const count of [STREAMS, STREAMS / 5]) {
    const open = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const request = begin(gateway.port, { ...options(i % 2 === 0 ? CHAT : CLAUDE, "one", true), agent });
        const response = await headOf(request);
        return { request, all: gathered(response) };
      }),
    );
    await eventually("all have begun", () => open.every(({ all }) => all.text.includes("first")));
    assert.equal(one.active, count);
    assert.equal(await active(), count);
    for (const [i, { request }] of open.entries()) if (i % 4 >= 2) request.destroy();
    for (const response of waiting.splice(0)) if (!response.destroyed) finish(response);
    await Promise.all(open.map(({ all }) => all.ended));
    for (const [i, { all }] of open.entries())
      if (i % 4 < 2) assert.ok(isComplete(i % 2 === 0 ? CHAT : CLAUDE, all.text), all.text);
    await eventually("nothing is open", isIdle);
    after.push(residentBytes(gateway.pid));
  }
  agent.close();
  assert.ok(after[1]! < after[0]! + 60 * MB, `resident bytes ${after}`);
});

describe("a client", LIMIT, () => {
  for (const api of [CHAT, CLAUDE]) {
    test(`that does not read makes the provider wait: ${api.name}`, async () => {
      const word = "x".repeat(1000);
      let written = 0;
      one.answer = ({ response }) => {
        begun(response, "first");
        const pour = () => {
          while (written < 300 * MB && !response.destroyed && response.writableLength < 65_536) {
            chunk(response, { content: word });
            written += word.length;
          }
        };
        response.on("drain", pour);
        pour();
      };
      const before = residentBytes(gateway.pid);
      const request = begin(gateway.port, options(api, "one", true));
      const response = await soon(headOf(request), "the head");
      response.pause();
      let last = -1;
      await eventually("the provider waits", async () => {
        const isStill = written === last && written > 0;
        last = written;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return isStill && written === last;
      });
      assert.ok(written < 100 * MB, `${written} bytes were taken`);
      assert.ok(residentBytes(gateway.pid) < before + 80 * MB);
      request.destroy();
      await eventually("the provider is left alone", isIdle);
    });
  }

  test("that leaves takes its request along, at whatever point, and nobody is blamed", async () => {
    const points: readonly (readonly [stream: boolean, answer: (response: ServerResponse) => void])[] = [
      [false, () => undefined],
      [false, (response) => response.writeHead(200, { "content-type": "application/json" }).write('{"cho')],
      [false, (response) => response.writeHead(500, { "content-type": "application/json" }).write('{"err')],
      [true, () => undefined],
      [true, (response) => events(response)],
      [true, (response) => begun(response, "")],
      [true, (response) => begun(response, "part")],
      [
        true,
        (response) => {
          begun(response, "part");
          response.write("data: {");
        },
      ],
    ];
    for (const api of APIS) {
      for (const [stream, answer] of points) {
        for (const route of ["one", "both"]) {
          const asked = one.asked.length;
          one.answer = ({ response }) => answer(response);
          const request: ClientRequest = begin(gateway.port, options(api, route, stream));
          request.on("error", () => undefined);
          await eventually("it is asked", () => one.asked.length > asked);
          await new Promise((resolve) => setImmediate(resolve));
          request.destroy();
          await soon(one.asked.at(-1)!.closed, "the end of the request to the provider");
          assert.equal(one.asked.length, asked + 1);
        }
      }
    }
    await eventually("nothing is open", isIdle);
    assert.equal(two.asked.length, 0);
    one.answer = completion("still asked");
    const reply = await call(gateway.port, options(CHAT, "one", false));
    assert.match(reply.text, /still asked/);
  });

  test("that leaves a stream has what it got in the access log", async () => {
    for (const api of APIS) {
      one.answer = ({ response }) => {
        begun(response, "a");
        chunk(response, { content: "b" });
      };
      const request = begin(gateway.port, options(api, "one", true));
      const response = await headOf(request);
      const all = gathered(response);
      await eventually("its first words", () => all.text.includes('"b"'));
      request.destroy();
      const line = await accessLine(gateway, String(response.headers["x-request-id"]));
      const llm = line.llm as Readonly<Record<string, unknown>>;
      assert.equal(llm.outputTokens, 2, JSON.stringify(llm));
      assert.ok(Number(llm.inputTokens) > 0);
    }
    await eventually("nothing is open", isIdle);
  });
});

describe("attempts", LIMIT, () => {
  test("are as many as configured, each is one request, and their usage is summed", async () => {
    one.answer = failure(500);
    const asked = one.asked.length;
    const reply = await call(gateway.port, options(CHAT, "many", false));
    assert.equal(reply.status, 500, reply.text);
    assert.equal(one.asked.length - asked, 20);
    assert.equal(reply.headers["x-llm-attempts"], "20");
    const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 };
    let turn = 0;
    one.answer = (asked) => {
      if (turn++ > 0) return streamed("done")(asked);
      events(asked.response);
      asked.response.end(
        `data: ${JSON.stringify({ id: "c", choices: [], usage })}\n\ndata: {"error":{"code":500}}\n\n`,
      );
    };
    const second = await call(gateway.port, options(CHAT, "many", true));
    const { llm, attempts } = (await accessLine(gateway, String(second.headers["x-request-id"]))) as {
      readonly llm: Readonly<Record<string, unknown>>;
      readonly attempts: number;
    };
    assert.equal(attempts, 2);
    assert.deepEqual([llm.inputTokens, llm.outputTokens], [12, 2], second.text);
  });
});

test("a reload changes providers, keys and rules under open streams, and forgets nothing", LIMIT, async () => {
  const open: ServerResponse[] = [];
  const hold = ({ response }: { readonly response: ServerResponse }) => {
    begun(response, "first");
    open.push(response);
  };
  one.answer = hold;
  const streams = await Promise.all(
    APIS.map(async (api) => ({ api, all: gathered(await headOf(begin(gateway.port, options(api, "both", true)))) })),
  );
  // One that waits for its first candidate, and one key that rests.
  const late: ServerResponse[] = [];
  one.answer = ({ response }) => void late.push(response);
  const waiting = call(gateway.port, options(CHAT, "both", false));
  two.answer = (asked) =>
    asked.request.headers.authorization === "Bearer canary-key-2"
      ? failure(429, null, { "retry-after": "60" })(asked)
      : completion("three")(asked);
  const conversation = ["session_id", "conversation-1"];
  for (let i = 0; i < 3; i++)
    assert.match((await call(gateway.port, options(CHAT, "keys", false, conversation))).text, /three/);
  const limited = () =>
    two.asked.filter(({ request }) => request.headers.authorization === "Bearer canary-key-2").length;
  const before = limited();
  await eventually("it waits", () => late.length === 1);

  await reload(
    gateway,
    configText({
      providers: {
        one: { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${two.port}/v1`, apiKeys: ["canary-key-9"] },
        more: { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${two.port}/v1`, apiKeys: ["canary-key-8"] },
      },
      rules: [{ id: "new", path: "/new/*", stripPrefix: true, strategy: { type: "llm", models: ["more:n"] } }],
    }),
  );
  for (let i = 0; i < 3; i++)
    assert.match((await call(gateway.port, options(CHAT, "keys", false, conversation))).text, /three/);
  assert.equal(limited(), before, "the key rests on");
  assert.match((await call(gateway.port, options(CHAT, "new", false))).text, /three/);
  failure(500)({ response: late[0]! } as Parameters<ReturnType<typeof failure>>[0]);
  assert.match((await waiting).text, /three/);
  for (const response of open) finish(response);
  for (const { api, all } of streams) {
    await soon(all.ended, "the end");
    assert.ok(isComplete(api, all.text), all.text);
  }
  await eventually("nothing is open", isIdle);
});

test("nothing keeps a gateway from its end", LIMIT, async () => {
  one.answer = ({ response }) => begun(response, "part");
  two.answer = ({ response }) => begun(response, "part");
  const request = begin(gateway.port, options(CHAT, "one", true));
  await headOf(request);
  request.destroy();
  await eventually("nothing is open", isIdle);
  assert.equal(gateway.lines.filter(({ msg }) => msg === "uncaught exception").length, 0);
  assert.equal(await soon(gateway.stop(), "the end of the process"), 0);
});
