// Who pays for a request to a language model: clients' own credentials, subscriptions, and the operator's keys.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { type Call, call, type Reply } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { mockProvider, type TestProvider } from "../support/llm/mock-provider.ts";
import { type Block, configText, reload } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const CLAUDE = "sk-ant-oat01-subscription";
const KEYS = ["sk-operator-1", "sk-operator-revoked", "sk-operator-3", "sk-operator-4"];

let openai: TestProvider;
let anthropic: TestProvider;
let gateway: GatewayProcess;

before(async () => {
  openai = await mockProvider("openai");
  anthropic = await mockProvider("anthropic");
  gateway = await startGateway(text(), { args: ["-hot-reload=false"] });
});
after(() => gateway.kill());
beforeEach(() => {
  openai.reset();
  anthropic.reset();
});

/** @param authAdapters as in the configuration */
function text(authAdapters: Block = {}): string {
  const providers = {
    anthropic: { kind: "anthropic", baseUrl: anthropic.baseUrl, apiKeys: ["sk-ant-operator"] },
    openai: { kind: "openai", baseUrl: openai.baseUrl, apiKeys: KEYS },
  };
  const models = ["anthropic/claude-sonnet-4-5", "openai/gpt-5", "openai/text-embedding-3-small"];
  const keys = { ann: { key: "key-of-ann" }, bob: { key: "key-of-bob" } };
  return configText({
    rules: [
      { id: "named", path: "/named/*", stripPrefix: true, authRequired: true, strategy: { type: "llm", models } },
      { id: "llm", path: "/*", strategy: { type: "llm", models } },
    ],
    services: {},
    more: { llm: { providers, authAdapters }, auth: { required: false, apikey: { headerName: "X-Team-Key", keys } } },
  });
}

async function post(path: string, body: object | string, headers: readonly string[] = []): Promise<Reply> {
  const options: Call = {
    method: "POST",
    path,
    headers: ["Content-Type", "application/json", ...headers],
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
  return await call(gateway.port, options);
}

const MESSAGES = [{ role: "user", content: "Hello" }];
const chat = (headers: readonly string[] = [], model = "openai/gpt-5") => {
  return post("/v1/chat/completions", { model, messages: MESSAGES }, headers);
};
const bearer = (token: string) => ["Authorization", `Bearer ${token}`];
/** Fields that came, by lower-case name. */
function fieldsOf({ requests }: TestProvider, at = -1): Readonly<Record<string, string>> {
  const { fields } = requests.at(at)!;
  return Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), fields[i + 1]!]] : [])));
}
/** The keys that came, in order. */
const keysAt = ({ requests }: TestProvider) => {
  return requests.map((_, at) => fieldsOf({ requests } as TestProvider, at).authorization!.replace("Bearer ", ""));
};

describe("a subscription", LIMIT, () => {
  const BODY = `{ "model" : "claude-sonnet-4-5", "max_tokens":50,  "messages":[{"role":"user","content":"\\u0048i"}] }`;
  const AGENT = [
    ...["anthropic-beta", "oauth-2025-04-20,claude-code-20250219", "anthropic-version", "2026-10-21"],
    ...["User-Agent", "claude-cli/2.1", "x-app", "cli", "x-claude-code-session-id", "s"],
  ];
  const agent = (token = CLAUDE) => post("/v1/messages?beta=true", BODY, [...bearer(token), ...AGENT]);

  test("is passed on to the byte, with the fields of its agent and nothing of the operator", async () => {
    const reply = await agent();
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.headers["x-llm-billed"], "client");
    assert.equal(anthropic.requests.at(-1)!.body.toString(), BODY);
    assert.equal(anthropic.requests.at(-1)!.query, "?beta=true");
    const came = fieldsOf(anthropic);
    assert.equal(came.authorization, `Bearer ${CLAUDE}`);
    assert.equal(came["x-api-key"], undefined);
    for (let i = 0; i < AGENT.length; i += 2) assert.equal(came[AGENT[i]!.toLowerCase()], AGENT[i + 1]);
  });
  test("is sent to no other API", async () => {
    for (const path of ["/v1/chat/completions", "/v1/responses"]) {
      for (const model of ["openai/gpt-5", "claude-sonnet-4-5"]) {
        const { status, text } = await post(path, { model, messages: MESSAGES, input: "Hi" }, bearer(CLAUDE));
        assert.equal(status, 400, text);
        assert.equal(
          (JSON.parse(text) as { error: { code: string } }).error.code,
          "passthrough_requires_native_protocol",
        );
      }
    }
    const { status } = await post("/v1/messages", BODY.replace("claude-sonnet-4-5", "gpt-5"), bearer(CLAUDE));
    assert.equal(status, 400);
    assert.equal(anthropic.requests.length + openai.requests.length, 0);
  });
  for (const status of [401, 403]) {
    test(`gets ${status} as it is, and nobody pays instead`, async () => {
      anthropic.force(`${status}`);
      const reply = await agent();
      assert.equal(reply.status, status);
      assert.equal(anthropic.requests.length, 1);
      assert.equal(openai.requests.length, 0);
    });
  }
  test("that is at its limit gets 429 with the time to wait, and is not sent again before", async () => {
    anthropic.force("429=60");
    const first = await agent(`${CLAUDE}-limited-1`.replace("limited", "at-limit"));
    assert.deepEqual([first.status, first.headers["retry-after"]], [429, "60"]);
    const second = await agent(`${CLAUDE}-at-limit-1`);
    assert.equal(second.status, 429, second.text);
    const wait = Number(second.headers["retry-after"]);
    assert.ok(wait > 50 && wait <= 60, `${wait}`);
    assert.equal(anthropic.requests.length, 1);
    assert.equal(openai.requests.length, 0);
    assert.equal((await agent()).status, 200, "other clients go on");
  });
  test("at its limit is paid by the operator elsewhere, and says so, where that is configured", async (t) => {
    await reload(gateway, text({ passthrough: { onLimit: "failover" } }));
    t.after(() => reload(gateway, text()));
    anthropic.force("429=60");
    const reply = await agent(`${CLAUDE}-at-limit-2`);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.headers["x-llm-fallback-reason"], "anthropic_429");
    assert.equal(reply.headers["x-llm-billed"], "operator");
    assert.equal(reply.headers["x-llm-provider"], "openai");
    assert.match(fieldsOf(openai).authorization!, /^Bearer sk-operator-/);
    assert.equal(anthropic.requests.length, 1);
  });
});

