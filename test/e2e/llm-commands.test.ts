// The commands about language models against a running gateway, and without one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import {
  completion,
  failure,
  json,
  type ScriptedProvider,
  scriptedProvider,
  streamed,
} from "../support/llm/scripted-provider.ts";
import { freePort } from "../support/ports.ts";

const LIMIT = { timeout: 60_000 };
let provider: ScriptedProvider;
let running: GatewayProcess;
/** The configuration of the running gateway, with the ports it has. */
let file: string;

before(async () => {
  provider = await scriptedProvider();
  const [port, management] = [await freePort(), await freePort()];
  const text = JSON.stringify({ gateway: configuration(port, management) });
  running = await startGateway(`${text}\n`, { args: ["-hot-reload=false"] });
  file = running.file;
});
after(async () => {
  await running.kill();
  await provider.close();
});

function configuration(port: number, management: number): object {
  return {
    frontend: { http: { host: "127.0.0.1", port } },
    management: { enabled: true, port: management, auth: { token: "secret-token" } },
    llm: {
      providers: {
        one: {
          kind: "openaiCompatible",
          baseUrl: `http://127.0.0.1:${provider.port}/v1`,
          apiKeys: ["sk-canary-good", "sk-canary-other"],
        },
        two: { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${provider.port}/v1`, apiKeys: ["sk-canary-good"] },
      },
    },
    router: {
      rules: [
        { id: "chat", path: "/*", strategy: { type: "llm", models: ["one/small"] } },
        {
          id: "talk",
          path: "/talk/*",
          stripPrefix: true,
          strategy: { type: "llm", models: ["two/large", "two/small"] },
        },
      ],
    },
  };
}

/** Runs a command to its end. */
async function gateway(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return gatewayReading("", ...args);
}

/** The same with a standard input. */
async function gatewayReading(input: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, ["dist/main.js", ...args], { env: { PATH: process.env.PATH } });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number];
  assert.doesNotMatch(out + err, /sk-canary|secret-token/);
  return { code, out, err };
}

const ask = () =>
  call(running.port, {
    method: "POST",
    path: "/v1/chat/completions",
    headers: ["Content-Type", "application/json"],
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "hi" }] }),
  });

describe("llm models", LIMIT, () => {
  test("shows the state of keys in the running gateway, as text and as JSON", async () => {
    provider.answer = failure(401);
    await ask();
    provider.answer = completion("hello");
    const shown = await gateway("llm", "models", "-config", file);
    assert.equal(shown.code, 0, shown.err);
    assert.match(shown.out, /^rule chat, order priority\n.*\n {2}1 {2}one\/small {2}one .* 2 keys:? bad (299|300)s/);
    const listed = await gateway("llm", "models", "-json", "-config", file);
    const { running: live, models } = JSON.parse(listed.out);
    assert.equal(live, true);
    assert.deepEqual([models[0].model, models[0].keys[0].state, models[0].credential], ["one/small", "bad", "keys"]);
  });

  test("shows the configuration where no gateway can be asked, and says why", async () => {
    const alone = join(running.folder, "alone.yaml");
    writeFileSync(alone, JSON.stringify({ gateway: configuration(await freePort(), await freePort()) }));
    const shown = await gateway("llm", "models", "-config", alone);
    assert.equal(shown.code, 0);
    assert.match(shown.out, / 2 keys {2}/);
    assert.match(shown.err, /^the running gateway was not asked for the state of keys: .*ECONNREFUSED/);
    writeFileSync(alone, "gateway: { router: { rules: [ { path: /, serviceName: _internal } ] } }\n");
    const none = await gateway("llm", "models", "-config", alone);
    assert.deepEqual([none.code, none.err], [1, "no rule has a strategy with language models\n"]);
  });
});

describe("llm chat", LIMIT, () => {
  const chat = (...args: string[]) => gateway("llm", "chat", "-config", file, "-rule", "talk", ...args);

  test("prints the answer of the running gateway, and who has given it", async () => {
    provider.answer = completion("hello there");
    const { code, out, err } = await chat("-model", "small", "how", "are you?");
    assert.deepEqual([code, out], [0, "hello there\n"], err);
    assert.match(err, /^two\/small at two, 7 tokens in, 2 out, \d+\.\ds\n$/);
    const { body } = provider.asked.at(-1)!;
    assert.deepEqual([body.model, body.messages], ["small", [{ role: "user", content: "how are you?" }]]);
  });

  test("streams, and reads the prompt from standard input", async () => {
    provider.answer = streamed("one ", "two");
    const { code, out, err } = await gatewayReading(
      "count",
      "llm",
      "chat",
      "-config",
      file,
      "-rule",
      "talk",
      "-stream",
      "-",
    );
    assert.deepEqual([code, out], [0, "one two\n"], err);
    assert.match(err, /^two\/large at two, 7 tokens in, 2 out, /);
    assert.deepEqual(provider.asked.at(-1)!.body.messages, [{ role: "user", content: "count" }]);
  });

  test("says what is wrong, and ends with 1", async () => {
    provider.answer = failure(400, "bad_idea");
    const refused = await chat("hello");
    assert.deepEqual([refused.code, refused.out], [1, ""]);
    assert.match(refused.err, /^gateway: 400 bad_idea status 400\n$/);
    const rule = await gateway("llm", "chat", "-config", file, "-rule", "other", "hello");
    assert.deepEqual(
      [rule.code, rule.err],
      [1, 'gateway: no rule with language models has the id "other"; there are chat, talk\n'],
    );
    const nothing = await chat();
    assert.equal(nothing.code, 2);
    assert.match(nothing.err, /llm chat needs a TEXT/);
  });

  test("asks in its own process where no gateway is running, and the gateway at a URL", async () => {
    provider.answer = completion("alone");
    const path = join(running.folder, "nobody.yaml");
    writeFileSync(path, JSON.stringify({ gateway: configuration(await freePort(), await freePort()) }));
    const own = await gateway("llm", "chat", "-config", path, "hello");
    assert.deepEqual([own.code, own.out], [0, "alone\n"], own.err);
    assert.match(
      own.err,
      /^no gateway is running with this configuration: asking in this process\none\/small at one, /,
    );
    const url = `http://127.0.0.1:${running.port}`;
    const there = await gateway("llm", "chat", "-config", path, "-rule", "talk", "-url", url, "hello");
    assert.deepEqual([there.code, there.out], [0, "alone\n"], there.err);
    const wrong = await gateway("llm", "chat", "-config", path, "-url", "somewhere", "hello");
    assert.equal(wrong.code, 2);
  });
});

describe("llm check", LIMIT, () => {
  const textOf = async (gatewaySection: object, ...args: string[]) => {
    const path = join(running.folder, "check.yaml");
    writeFileSync(path, JSON.stringify({ gateway: gatewaySection }));
    return gateway("llm", "check", "-config", path, ...args);
  };
  const rules = (...models: string[]) => ({ rules: [{ id: "chat", path: "/*", strategy: { type: "llm", models } }] });
  const baseUrl = () => `http://127.0.0.1:${provider.port}/v1`;

  test("asks for one token with each key, and says which fails and why", async () => {
    const before = provider.asked.length;
    provider.answer = (asked) => {
      const shown = asked.request.headers.authorization;
      if (shown === "Bearer sk-canary-good") return completion("hello")(asked);
      const error = { message: `no credit for ${shown}`, type: "error", param: null, code: "invalid_api_key" };
      json(asked.response, 401, { error });
    };
    const { code, out } = await gateway("llm", "check", "-config", file);
    assert.equal(code, 1);
    assert.match(out, /\n {2}one {7}1 {4}small {6}works, \d+ms\n/);
    assert.match(
      out,
      /\n {2}one {7}2 {4}small {6}failed with 401, \d+ms: The provider did not accept the credential: no credit for Bearer …\n/,
    );
    assert.deepEqual(
      provider.asked
        .slice(before)
        .filter(({ body }) => body.model === "small")
        .map(({ body }) => [body.model, body.max_tokens ?? body.max_completion_tokens]),
      [
        ["small", 16],
        ["small", 16],
      ],
    );
  });

  test("ends with 0 when all keys work, asks for the list where no model is named, and passes over providers without a key", async () => {
    provider.answer = (asked) => {
      if (asked.request.method === "GET") json(asked.response, 200, { object: "list", data: [{ id: "a" }] });
      else completion("hello")(asked);
    };
    const providers = {
      one: { kind: "openaiCompatible", baseUrl: baseUrl(), apiKeys: ["sk-canary-good"] },
      spare: { kind: "openaiCompatible", baseUrl: baseUrl() },
      anthropic: { kind: "anthropic" },
    };
    const { code, out } = await textOf({ llm: { providers }, router: rules("one/small") }, "-json");
    assert.equal(code, 0);
    const { checks, withoutKey } = JSON.parse(out);
    const shown = checks.map(({ ms: _, ...rest }: { ms: number }) => rest);
    assert.deepEqual(shown, [
      { provider: "one", key: 1, model: "small", status: 200, problem: null },
      { provider: "spare", key: null, model: null, status: 200, problem: null },
    ]);
    assert.deepEqual(withoutKey, ["anthropic"]);
  });

  test("tells what is no provider, or none that answers", async () => {
    provider.answer = ({ response }) => response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    const one = { kind: "openaiCompatible", baseUrl: baseUrl() };
    const dead = { kind: "openaiCompatible", baseUrl: "http://127.0.0.1:1/v1" };
    const wrong = await textOf({ llm: { providers: { one, dead } }, router: rules("one/small") });
    assert.equal(wrong.code, 1);
    assert.match(wrong.out, / failed with 200, \d+ms: the answer is not JSON; is baseUrl right\?\n/);
    assert.match(wrong.out, / dead .* failed, \d+ms: cannot be reached: ECONNREFUSED\n/);
    provider.answer = () => undefined;
    const late = await textOf({ llm: { providers: { one } }, router: rules("one/small") }, "-timeout", "200ms");
    assert.match(late.out, / failed, \d+ms: no answer within 0.2 s\n/);
    const usage = await textOf({ llm: { providers: { one } }, router: rules("one/small") }, "-timeout", "soon");
    assert.equal(usage.code, 2);
    const none = await textOf({ router: { rules: [{ path: "/", serviceName: "_internal" }] } });
    assert.deepEqual([none.code, none.err], [1, "no provider of language models is configured\n"]);
  });
});

describe("explain", LIMIT, () => {
  const explain = (...args: string[]) => gateway("explain", "-config", file, "POST", "/v1/chat/completions", ...args);

  test("shows the models a body would go to, given or in a file", async () => {
    const body = JSON.stringify({ model: "auto", messages: [] });
    const path = join(running.folder, "body.json");
    writeFileSync(path, body);
    const [given, read] = [await explain("-d", body), await explain("-d", `@${path}`)];
    assert.deepEqual([given.code, given.err], [0, ""]);
    assert.match(given.out, /\n {2}strategy {8}language models, order priority, with failover\n/);
    assert.match(
      given.out,
      /\n {2}model 1 {9}one\/small \(small at one\), a key of the operator; passes but for model\n/,
    );
    assert.equal(read.out, given.out);
  });

  test("ends with 1 where no model would be asked, and with 2 without the file", async () => {
    const unknown = await explain("-d", '{"model":"other"}');
    assert.equal(unknown.code, 1);
    assert.match(unknown.out, /answered {8}404 model_not_found/);
    const plain = await gateway("explain", "-config", file, "GET", "/_gateway/health", "-d", "{}");
    assert.match(plain.out, /body {12}not considered: the request goes to no language model/);
    const missing = await explain("-d", "@/nowhere");
    assert.equal(missing.code, 2);
    assert.match(missing.err, /gateway: -d: ENOENT/);
  });
});

test("a family of commands lists its own", LIMIT, async () => {
  const help = await gateway("llm", "-h");
  assert.equal(help.code, 0);
  assert.match(help.err, /^Commands:\n {2}llm models /);
  const unknown = await gateway("llm", "modls");
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /unknown command "llm modls"; did you mean "llm models"\?\n$/);
});
