// No credential reaches a provider that it is not for: every credential, at every provider, at the first attempt and after a failover.
// Afterwards all that the gateway has said, at log level `debug`, is searched for them.
import assert from "node:assert/strict";

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { type Call, call, type Reply } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { mockProvider, type TestProvider } from "../support/llm/mock-provider.ts";

import { managementPort } from "../support/management.ts";
import { leaksIn, type Secret, secretOf } from "../support/secrets.ts";
import { configText } from "../support/setup.ts";

const LIMIT = { timeout: 120_000 };
const KINDS = {
  openai: "openai",
  anthropic: "anthropic",
  google: "gemini",
  openrouter: "openrouter",
  local: "openaiCompatible",
} as const;
type Id = keyof typeof KINDS;
const IDS = Object.keys(KINDS) as Id[];

/** A secret that looks like a key. */
function keyLike(prefix: string, name: string): Secret {
  return { name, value: prefix + secretOf(name).value.replace(".", "-") };
}

const PREFIXES: Readonly<Record<Id, string>> = {
  openai: "sk-proj-",
  anthropic: "sk-ant-api03-",
  google: "AIza",
  openrouter: "sk-or-v1-",
  local: "",
};
const OPERATOR = Object.fromEntries(
  IDS.map((id) => [id, keyLike(PREFIXES[id], `the operator's key for ${id}`)]),
) as Record<Id, Secret>;
const GATEWAY = { key: secretOf("a key of the gateway"), cookie: secretOf("a cookie"), proxy: secretOf("a proxy") };
const MANAGEMENT = secretOf("management.auth.token");

/** A credential of a client. */
interface Brought {
  readonly what: string;
  readonly to: Id | null;
  readonly secret: Secret;
  readonly headers: readonly string[];
  readonly query?: string;
}

function brought(what: string, to: Id | null, prefix: string, place: (value: string) => Partial<Brought>): Brought {
  const secret = keyLike(prefix, what);
  return { what, to, secret, headers: [], ...place(secret.value) };
}
const field = (name: string, before = "") => {
  return (value: string): Partial<Brought> => ({ headers: [name, before + value] });
};
const bearer = field("Authorization", "Bearer ");

const BROUGHT: readonly Brought[] = [
  brought("the token of a Claude subscription", "anthropic", "sk-ant-oat01-", bearer),
  brought("a key of Anthropic", "anthropic", "sk-ant-api03-", field("x-api-key")),
  brought("a key of Anthropic as a bearer", "anthropic", "sk-ant-api03-", bearer),
  brought("a token of Google", "google", "ya29.", bearer),
  brought("a key of Gemini", "google", "AIza", field("x-goog-api-key")),
  brought("a key of Gemini in the query", "google", "AIza", (value) => ({ query: `key=${value}` })),
  brought("a key of OpenRouter", "openrouter", "sk-or-v1-", bearer),
  brought("a key of OpenAI", "openai", "sk-proj-", bearer),
  brought("a key of OpenAI in x-openai-api-key", "openai", "sk-", field("x-openai-api-key")),
  brought("a key of OpenAI in openai-api-key", "openai", "sk-", field("openai-api-key")),
  ...IDS.map((id) => brought(`a key that names ${id}`, id, PREFIXES[id], field(`x-llm-key-${id}`))),
  brought("a text that is no credential of a provider", null, "", bearer),
  brought("a key in api-key", null, "", field("api-key")),
  brought("nothing", null, "", () => ({})),
];

const MESSAGES = [{ role: "user", content: "Hello" }];
/** Requests in each format, for a model. */
const FORMATS: Readonly<Record<string, (model: string) => { path: string; body: object }>> = {
  chat: (model) => ({ path: "/v1/chat/completions", body: { model, messages: MESSAGES } }),
  responses: (model) => ({ path: "/v1/responses", body: { model, input: "Hello", store: false } }),
  messages: (model) => ({ path: "/v1/messages", body: { model, max_tokens: 50, messages: MESSAGES } }),
  gemini: (model) => ({
    path: `/v1beta/models/${encodeURIComponent(model)}:generateContent`,
    body: { contents: [{ role: "user", parts: [{ text: "Hello" }] }] },
  }),
};

const mocks = {} as Record<Id, TestProvider>;
/** A provider that answers every request with an error that repeats its key. */
let telling: Server;
/** Its status. */
let told = 401;
const TELLING = keyLike("", "the key of a provider that repeats it");
let gateway: GatewayProcess;
const agent = new Agent({ keepAlive: true });
/** What was said, by place. */
const said: Record<string, string> = {};