describe("a client's own key", LIMIT, () => {
  test("pays, with the account it names, and the operator's key does not", async () => {
    const reply = await chat([...bearer("sk-proj-client"), "OpenAI-Organization", "org-client"]);
    assert.equal(reply.headers["x-llm-billed"], "client");
    const came = fieldsOf(openai);
    assert.deepEqual([came.authorization, came["openai-organization"]], ["Bearer sk-proj-client", "org-client"]);
  });
  test("keeps the request at its provider, which the operator does not pay elsewhere", async () => {
    openai.force("429");
    const reply = await chat(bearer("sk-proj-client-2"));
    assert.equal(reply.status, 429);
    assert.equal(openai.requests.length, 1);
    assert.equal(anthropic.requests.length, 0);
  });
  test("of an adapter that is not enabled is as good as none", async () => {
    const reply = await chat(["x-llm-key-openai", "sk-proj-client", "OpenAI-Organization", "org-client"]);
    assert.equal(reply.headers["x-llm-billed"], "operator");
    const came = fieldsOf(openai);
    assert.deepEqual([came["x-llm-key-openai"], came["openai-organization"]], [undefined, undefined]);
  });
  test("that begins as configured is recognised", async (t) => {
    await reload(gateway, text({ enabled: ["user-key"], prefixes: { anthropic: "ak-" } }));
    t.after(() => reload(gateway, text()));
    const reply = await chat(bearer("ak-client"), "anthropic/claude-sonnet-4-5");
    assert.equal(reply.headers["x-llm-billed"], "client", reply.text);
    assert.equal(fieldsOf(anthropic)["x-api-key"], "ak-client");
  });
});

