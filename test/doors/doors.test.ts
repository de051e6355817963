// The doors of the core, each proved by a toy that goes through it over real sockets.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { type Started, startWith } from "./gateway.ts";
import { doorman, guestBook } from "./guest-book.ts";
import { shouting } from "./shouting.ts";
import { TravelLog } from "./travel-log.ts";
import { twoModels } from "./two-models.ts";

/** YAML of services on 127.0.0.1, and of rules that name them. */
function services(ports: Readonly<Record<string, number>>, rules: string): string {
  const list = Object.entries(ports).map(
    ([name, port]) => `{ name: ${name}, instances: [ { address: 127.0.0.1, port: ${port} } ] }`,
  );
  return `  registry: { static: { services: [ ${list.join(", ")} ] } }
  router: { rules: [ ${rules} ] }
`;
}

async function textOf(request: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("a filter", () => {
  let backend: Backend;
  let gateway: Started;
  before(async () => {
    backend = await startBackend(async (request, response) => {
      const body = await textOf(request);
      const { "x-shouted": shouted = "", "x-whisper": whisper = "" } = request.headers;
      response.setHeader("Content-Type", request.url === "/json" ? "application/json" : "text/plain");
      response.setHeader("X-Got", `${body}|${shouted}|${whisper}`);
      response.write("first, ");
      response.end("last");
    });
    const rules = "{ id: loud, path: /*, serviceName: web }";
    gateway = await startWith(services({ web: backend.port }, rules), { filters: [() => () => [shouting]] });
  });
  after(async () => {
    await gateway.stop();
    await backend.close();
  });
  const url = (path: string) => `http://127.0.0.1:${gateway.port}${path}`;

  test("changes fields and body of a request", async () => {
    const reply = await fetch(url("/"), {
      method: "POST",
      body: "quiet",
      headers: { "X-Shouted": "no", "X-Whisper": "psst" },
    });
    await reply.arrayBuffer();
    assert.equal(reply.headers.get("x-got"), "QUIET|yes|");
  });

  test("changes fields and body of a reply, which then has no known length", async () => {
    const reply = await fetch(url("/"));
    assert.equal(await reply.text(), "FIRST, LAST");
    assert.equal(reply.headers.get("x-shouted-by"), "backend");
    assert.equal(reply.headers.get("content-length"), null);
  });

  test("that leaves a body alone leaves its length alone, too", async () => {
    const reply = await fetch(url("/json"));
    assert.equal(await reply.text(), "first, last");
  });

  test("sees what the gateway answers itself", async () => {
    const reply = await fetch(url("/"), { method: "POST", body: "x".repeat(2000) });
    assert.equal(reply.status, 413);
    assert.equal(reply.headers.get("x-shouted-by"), "gateway");
    await reply.arrayBuffer();
  });
});

describe("a strategy", () => {
  /** What each backend was asked, and the status it answers with. */
  const asked: string[] = [];
  let busy = 200;
  let backends: Backend[];
  let gateway: Started;
  before(async () => {
    const model = (name: string, status: () => number) =>
      startBackend(async (request, response) => {
        asked.push(`${name} ${request.method} ${request.url} ${await textOf(request)}`);
        response.statusCode = status();
        response.end(name);
      });
    backends = await Promise.all([model("cheap", () => busy), model("dear", () => 200)]);
    const ports = { cheap: backends[0]!.port, dear: backends[1]!.port };
    gateway = await startWith(services(ports, "{ id: chat, path: /chat, serviceName: cheap }"), {
      target: (_rule, serviceNamed) => twoModels(serviceNamed("cheap"), serviceNamed("dear")),
    });
  });
  after(async () => {
    await gateway.stop();
    for (const backend of backends) await backend.close();
  });
  const chat = (body: string) => fetch(`http://127.0.0.1:${gateway.port}/chat`, { method: "PUT", body });

  test("puts a request to its first target in a form of its own", async () => {
    asked.length = 0;
    assert.equal(await (await chat('{"prompt":"hi"}')).text(), "cheap");
    assert.deepEqual(asked, ['cheap POST /v1/answer {"model":"small","prompt":"hi"}']);
  });

  test("moves on to its second target, with another body, when the first is too busy", async () => {
    asked.length = 0;
    busy = 503;
    assert.equal(await (await chat('{"prompt":"hi"}')).text(), "dear");
    assert.deepEqual(asked, [
      'cheap POST /v1/answer {"model":"small","prompt":"hi"}',
      'dear POST /v1/answer {"model":"large","messages":[{"role":"user","content":"hi"}]}',
    ]);
  });

  test("moves on when the first cannot be reached", async () => {
    asked.length = 0;
    await backends[0]!.close();
    assert.equal(await (await chat('{"prompt":"hi"}')).text(), "dear");
    assert.equal(asked.length, 1);
  });

  test("refuses what it cannot plan for", async () => {
    const reply = await chat("no json");
    assert.equal(reply.status, 400);
    assert.match(await reply.text(), /must be JSON/);
  });
});

describe("a responder", () => {
  let gateway: Started;
  before(async () => {
    gateway = await startWith(services({ none: 1 }, "{ id: book, path: /book, serviceName: none }"), {
      filters: [() => () => [doorman, shouting]],
      target: () => guestBook,
    });
  });
  after(() => gateway.stop());
  const ask = (init: RequestInit = {}) => fetch(`http://127.0.0.1:${gateway.port}/book`, init);

  test("answers behind the filters of its route", async () => {
    const reply = await ask({ headers: { "X-Guest": "ada" } });
    assert.deepEqual([reply.status, await reply.text()], [200, "HELLO ADA\n"]);
    assert.equal(reply.headers.get("content-length"), "10");
  });

  test("is not reached past a filter that answers, whose reply passes the other filters", async () => {
    const reply = await ask();
    assert.deepEqual([reply.status, reply.headers.get("x-shouted-by")], [401, "gateway"]);
    await reply.arrayBuffer();
  });

  test("may refuse", async () => {
    const reply = await ask({ method: "DELETE", headers: { "X-Guest": "ada" } });
    assert.deepEqual([reply.status, reply.headers.get("allow")], [405, "GET"]);
    await reply.arrayBuffer();
  });
});

describe("a trace", () => {
  const finished: TravelLog[] = [];
  let waiting: ((log: TravelLog) => void) | null = null;
  let backend: Backend;
  let gateway: Started;
  let failures = 0;
  before(async () => {
    backend = await startBackend((request, response) => {
      if (failures > 0) response.statusCode = failures-- > 0 ? 503 : 200;
      response.end(request.headers.traceparent);
    });
    const rules =
      "{ id: r, path: /*, serviceName: web, retry: { enabled: true, maxAttempts: 2, initialDelay: 1ms, budgetEnabled: false } }";
    gateway = await startWith(services({ web: backend.port }, rules), {
      trace: () =>
        new TravelLog("0af7651916cd43dd8448eb211c80319c", (log) =>
          waiting === null ? finished.push(log) : waiting(log),
        ),
    });
  });
  after(async () => {
    await gateway.stop();
    await backend.close();
  });
  /** The log of one request, which is complete a moment after its reply. */
  async function logOf(path: string): Promise<{ text: string; lines: readonly string[] }> {
    const log = new Promise<TravelLog>((resolve) => {
      waiting = resolve;
    });
    const text = await (await fetch(`http://127.0.0.1:${gateway.port}${path}`)).text();
    return { text, lines: (await log).lines };
  }

  test("is told of a request from its filters to its end, and adds fields to its attempt", async () => {
    const { text, lines } = await logOf("/");
    assert.equal(text, "00-0af7651916cd43dd8448eb211c80319c-0000000000000001-01");
    assert.deepEqual(lines, ["passed the filters", "attempt 1 on web", "attempt 1: answered 200", "done: 200"]);
  });

  test("is told of each attempt once", async () => {
    failures = 1;
    const { text, lines } = await logOf("/");
    assert.match(text, /-0000000000000002-01$/);
    assert.deepEqual(lines, [
      "passed the filters",
      "attempt 1 on web",
      "attempt 1: answered 503",
      "attempt 2 on web",
      "attempt 2: answered 200",
      "done: 200",
    ]);
  });

  test("is told of requests that reach no backend", async () => {
    const { lines } = await logOf("/_gateway/health");
    assert.deepEqual(lines, ["done: 200"]);
  });
});