before(async () => {
  for (const id of IDS) mocks[id] = await mockProvider(KINDS[id], { name: id });
  telling = createServer((request, response) => {
    const key = request.headers.authorization?.replace("Bearer ", "");
    const error = { message: `The key ${key} does not suit`, type: `type ${key}`, code: `code ${key}`, param: key };
    request.resume().on("end", () => {
      response.writeHead(told, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ error }));
    });
  }).listen(0, "127.0.0.1");
  await once(telling, "listening");
  gateway = await startGateway(text(), { args: ["-log-level", "debug", "-hot-reload=false"] });
});
after(async () => {
  agent.destroy();
  telling.close();
  await gateway.kill();
});

/** One rule for whoever comes, and one whose clients the gateway authenticates. */
function text(): string {
  const models = IDS.map((id) => `${id}:${MODELS[id]}`);
  const strategy = { type: "llm", models };
  return configText({
    rules: [
      { id: "telling", path: "/telling/*", stripPrefix: true, strategy: { type: "llm", models: ["telling:m"] } },
      { id: "closed", path: "/closed/*", stripPrefix: true, authRequired: true, strategy },
      { id: "open", path: "/*", authRequired: false, strategy },
    ],
    services: {},
    more: {
      auth: {
        failures: { max: 0 },
        apikey: { headerName: "X-Team-Key", forward: false, keys: { team: { key: GATEWAY.key.value } } },
      },
      management: { enabled: true, port: 0, auth: { token: MANAGEMENT.value } },
      metrics: { enabled: true },
      llm: {
        providers: {
          ...Object.fromEntries(
            IDS.map((id) => [id, { kind: KINDS[id], baseUrl: mocks[id].baseUrl, apiKeys: [OPERATOR[id].value] }]),
          ),
          telling: {
            kind: "openaiCompatible",
            baseUrl: `http://127.0.0.1:${(telling.address() as AddressInfo).port}/v1`,
            apiKeys: [TELLING.value],
          },
        },
        authAdapters: {
          enabled: ["anthropic-oauth", "google-oauth", "openai-key", "user-key"],
          operatorKeys: "allow",
          passthrough: { onLimit: "failover" },
        },
        fallback: { maxAttempts: 5, cooldownSeconds: 0 },
      },
    },
  });
}

const MODELS: Readonly<Record<Id, string>> = {
  openai: "gpt-5",
  anthropic: "claude-sonnet-4-5",
  google: "gemini-2.5-pro",
  openrouter: "meta/llama-4",
  local: "qwen3",
};

async function ask(format: string, id: Id, given: Brought, prefix = "", more: readonly string[] = []): Promise<Reply> {
  const { path, body } = FORMATS[format]!(MODELS[id]);
  const headers = [
    ...["Content-Type", "application/json", "Cookie", `session=${GATEWAY.cookie.value}`],
    ...["Proxy-Authorization", `Basic ${GATEWAY.proxy.value}`],
    ...given.headers,
    ...more,
  ];
  const query = given.query === undefined ? "" : `?${given.query}`;
  const options: Call = { method: "POST", path: prefix + path + query, headers, body: JSON.stringify(body), agent };
  return await call(gateway.port, options);
}

/** Every secret that must not be at a provider. @param own of the client, that is for it */
function foreignTo(id: Id, own: Brought): readonly Secret[] {
  const operator = IDS.filter((other) => other !== id).map((other) => OPERATOR[other]);
  const mine = own.to === id ? [] : [own.secret];
  return [...Object.values(GATEWAY), ...operator, ...mine];
}

function arrivals({ requests }: TestProvider, secret: string): number {
  return requests.filter(({ fields }) => fields.some((value) => value.endsWith(secret))).length;
}

/** Searches what the providers were sent, and forgets it. @returns providers in the order they were asked */
function judged(own: Brought, what: string): void {
  for (const id of IDS) {
    for (const { fields, path, query, body } of mocks[id].requests) {
      const sent = `${path}${query}\n${fields.join("\n")}\n${body}`;
      assert.deepEqual(leaksIn({ [`${what}, at ${id}`]: sent }, foreignTo(id, own)), []);
      const names = fields.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
      const credentials = names.filter((name) => ["authorization", "x-api-key", "x-goog-api-key"].includes(name));
      assert.equal(credentials.length, 1, `${what}: ${id} was sent ${credentials.join(" and ") || "nothing"}`);
      for (const name of names)
        assert.doesNotMatch(name, /^(cookie|x-auth-|x-forwarded-|forwarded$|x-llm-|x-team-key)/);
    }
    mocks[id].reset();
  }
}

