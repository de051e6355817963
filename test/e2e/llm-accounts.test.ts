// Accounts at Google that users connect, from the first page to the token that a provider is sent, against a mock of Google.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { call, type Reply } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { mockProvider, type TestProvider } from "../support/llm/mock-provider.ts";
import { configText } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const LOGIN = "/_gateway/llm/google/login";
const LOGOUT = "/_gateway/llm/google/logout";
const CALLBACK = "/signed-in";
const GENERATE = "/v1beta/models/gemini-2.5-pro:generateContent";
const SECRET = "GOCSPX-secret-of-the-client";

const folder = mkdtempSync(join(tmpdir(), "accounts-"));
const storeFile = join(folder, "state/tokens.json");
let google: Google;
let gemini: TestProvider;
let gateway: GatewayProcess;

/** Issues codes and tokens, and checks the proof of each code. */
class Google {
  readonly server: Server;
  /** Forms that came to the token endpoint. */
  readonly asked: URLSearchParams[] = [];
  /** Of access tokens, s. */
  lifetime = 3600;
  /** Error of the next refresh; "" none. */
  error = "";
  #issued = 0;
  readonly #challenges = new Map<string, string>();

  constructor() {
    this.server = createServer((request, response) => {
      let form = "";
      request.on("data", (chunk) => {
        form += chunk;
      });
      request.on("end", () => {
        const { status, body } = this.#tokens(new URLSearchParams(form));
        response.writeHead(status, { "Content-Type": "application/json" });
        response.end(JSON.stringify(body));
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The user consents. @param location where the gateway has sent the browser @returns the query of the callback */
  consent(location: string): string {
    const code = `4/code-${++this.#issued}`;
    const asked = new URL(location).searchParams;
    this.#challenges.set(code, asked.get("code_challenge")!);
    return `?${new URLSearchParams({ code, state: asked.get("state")!, scope: asked.get("scope")! })}`;
  }

  #tokens(form: URLSearchParams): { status: number; body: object } {
    this.asked.push(form);
    const invalid = { status: 400, body: { error: this.error || "invalid_grant" } };
    if (form.get("client_id") !== "own-client" || form.get("client_secret") !== SECRET) return invalid;
    if (form.get("grant_type") === "refresh_token") {
      if (this.error !== "") return invalid;
    } else {
      const challenge = this.#challenges.get(form.get("code")!);
      this.#challenges.delete(form.get("code")!);
      const proof = createHash("sha256").update(form.get("code_verifier")!).digest("base64url");
      if (proof !== challenge || !form.get("redirect_uri")!.endsWith(CALLBACK)) return invalid;
    }
    const more = form.get("grant_type") === "refresh_token" ? {} : { refresh_token: `1//refresh-${this.#issued}` };
    const access_token = `ya29.access-${++this.#issued}`;
    return { status: 200, body: { access_token, token_type: "Bearer", expires_in: this.lifetime, ...more } };
  }
}

before(async () => {
  google = new Google();
  google.server.listen(0, "127.0.0.1");
  await once(google.server, "listening");
  gemini = await mockProvider("gemini");
  gateway = await start();
});
after(async () => {
  await gateway.kill();
  google.server.close();
  rmSync(folder, { recursive: true });
});

async function start(): Promise<GatewayProcess> {
  const strategy = { type: "llm", models: ["google/gemini-2.5-pro"] };
  const text = configText({
    rules: [
      { id: "named", path: "/named/*", stripPrefix: true, authRequired: true, strategy },
      { id: "pages", path: "/_gateway/llm/*", serviceName: "_internal", authRequired: "optional" },
      { id: "llm", path: "/*", strategy },
    ],
    services: {},
    more: {
      auth: {
        required: false,
        apikey: { headerName: "X-Team-Key", keys: { ann: "key-of-ann-x", bob: "key-of-bob-x" } },
      },
      llm: {
        providers: { google: { kind: "gemini", baseUrl: gemini.baseUrl, apiKeys: ["AIza-operator"] } },
        authAdapters: {
          google: {
            scopes: ["scope-a", "scope-b"],
            tokenStore: storeFile,
            tokenStoreKey: "a key of the store with 32 characters",
            authorizationUrl: `${google.url}/auth`,
            tokenUrl: `${google.url}/token`,
          },
        },
      },
    },
  });
  return await startGateway(text, {
    args: ["-hot-reload=false", "-log-level", "debug"],
    env: {
      GOOGLE_CLIENT_ID: "own-client",
      GOOGLE_CLIENT_SECRET: SECRET,
      GOOGLE_REDIRECT_URI: `http://127.0.0.1:8080${CALLBACK}`,
    },
  });
}

const get = (path: string, headers: readonly string[] = []) => call(gateway.port, { path, headers });

/** @returns where the browser is sent, and its cookies */
async function begun(headers: readonly string[] = []): Promise<{ location: string; cookie: string[] }> {
  const { status, headers: fields, text } = await get(LOGIN, headers);
  assert.equal(status, 302, text);
  return {
    location: fields.location!,
    cookie: ["Cookie", fields["set-cookie"]!.map((c) => c.split(";")[0]).join("; ")],
  };
}

async function connect(headers: readonly string[] = []): Promise<Reply> {
  const { location, cookie } = await begun(headers);
  return await get(CALLBACK + google.consent(location), cookie);
}

async function generate(path = GENERATE, headers: readonly string[] = []): Promise<string> {
  const body = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "Hi" }] }] });
  const all = ["Content-Type", "application/json", ...headers];
  const reply = await call(gateway.port, { method: "POST", path, headers: all, body });
  assert.equal(reply.status, 200, reply.text);
  const { fields } = gemini.requests.at(-1)!;
  const at = fields.findIndex((name, i) => i % 2 === 0 && /^(authorization|x-goog-api-key)$/i.test(name));
  return fields[at + 1]!;
}

