// The commands about language models against a running gateway, and without one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { completion, failure, type ScriptedProvider, scriptedProvider } from "../support/llm/scripted-provider.ts";
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
      },
    },
    router: { rules: [{ id: "chat", path: "/*", strategy: { type: "llm", models: ["one/small"] } }] },
  };
}

/** Runs a command to its end. */
async function gateway(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, ["dist/main.js", ...args], { env: { PATH: process.env.PATH } });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.end();
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