describe("a credential", LIMIT, () => {
  for (const own of BROUGHT) {
    test(`${own.what} is at no other provider, first or after a failover`, async () => {
      let attempts = 0;
      let arrived = 0;
      for (const format of Object.keys(FORMATS)) {
        for (const id of IDS) {
          for (const failing of format === "chat" ? ["500", "429"] : ["500"]) {
            mocks[id].force(failing);
            const reply = await ask(format, id, own);
            said[`the answer to ${own.what}`] = `${reply.rawHeaders.join(" ")} ${reply.text}`;
            attempts += IDS.reduce((sum, each) => sum + mocks[each].requests.length, 0);
            if (own.to !== null) arrived += arrivals(mocks[own.to], own.secret.value);
            judged(own, `${own.what} for ${id} in ${format}, ${failing}`);
          }
        }
      }
      assert.ok(attempts > 20, `${attempts} attempts`);
      assert.equal(arrived > 0, own.to !== null, `${arrived} attempts with it`);
    });
  }

  test("of the gateway itself is at no provider, nor is who was let in by it", async () => {
    const own = BROUGHT.at(-1)!;
    for (const format of Object.keys(FORMATS)) {
      for (const id of IDS) {
        const reply = await ask(format, id, own, "/closed", ["X-Team-Key", GATEWAY.key.value]);
        assert.equal(reply.status, 200, reply.text);
        judged(own, `a key of the gateway for ${id} in ${format}`);
      }
    }
  });

  test("is not taken away by a client that names it in Connection", async () => {
    const own = BROUGHT.at(-1)!;
    for (const id of IDS) {
      const names = "authorization, x-api-key, x-goog-api-key";
      assert.equal((await ask("chat", id, own, "", ["Connection", names])).status, 200);
      judged(own, `Connection for ${id}`);
    }
  });

  test("of the operator is not told to a client by a provider that repeats it", async () => {
    for (const format of ["chat", "messages", "gemini", "responses"]) {
      for (told of [400, 401, 402, 403, 404, 422, 429, 500, 503, 529]) {
        const { path, body } = FORMATS[format]!("m");
        const headers = ["Content-Type", "application/json"];
        const options = { method: "POST", path: `/telling${path}`, headers, body: JSON.stringify(body), agent };
        const { rawHeaders, text, ...reply } = await call(gateway.port, options);
        assert.ok(reply.status >= 400, text);
        assert.deepEqual(leaksIn({ [`${format} ${told}`]: `${rawHeaders.join(" ")} ${text}` }, [TELLING]), []);
      }
    }
  });

  test("does not follow a redirect", async () => {
    const own = BROUGHT.at(-1)!;
    mocks.openai.force("redirect");
    const reply = await ask("chat", "openai", own);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers["x-llm-provider"], "anthropic");
    judged(own, "a redirect");
  });
});

test("no credential is in anything that the gateway says", LIMIT, async () => {
  const port = await managementPort(gateway);
  const headers = ["Authorization", `Bearer ${MANAGEMENT.value}`];
  for (const path of ["info", "config", "routes", "services", "stats", "metrics", "health", "rate-limits"]) {
    said[`the management API at ${path}`] = (await call(port, { path: `/management/${path}`, headers })).text;
  }
  said["the scrape"] = (await call(gateway.port, { path: "/metrics" })).text;
  const brings = BROUGHT.flatMap(({ headers: fields }) => (fields.length === 2 ? ["-H", fields.join(": ")] : []));
  const body = JSON.stringify(FORMATS.chat!("auto").body);
  const explained = ["-d", body, "POST", `/v1/chat/completions?key=${BROUGHT[5]!.secret.value}`];
  for (const [place, command] of Object.entries({
    "print-config": ["print-config"],
    "llm models": ["llm", "models"],
    explain: ["explain", ...explained],
    "explain with a key": ["explain", ...brings.slice(0, 2), ...explained],
    "explain with keys": ["explain", ...brings.slice(-4), ...explained],
  })) {
    const args = [
      "dist/main.js",
      ...command.splice(0, place === "llm models" ? 2 : 1),
      "-config",
      gateway.file,
      ...command,
    ];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    said[place] = stdout + stderr;
  }
  assert.match(said.explain!, /gpt-5/);
  await gateway.stop();
  said["the log"] = gateway.lines.map((line) => JSON.stringify(line)).join("\n");
  assert.ok(gateway.lines.length > 500);
  const secrets = [...Object.values(OPERATOR), TELLING, ...BROUGHT.map(({ secret }) => secret), MANAGEMENT];
  assert.deepEqual(leaksIn(said, [...secrets, ...Object.values(GATEWAY)]), []);
});
