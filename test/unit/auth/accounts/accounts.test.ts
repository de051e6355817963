// Access tokens of users: fresh, refreshed once for all who wait, and gone when the provider says so.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { AccountStore } from "../../../../src/auth/accounts/account-store.ts";
import { accountUser } from "../../../../src/auth/accounts/account-user.ts";
import { Accounts } from "../../../../src/auth/accounts/accounts.ts";
import { Sealer } from "../../../../src/auth/login/sealing.ts";
import { identityOf } from "../../../../src/core/identity.ts";
import { contextOf, type GivenContext } from "../../../support/context.ts";

const SEALER = new Sealer(["a secret of thirty-two characters."]);
const folder = mkdtempSync(join(tmpdir(), "accounts-"));
const ANSWER = { idToken: "", scopes: null } as const;

/** Forms that came to the token endpoint, and what is answered. */
const asked: string[] = [];
let answer: (response: ServerResponse) => void;
const server = createServer((request, response) => {
  let form = "";
  request.on("data", (chunk) => {
    form += chunk;
  });
  request.on("end", () => {
    asked.push(new URLSearchParams(form).get("refresh_token") ?? "");
    answer(response);
  });
});
let now = 1_000_000;
let files = 0;
let store: AccountStore;
let accounts: Accounts;

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(async () => {
  server.close();
  await once(server, "close");
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  asked.length = 0;
  now = Date.now();
  store = new AccountStore(join(folder, `${files++}.json`), SEALER, assert.fail);
  accounts = accountsOver(store);
  answer = json({ access_token: "ya29.new", token_type: "Bearer", expires_in: 3600 });
});

afterEach(() => store.written());

function accountsOver(over: AccountStore): Accounts {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const none = { authorizationEndpoint: "", userInfoEndpoint: "", introspectionEndpoint: "", endSessionEndpoint: "" };
  const metadata = { ...none, jwksUri: "", tokenEndpoint: url, issuer: "", document: {} };
  const settings = {
    clientId: "own",
    clientSecret: "",
    metadata: { access: { ca: "", proxy: "" } },
    issuer: { algorithms: ["RS256"], clockSkewMs: 0 },
  } as const;
  return new Accounts({ settings, redirectUrl: "http://127.0.0.1/cb", metadata }, over, () => now);
}

function json(body: object, status = 200): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(body));
  };
}

function connect(seconds = 3600): void {
  const endsAt = now + seconds * 1000;
  accounts.connect("ann", { ...ANSWER, accessToken: "ya29.first", refreshToken: "1//r", endsAt });
}

describe("the token of a user", () => {
  test("is there at once while it lasts, for this user only", () => {
    connect();
    assert.equal(accounts.token("ann"), "ya29.first");
    assert.equal(accounts.token("bob"), null);
    now += 3_539_000;
    assert.equal(accounts.token("ann"), "ya29.first");
    assert.deepEqual(asked, []);
  });
  test("is refreshed 60 s before its end, once for all who wait", async () => {
    connect();
    now += 3_540_000;
    const tokens = await Promise.all([accounts.token("ann"), accounts.token("ann"), accounts.token("ann")]);
    assert.deepEqual(tokens, ["ya29.new", "ya29.new", "ya29.new"]);
    assert.deepEqual(asked, ["1//r"]);
    assert.equal(accounts.token("ann"), "ya29.new");
  });
  test("is refreshed after a restart, with the token of the file", async () => {
    connect();
    assert.equal(await accountsOver(store).token("ann"), "ya29.new");
  });
  test("is refreshed with the new refresh token, where the provider replaces it", async () => {
    connect(1);
    answer = json({ access_token: "ya29.b", token_type: "Bearer", expires_in: 1, refresh_token: "1//r2" });
    await accounts.token("ann");
    await accounts.token("ann");
    assert.deepEqual(asked, ["1//r", "1//r2"]);
    assert.equal(store.get("ann"), "1//r2");
  });
  test("is gone, with the account, when the provider ends it", async () => {
    connect(1);
    answer = json({ error: "invalid_grant" }, 400);
    assert.equal(await accounts.token("ann"), null);
    assert.equal(store.has("ann"), false);
    assert.equal(accounts.token("ann"), null);
    assert.equal(asked.length, 1);
  });
  test("goes on while it lasts if the provider is down, which is asked again after a pause", async () => {
    connect(30);
    answer = json({}, 503);
    assert.equal(await accounts.token("ann"), "ya29.first");
    assert.equal(accounts.token("ann"), "ya29.first");
    now += 4_999;
    assert.equal(accounts.token("ann"), "ya29.first");
    assert.equal(asked.length, 1);
    now += 1;
    answer = json({ access_token: "ya29.new", token_type: "Bearer", expires_in: 3600 });
    assert.equal(await accounts.token("ann"), "ya29.new");
    assert.equal(store.has("ann"), true);
  });
  test("is none once it is over and the provider is down", async () => {
    connect(30);
    answer = json({}, 503);
    now += 31_000;
    assert.equal(await accounts.token("ann"), null);
    assert.equal(accounts.token("ann"), null);
    assert.equal(store.has("ann"), true);
  });
  test("is the one connected last, although a refresh of the one before is under way", async () => {
    connect(1);
    const late = accounts.token("ann");
    connect();
    assert.equal(await late, "ya29.first");
    assert.equal(accounts.token("ann"), "ya29.first");
  });
  test("is gone once the user disconnects, although a refresh is under way", async () => {
    connect(1);
    const late = accounts.token("ann");
    accounts.disconnect("ann");
    assert.equal(await late, null);
    assert.equal(store.has("ann"), false);
  });
  test("needs a refresh token", () => {
    const answered = { ...ANSWER, accessToken: "a", refreshToken: "", endsAt: 0 };
    assert.throws(() => accounts.connect("ann", answered), { message: "the provider has issued no refresh token" });
  });
});

describe("the user of a request", () => {
  const LOCAL = { clientIp: "127.0.0.1", host: "localhost" };
  const rows: readonly [string, GivenContext, string | null][] = [
    ["is the subject", { ...LOCAL, identity: identityOf({ subject: "ann", method: "jwt" }) }, "subject ann"],
    ["is that of this machine without authentication", LOCAL, "this machine"],
    ["is that of this machine by IPv6", { clientIp: "::1", host: "[::1]" }, "this machine"],
    ["is nobody elsewhere", { ...LOCAL, clientIp: "192.0.2.1" }, null],
    ["is nobody by a name that leads here", { ...LOCAL, host: "rebound.example" }, null],
    ["is nobody through a proxy", { ...LOCAL, fields: ["X-Forwarded-For", "192.0.2.1"] }, null],
    ["is nobody from a page of another site", { ...LOCAL, fields: ["Sec-Fetch-Site", "cross-site"] }, null],
    [
      "is nobody from a page of another origin",
      { ...LOCAL, authority: "localhost:8080", fields: ["Origin", "https://evil.example"] },
      null,
    ],
  ];
  for (const [what, given, user] of rows) {
    test(what, () => assert.equal(accountUser(contextOf(given)), user));
  }
});