describe("keys of the operator", LIMIT, () => {
  test("serve in turn, without the one that was refused", async () => {
    for (let i = 0; i < 8; i++) {
      const { status } = await post("/v1/embeddings", { model: "openai/text-embedding-3-small", input: "Hi" });
      assert.equal(status, 200);
    }
    const used = keysAt(openai);
    assert.equal(used.filter((key) => key.includes("revoked")).length, 1);
    assert.deepEqual(new Set(used), new Set(KEYS));
    assert.equal(used.length, 9);
  });
  test("rest for what they could not do, not for other work of the model", async () => {
    openai.force("404");
    await post("/v1/embeddings", { model: "openai/gpt-5", input: "Hi" });
    assert.equal((await chat()).headers["x-llm-provider"], "openai");
  });
  test("stay with a conversation, until one is limited, and for good with the next", async () => {
    const session = ["session_id", "conversation-1"];
    await chat(session); // it may begin with the key that is refused
    openai.reset();
    for (let i = 0; i < 5; i++) assert.equal((await chat(session)).status, 200);
    const [first, ...others] = keysAt(openai);
    assert.deepEqual(new Set(others), new Set([first]));
    openai.reset();
    openai.force("429=1");
    assert.equal((await chat(session)).headers["x-llm-attempts"], "2");
    await chat(session);
    const [limited, second, third] = keysAt(openai);
    assert.deepEqual([limited, second], [first, third]);
    assert.notEqual(second, first);
  });
  test("are many accounts, and each request that refers to a response goes to the one that has it", async () => {
    for (let i = 0; i < 6; i++) {
      const made = await post("/v1/responses", { model: "openai/gpt-5", input: `Hello ${i}` });
      const { id } = JSON.parse(made.text) as { id: string };
      const [key] = keysAt(openai);
      const next = await post("/v1/responses", { model: "openai/gpt-5", input: "On", previous_response_id: id });
      assert.equal(next.status, 200, next.text);
      const seen = await call(gateway.port, { path: `/v1/responses/${id}` });
      assert.equal(seen.status, 200, seen.text);
      assert.deepEqual(new Set(keysAt(openai).slice(-2)), new Set([keysAt(openai).at(-2)]));
      assert.ok(keysAt(openai).at(-1) === keysAt(openai).at(-2) && key !== undefined);
      openai.reset();
    }
    const unknown = await post("/v1/responses", { model: "openai/gpt-5", input: "On", previous_response_id: "resp_x" });
    assert.equal(unknown.status, 404);
    assert.equal((JSON.parse(unknown.text) as { error: { code: string } }).error.code, "owner_not_found");
  });
  test("do not show one client what another has stored with them", async () => {
    const as = (name: string) => ["X-Team-Key", `key-of-${name}`];
    const made = await post("/named/v1/responses", { model: "openai/gpt-5", input: "secret" }, as("ann"));
    const { id } = JSON.parse(made.text) as { id: string };
    const path = `/named/v1/responses/${id}`;
    assert.equal((await call(gateway.port, { path, headers: as("ann") })).status, 200);
    assert.equal((await call(gateway.port, { path, headers: as("bob") })).status, 404);
    const on = { model: "openai/gpt-5", input: "On", previous_response_id: id };
    assert.equal((await post("/named/v1/responses", on, as("bob"))).status, 404);
    assert.equal((await post("/named/v1/responses", on, as("ann"))).status, 200);
    assert.equal((await call(gateway.port, { path: `/v1/responses/${id}` })).status, 404);
  });
  test("have files, lists and jobs of each client apart, with the account that has them", async () => {
    const as = (name: string) => ["X-Team-Key", `key-of-${name}`];
    const get = (path: string, name: string) => call(gateway.port, { path: `/named${path}`, headers: as(name) });
    const form = [
      '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n',
      '--b\r\nContent-Disposition: form-data; name="file"; filename="ann.jsonl"\r\n\r\n{}\r\n--b--\r\n',
    ];
    const type = ["Content-Type", "multipart/form-data; boundary=b"];
    const upload = { method: "POST", path: "/named/v1/files", headers: [...type, ...as("ann")], body: form.join("") };
    const uploaded = await call(gateway.port, upload);
    assert.equal(uploaded.status, 200, uploaded.text);
    const { id } = JSON.parse(uploaded.text) as { id: string };
    const [key] = keysAt(openai);
    const listed = async (name: string) => {
      const { text: list } = await get("/v1/files", name);
      return (JSON.parse(list) as { data: { id: string }[] }).data.map((file) => file.id);
    };
    assert.deepEqual([await listed("ann"), await listed("bob")], [[id], []]);
    assert.equal((await get(`/v1/files/${id}/content`, "ann")).status, 200);
    assert.equal((await get(`/v1/files/${id}/content`, "bob")).status, 404);
    const job = { input_file_id: id, endpoint: "/v1/responses", completion_window: "24h" };
    const batch = await post("/named/v1/batches", job, as("ann"));
    assert.equal(batch.status, 200, batch.text);
    assert.equal((await post("/named/v1/batches", job, as("bob"))).status, 404);
    const input = [{ role: "user", content: [{ type: "input_file", file_id: id }] }];
    const about = (name: string) => post("/named/v1/responses", { model: "openai/gpt-5", input }, as(name));
    assert.equal((await about("bob")).status, 404);
    openai.reset();
    for (let i = 0; i < 4; i++) await about("ann");
    assert.deepEqual(new Set(keysAt(openai)), new Set([key]));
    const { id: batchId } = JSON.parse(batch.text) as { id: string };
    assert.equal((await get(`/v1/batches/${batchId}`, "ann")).status, 200);
    assert.equal((await get(`/v1/batches/${batchId}`, "bob")).status, 404);
  });
});