describe("a user who connects an account", LIMIT, () => {
  test("is sent to Google with a challenge, and a cookie that only this browser has", async () => {
    const { status, headers } = await get(LOGIN);
    assert.equal(status, 302);
    assert.match(headers["set-cookie"]![0]!, /^gateway-account\..+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
    const url = new URL(headers.location!);
    const { state, code_challenge: challenge, ...rest } = Object.fromEntries(url.searchParams);
    assert.equal(url.origin + url.pathname, `${google.url}/auth`);
    assert.match(challenge!, /^[\w-]{43}$/);
    assert.ok(state!.length >= 43);
    assert.deepEqual(rest, {
      response_type: "code",
      client_id: "own-client",
      redirect_uri: `http://127.0.0.1:8080${CALLBACK}`,
      scope: "scope-a scope-b",
      code_challenge_method: "S256",
      access_type: "offline",
      prompt: "consent",
    });
  });
  test("uses it from then on, in every API, instead of the operator's key", async () => {
    assert.equal(await generate(), "AIza-operator");
    const reply = await connect();
    assert.deepEqual([reply.status, reply.text], [200, "The account is connected. You can close this page.\n"]);
    assert.match(reply.headers["set-cookie"]![0]!, /Max-Age=0/);
    assert.match(await generate(), /^Bearer ya29\.access-/);
    const chat = { model: "gemini-2.5-pro", messages: [{ role: "user", content: "Hi" }] };
    const headers = ["Content-Type", "application/json"];
    const options = { method: "POST", path: "/v1/chat/completions", headers, body: JSON.stringify(chat) };
    assert.equal((await call(gateway.port, options)).headers["x-llm-billed"], "client");
  });
  test("is refused with a state that was used, is wrong, or is another browser's", async () => {
    const { location, cookie } = await begun();
    const query = google.consent(location);
    const another = await begun();
    for (const cookies of [[], another.cookie]) assert.equal((await get(CALLBACK + query, cookies)).status, 400);
    assert.equal((await get(`${CALLBACK}${query}x`.replace("&scope", "x&scope"), cookie)).status, 400);
    assert.equal((await get(CALLBACK + query, cookie)).status, 200);
    assert.equal((await get(CALLBACK + query, cookie)).status, 400);
  });
  test("is refused when Google has refused, or the code is not theirs", async () => {
    for (const [name, value] of [
      ["error", "access_denied"],
      ["code", "4/stolen"],
    ] as const) {
      const { location, cookie } = await begun();
      const { searchParams } = new URL(location);
      const query = new URLSearchParams({ [name]: value, state: searchParams.get("state")! });
      assert.equal((await get(`${CALLBACK}?${query}`, cookie)).status, 403);
    }
  });
  test("must be on this machine, or known to the gateway", async () => {
    for (const headers of [
      ["X-Forwarded-For", "192.0.2.1"],
      ["Host", "rebound.example"],
      ["Sec-Fetch-Site", "cross-site"],
    ]) {
      assert.equal((await get(LOGIN, headers)).status, 401, headers.join());
      assert.equal(await generate(GENERATE, headers), "AIza-operator");
    }
  });
  test("shares it with nobody", async () => {
    const ann = ["X-Team-Key", "key-of-ann-x"];
    const bob = ["X-Team-Key", "key-of-bob-x"];
    assert.equal((await connect(ann)).status, 200);
    assert.match(await generate(`/named${GENERATE}`, ann), /^Bearer ya29\./);
    assert.equal(await generate(`/named${GENERATE}`, bob), "AIza-operator");
    assert.equal((await call(gateway.port, { method: "POST", path: LOGOUT, headers: ann })).status, 200);
    assert.equal(await generate(`/named${GENERATE}`, ann), "AIza-operator");
    assert.equal((await get(LOGOUT, ann)).status, 405);
  });
});

describe("the token of a connected account", LIMIT, () => {
  test("is refreshed a minute before its end, once for all requests that wait", async () => {
    google.lifetime = 59;
    await connect();
    google.lifetime = 3600;
    google.asked.length = 0;
    const tokens = await Promise.all(Array.from({ length: 5 }, () => generate()));
    assert.equal(google.asked.length, 1);
    assert.match(google.asked[0]!.get("refresh_token")!, /^1\/\/refresh-/);
    for (const token of tokens) assert.match(token, /^Bearer ya29\./);
  });
  test("survives a restart, in a file that shows nothing", async () => {
    await gateway.stop();
    assert.equal(statSync(storeFile).mode & 0o777, 0o600);
    const kept = readFileSync(storeFile, "utf8");
    const log = gateway.lines.map((line) => JSON.stringify(line)).join("\n");
    for (const text of [kept, log]) assert.doesNotMatch(text, /refresh-\d|ya29|4\/code|key-of-ann|GOCSPX/);
    gateway = await start();
    assert.match(await generate(), /^Bearer ya29\./);
  });
  test("is gone when Google ends it, and the operator's key serves again", async () => {
    google.lifetime = 59;
    await connect();
    google.error = "invalid_grant";
    assert.equal(await generate(), "AIza-operator");
    google.asked.length = 0;
    assert.equal(await generate(), "AIza-operator");
    assert.equal(google.asked.length, 0);
  });
});
