// One chat request of the command line: answers whole and streamed, faults in either, and whose certificate is accepted.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chat } from "../../../src/cli/llm/chat-request.ts";
import { chatRoute } from "../../../src/cli/llm/chat-route.ts";
import type { OwnListener } from "../../../src/cli/own-listener.ts";
import type { ListenerConfig } from "../../../src/config/meaning/listeners.ts";
import { makeAuthority } from "../../support/certificates.ts";
import { loadFine } from "../../support/load.ts";

let server: Server;
let answer: RequestListener;
before(async () => {
  server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => server.close());

const REQUEST = { path: "/v1/chat/completions", fields: ["X-Key", "k"], body: { model: "auto" } };
const portOf = (of: Server) => (of.address() as AddressInfo).port;

async function asked(to: OwnListener = { listener: null, origin: `http://127.0.0.1:${portOf(server)}` }) {
  let text = "";
  const { problem, model, finish, tokensIn } = await chat(to, REQUEST, (piece) => {
    text += piece;
  });
  return { text, problem, model, finish, tokensIn };
}

/** Answers with a stream. */
const streaming =
  (...events: string[]): RequestListener =>
  (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.end(events.map((data) => `data: ${data}\n\n`).join(""));
  };
const delta = (content: string, finish: string | null = null) =>
  JSON.stringify({ model: "m", choices: [{ delta: { content }, finish_reason: finish }] });

describe("an answer", () => {
  const NONE = { text: "", problem: null, model: "", finish: "", tokensIn: -1 };

  test("is read whole, with refusals, in any shape that is JSON", async () => {
    answer = ({ headers }, response) => {
      assert.deepEqual([headers["x-key"], headers["content-type"]], ["k", "application/json"]);
      const message = { content: null, refusal: "no" };
      response.setHeader("x-llm-model", "openai/gpt");
      response.end(JSON.stringify({ choices: [{ message, finish_reason: "length" }], usage: { prompt_tokens: 3 } }));
    };
    assert.deepEqual(await asked(), { text: "no", problem: null, model: "openai/gpt", finish: "length", tokensIn: 3 });
    answer = (_, response) => response.end("{}");
    assert.deepEqual(await asked(), NONE);
  });

  test("is read as it streams", async () => {
    answer = streaming(delta("a"), "no JSON", delta("b", "stop"), "[DONE]");
    assert.deepEqual(await asked(), { ...NONE, text: "ab", model: "m", finish: "stop" });
  });

  test("that breaks off, or reports an error, is no success", async () => {
    answer = streaming(delta("a"));
    assert.deepEqual(await asked(), { ...NONE, text: "a", model: "m", problem: "the answer broke off" });
    answer = streaming(delta("a"), JSON.stringify({ error: { code: "overloaded", message: "later" } }));
    assert.equal((await asked()).problem, "error overloaded later");
    answer = (_, response) => response.writeHead(502).end("<html>");
    assert.equal((await asked()).problem, "502");
    answer = (_, response) => response.end("<html>");
    assert.equal((await asked()).problem, "200");
  });
});

describe("a gateway with TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "chat-"));
  const [own, foreign] = ["own", "foreign"].map((name) => makeAuthority(folder, name));
  const read = (file: string) => readFileSync(file);
  let secure: Server;
  before(async () => {
    secure = createSecureServer({ cert: read(own!.cert), key: read(own!.key) }, (request, response) =>
      answer(request, response),
    );
    await once(secure.listen(0, "127.0.0.1"), "listening");
  });
  after(() => {
    secure.close();
    rmSync(folder, { recursive: true });
  });
  const listener = (...files: string[]) =>
    ({ tls: { certificates: files.map((file) => ({ cert: read(file) })) } }) as unknown as ListenerConfig;

  test("is asked if its certificate is one of those configured, and else gets no request", async () => {
    let requests = 0;
    answer = (_, response) => {
      requests++;
      response.end(JSON.stringify({ choices: [{ message: { content: "hi" } }] }));
    };
    const origin = `https://127.0.0.1:${portOf(secure)}`;
    assert.equal((await asked({ listener: listener(foreign!.cert, own!.cert), origin })).text, "hi");
    assert.equal(requests, 1);
    await assert.rejects(asked({ listener: listener(foreign!.cert), origin }), /certificate is not the configured one/);
    await assert.rejects(asked({ listener: listener(), origin }), /issued by ACME/);
    await assert.rejects(asked({ listener: null, origin }), /self-signed/);
    assert.equal(requests, 1);
  });
});

describe("the rule that is asked", () => {
  const config = loadFine(`gateway:
  frontend: { listeners: [ { name: a, port: 1 }, { name: b, port: 2 } ] }
  llm: { providers: { p: { kind: openaiCompatible, baseUrl: "http://127.0.0.1:9/v1" } } }
  router:
    rules:
      - { id: files, path: /v1/files/*, strategy: { type: llm, models: [ p/m ] } }
      - { id: host, path: /*, hosts: [ "*.example.com" ], listeners: [ b ], strategy: { type: llm, models: [ p/m ] } }
      - { id: team, path: /team/*, stripPrefix: true, match: { headers: { x-team: "1" } }, strategy: { type: llm, models: [ p/m ] } }
`);
  const route = (id: string | null, fields: string[] = []) => {
    const { rule, path, fields: sent, listeners } = chatRoute(config, id, fields);
    return [rule.id, path, sent.join(" "), ...listeners.map(({ name }) => name)];
  };

  test("is the first that Chat Completions reach, at its host and listeners", () => {
    assert.deepEqual(route(null), ["host", "/v1/chat/completions", "Host llm.example.com", "b"]);
    assert.deepEqual(route(null, ["host", "x.example.com"]), [
      "host",
      "/v1/chat/completions",
      "host x.example.com",
      "b",
    ]);
  });
  test("is the one that is named, below its prefix", () => {
    assert.deepEqual(route("team", ["X-Team", "1"]), ["team", "/team/v1/chat/completions", "X-Team 1", "a", "b"]);
  });
  test("is none where no request reaches it", () => {
    assert.throws(
      () => route("team"),
      /^Error: no request for Chat Completions reaches rule "team"; see gateway explain$/,
    );
    assert.throws(() => route("files"), /reaches rule "files"/);
    assert.throws(() => route("none"), /has the id "none"; there are files, host, team$/);
  });
});
