// Secrets are found nowhere: credentials of every kind, good and bad, at log level `debug`; then everything the gateway has said is
// searched for them.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Call, call } from "../support/client.ts";
import { CookieClient } from "../support/cookie-client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type PublishedKeys, publishKeys } from "../support/jwks.ts";
import { SECRET as SESSION_SECRET, startLogin } from "../support/login.ts";
import { managementPort } from "../support/management.ts";
import { exchange, fixedBackend, type RawBackend } from "../support/raw.ts";
import { leaksIn, type Secret, secretOf } from "../support/secrets.ts";
import { type Block, configText, nextLine } from "../support/setup.ts";
import { signed, signedWithSecret, signingKey } from "../support/tokens.ts";

const LIMIT = { timeout: 120_000 };
const KEY = signingKey("RS256", "k1");

/** What the configuration holds. */
const OWN = {
  jwtSecret: secretOf("auth.jwt.providers[].secret"),
  jwksQuery: secretOf("the query of auth.jwt.jwksEndpoint"),
  apiKey: secretOf("auth.apikey.keys.*.key"),
  shortKey: secretOf("auth.apikey.keys, short for key"),
  password: secretOf("the password of a user"),
  token: secretOf("management.auth.token"),
  operator: secretOf("management.auth.users.*"),
  redis: secretOf("redis.password"),
  sentinel: secretOf("redis.sentinelPassword"),
  forwardQuery: secretOf("the query of auth.forward.url"),
  checkQuery: secretOf("the query of health.checks.*.url"),
  tickets: secretOf("frontend.http.tls.sessionTickets.secret"),
  session: secretOf("loadBalancing.sessionSecret"),
} satisfies Record<string, Secret>;

/** What clients bring, and services answer. */
const SHOWN = {
  badKey: secretOf("a wrong API key"),
  badPassword: secretOf("a wrong password"),
  badToken: secretOf("a wrong management token"),
  badOperator: secretOf("a wrong password of an operator"),
  referer: secretOf("a token in Referer"),
  code: secretOf("the code of a callback"),
  state: secretOf("the state of a callback"),
  idToken: secretOf("an id_token in a query"),
  fragment: secretOf("a token behind #"),
  proxy: secretOf("Proxy-Authorization"),
  session: secretOf("a session cookie"),
  folded: secretOf("a token in a head that is none"),
  large: secretOf("a token in a head that is too large"),
  body: secretOf("a password in a body"),
  upstream: secretOf("what a service says in its status line"),
  misplaced: secretOf("a secret in the body of a management call"),
} satisfies Record<string, Secret>;

const SECRETS: Secret[] = [...Object.values(OWN), ...Object.values(SHOWN)];
/** What was said, by place. */
const said: Record<string, string> = {};

let broken: RawBackend;
let fine: RawBackend;
let published: PublishedKeys;
let gateway: GatewayProcess;
let passwordHash = "";

before(async () => {
  fine = await fixedBackend("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  broken = await fixedBackend(`HTTP/1.1 2x0 ${SHOWN.upstream.value}\r\n\r\n`);
  published = await publishKeys([KEY]);
  const input = { input: `${OWN.password.value}\n` };
  const printed = execFileSync(process.execPath, ["dist/main.js", "hash-key", "-password"], input).toString();
  passwordHash = /^passwordHash: (\S+)/.exec(printed)![1]!;
  gateway = await startGateway(text(), { args: ["-log-level", "debug", "-hot-reload=false"] });
});
after(async () => {
  await gateway.kill();
  await Promise.all([fine.close(), broken.close(), published.close()]);
});

function text(more: Block = {}): string {
  const forward = `http://127.0.0.1:${fine.port}/check?key=${OWN.forwardQuery.value}`;
  return configText({
    rules: [
      { id: "broken", path: "/broken", serviceName: "broken", authRequired: false },
      { id: "forward", path: "/forward", serviceName: "up", authType: ["forward"] },
      {
        id: "limited",
        path: "/limited",
        serviceName: "up",
        authRequired: false,
        rateLimit: { rate: 5 },
      },
      { id: "maybe", path: "/maybe/*", serviceName: "up", authRequired: "optional" },
      { id: "all", path: "/*", serviceName: "up" },
    ],
    services: { up: fine.port, broken: broken.port },
    more: {
      auth: auth(forward),
      management: {
        enabled: true,
        port: 0,
        auth: { token: OWN.token.value, users: { ada: OWN.operator.value } },
      },
      metrics: { enabled: true },
      redis: { host: "127.0.0.1", port: 1, password: OWN.redis.value, sentinelPassword: OWN.sentinel.value },
      health: { checks: { partner: { config: { url: `http://127.0.0.1:1/health?key=${OWN.checkQuery.value}` } } } },
      ...more,
    },
  });
}

function auth(forward: string): Block {
  return {
    required: true,
    failures: { max: 0 },
    jwt: {
      cookieName: "token",
      tokenQuery: "at",
      providers: [
        {
          name: "secret",
          issuer: "s",
          audience: "a",
          secret: OWN.jwtSecret.value.padEnd(48, "x"),
          signingMethod: "HS256",
        },
        { name: "set", issuer: "k", audience: "a", jwksEndpoint: `${published.url}?key=${OWN.jwksQuery.value}` },
      ],
    },
    apikey: {
      queryParam: "api_key",
      cookieName: "key",
      scheme: "ApiKey",
      keys: { ci: { key: OWN.apiKey.value }, phone: OWN.shortKey.value },
    },
    basic: { users: { ann: passwordHash } },
    forward: { url: forward },
  };
}

async function ask(place: string, options: Call, port = gateway.port): Promise<void> {
  const { status, text: body, rawHeaders } = await call(port, options);
  said[`the answer to ${place}`] = `${status} ${rawHeaders.join(" ")} ${body}`;
}

const basic = (login: string) => ["Authorization", `Basic ${Buffer.from(login).toString("base64")}`];

test("the search finds a secret in every spelling", () => {
  const { value } = SHOWN.code;
  const spelled = [value, encodeURIComponent(value), Buffer.from(value).toString("hex"), value.toUpperCase()];
  for (const before of ["", "a", "ab", "abc"]) spelled.push(Buffer.from(`${before}${value}:x`).toString("base64"));
  for (const text of spelled) assert.notDeepEqual(leaksIn({ place: `x${text}x` }, [SHOWN.code]), []);
  assert.deepEqual(leaksIn({ place: spelled.join() }, [SHOWN.state]), []);
});

describe("secrets", LIMIT, () => {
  test("are brought by clients in every place, right and wrong", async () => {
    const good = await signedWithSecret(OWN.jwtSecret.value.padEnd(48, "x"), { iss: "s", aud: "a" });
    const other = await signed(KEY, { iss: "k", aud: "a" });
    const bad = await signed(signingKey("RS256", "k1"), { iss: "k", aud: "a" });
    const over = await signed(KEY, { iss: "k", aud: "a", exp: 1 });
    for (const [name, token] of Object.entries({ good, other, bad, over })) {
      for (const [part, piece] of token.split(".").slice(1).entries())
        SECRETS.push({ name: `part ${part + 1} of a ${name} token`, value: piece });
      await ask(`a ${name} token`, { headers: ["Authorization", `Bearer ${token}`] });
      await ask(`a ${name} token in a cookie`, { headers: ["Cookie", `token=${token}`] });
      await ask(`a ${name} token in the query`, { path: `/x?at=${token}` });
      await ask(`a ${name} token with another in the query`, {
        path: `/x?at=${token}`,
        headers: ["Authorization", "Bearer x"],
      });
      await ask(`a ${name} token beside Origin`, {
        headers: ["Authorization", `Bearer ${token}`, "Origin", "https://a.example"],
      });
    }
    for (const [name, { value }] of Object.entries({ good: OWN.apiKey, short: OWN.shortKey, bad: SHOWN.badKey })) {
      await ask(`a ${name} key`, { headers: ["X-API-Key", value] });
      await ask(`a ${name} key in Authorization`, { headers: ["Authorization", `ApiKey ${value}`] });
      await ask(`a ${name} key in a cookie`, { headers: ["Cookie", `key=${value}`] });
      await ask(`a ${name} key in the query`, { path: `/x?api_key=${value}` });
      await ask(`a ${name} key as a path`, { path: `/maybe/..;/x?api_key=${value}` });
    }
    await ask("a good password", { headers: basic(`ann:${OWN.password.value}`) });
    await ask("a bad password", { headers: basic(`ann:${SHOWN.badPassword.value}`) });
    await ask("the password of nobody", { headers: basic(`${SHOWN.badPassword.value}:x`) });
    await ask("a check by a service", { path: "/forward", headers: ["Cookie", `session=${SHOWN.session.value}`] });
  });

  test("come along in fields and queries that are none of the gateway's business", async () => {
    const { referer, code, state, idToken, proxy, session, body } = SHOWN;
    const headers = [
      ...["Referer", `https://app.example/callback?access_token=${referer.value}`],
      ...["Proxy-Authorization", `Basic ${Buffer.from(`a:${proxy.value}`).toString("base64")}`],
      ...["Cookie", `session=${session.value}`],
    ];
    const query = `?code=${code.value}&state=${state.value}&id_token=${idToken.value}`;
    for (const path of [`/auth/callback${query}`, `/maybe/callback${query}`, `/limited${query}`, `/broken${query}`])
      await ask(path.split("?")[0]!, { path, headers });
    await ask("a login in a body", { method: "POST", path: "/maybe/x", body: `password=${body.value}` });
  });

  test("stand in what is no request", async () => {
    const { fragment, folded, large, body } = SHOWN;
    const requests = {
      "a fragment": `GET /x#access_token=${fragment.value} HTTP/1.1\r\nHost: x\r\n\r\n`,
      "a fragment in the query": `GET /x?a=b#access_token=${fragment.value} HTTP/1.1\r\nHost: x\r\n\r\n`,
      "a folded field": `GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n ${folded.value}\r\n\r\n`,
      "a blank before the colon": `GET /x HTTP/1.1\r\nHost: x\r\nAuthorization : ${folded.value}\r\n\r\n`,
      "no version": `GET /x?at=${folded.value}\r\nHost: x\r\n\r\n`,
      "a method of its own": `${folded.value} /x HTTP/1.1\r\nHost: x\r\n\r\n`,
      "a host with a name and a password": `GET http://a:${folded.value}@x/ HTTP/1.1\r\nHost: x\r\n\r\n`,
      "the host of one": `GET / HTTP/1.1\r\nHost: a:${folded.value}@x\r\n\r\n`,
      "a large head": `GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${large.value.repeat(2000)}\r\n\r\n`,
      "chunks that are none": `POST /maybe/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body.value}\r\n`,
    };
    for (const [place, bytes] of Object.entries(requests))
      said[`the answer to ${place}`] = await exchange(gateway.port, bytes);
  });

  test("are shown to the management API, which shows none", async () => {
    const port = await managementPort(gateway);
    const right = ["Authorization", `Bearer ${OWN.token.value}`];
    const call = (place: string, options: Call) => ask(`the management call ${place}`, options, port);
    for (const path of [
      "info",
      "config",
      "routes",
      "services",
      "stats",
      "metrics",
      "health",
      "rate-limits",
      "certificates",
    ])
      await call(path, { path: `/management/${path}`, headers: right });
    await call("by token in the query", { path: `/management/info?token=${OWN.token.value}` });
    await call("by user", { path: "/management/info", headers: basic(`ada:${OWN.operator.value}`) });
    await call("by a wrong token", { path: `/management/info?token=${SHOWN.badToken.value}` });
    await call("by a wrong field", { path: "/management/info", headers: ["Authorization", SHOWN.badToken.value] });
    await call("by a wrong password", { path: "/management/info", headers: basic(`ada:${SHOWN.badOperator.value}`) });
    const json = [...right, "Content-Type", "application/json"];
    const { value } = SHOWN.misplaced;
    for (const body of [`{"level":"${value}"}`, `{"password":"${value}"}`, `"${value}`, value])
      await call(`with the body ${body.replace(value, "…")}`, {
        method: "POST",
        path: "/management/debug/log-level",
        headers: json,
        body,
      });
    await call("of a path", { method: "PUT", path: `/management/services/${value}`, headers: right });
    said.scrape = (await ask2("/metrics")).text;
  });

  test("stand in configurations that are refused, at the fault, beside it, and where nobody expects them", async () => {
    const refused = faultyLines().map(async ([place, yaml], i) => {
      const file = join(gateway.folder, `faulty-${i}.yaml`);
      writeFileSync(file, yaml);
      for (const command of [["check"], ["print-config"], ["explain", "GET", "/x"]]) {
        const { stdout, stderr, status } = run([command[0]!, "-config", file, ...command.slice(1)]);
        assert.notEqual(status, 0, `${command[0]} accepts ${place}`);
        said[`${command[0]} of ${place}`] = stdout + stderr;
      }
      return yaml;
    });
    for (const yaml of await Promise.all(refused)) {
      const line = nextLine(gateway, "a refusal", ({ msg }) => /^Configuration rejected/.test(msg ?? ""));
      writeFileSync(gateway.file, yaml);
      gateway.signal("SIGHUP");
      await line;
      const headers = ["Authorization", `Bearer ${OWN.token.value}`];
      await ask("what the last reload said", { path: "/management/info", headers }, await managementPort(gateway));
    }
  });

  test("are in the file that commands show", () => {
    writeFileSync(gateway.file, text());
    for (const command of [
      ["check"],
      ["print-config"],
      ["explain", "GET", `/x?at=${SHOWN.idToken.value}`],
      ["explain", "GET", "/forward"],
    ]) {
      const { stdout, stderr, status } = run([command[0]!, "-config", gateway.file, ...command.slice(1)]);
      assert.equal(status, 0, stderr);
      said[command.join(" ").slice(0, 20)] = stdout + stderr;
    }
  });

  test("are found nowhere", async () => {
    gateway.signal("SIGUSR1");
    await gateway.line(({ msg, status }) => msg === "request" && status === 401);
    const kept = gateway.stop();
    await kept;
    said["the log"] = gateway.lines.map((line) => JSON.stringify(line)).join("\n");
    assert.ok(said["the log"].length > 10_000 && Object.keys(said).length > 80);
    const leaks = leaksIn(said, SECRETS).map(({ secret, place, spelling, around }) => {
      return `${secret}, ${spelling}, in ${place}: ${around}`;
    });
    assert.equal(leaks.join("\n\n"), "");
  });
});

describe("a login", LIMIT, () => {
  test("leaves nothing of codes, states, cookies and tokens behind", async (t) => {
    const world = await startLogin();
    t.after(() => world.close());
    const wrong = secretOf("what was wrong");
    const management = { enabled: true, port: 0, auth: { token: OWN.token.value } };
    const own = await startGateway(world.text({ more: { management, metrics: { enabled: true } } }), {
      args: ["-log-level", "debug"],
    });
    t.after(() => own.kill());
    const secrets: Secret[] = [wrong, OWN.token, { name: "auth.session.secrets", value: SESSION_SECRET }];
    const note = (name: string, value: string | null) => {
      if (value !== null && value.length > 12) secrets.push({ name, value });
    };
    const noteUrl = (url: string) => {
      for (const name of ["code", "state", "nonce", "code_challenge", "id_token_hint"])
        note(`${name} of a URL`, new URL(url).searchParams.get(name));
    };
    const noteCookies = (browser: CookieClient) => {
      for (const name of browser.names("auth_token")) note(`the cookie ${name}`, browser.value(name));
    };
    const browser = new CookieClient();
    const callback = await world.untilCallback(browser, `/orders?key=${wrong.value}`);
    noteUrl(callback);
    noteCookies(browser);
    const late = browser.copy();
    for (const hop of (await browser.go(callback)).hops) noteUrl(hop);
    noteCookies(browser);
    for (const query of ["code=X&state=X", "error=X&error_description=X", "code=X", "state=X", ""])
      await late.ask(world.at(`/auth/callback?${query.replaceAll("X", wrong.value)}`));
    const another = new CookieClient();
    const begun = await world.untilCallback(another, "/orders");
    noteUrl(begun);
    await another.ask(begun.replace(/code=[^&]+/, `code=${wrong.value}`));
    await browser.ask(world.at(`/maybe/x?return=${wrong.value}`));
    const tampered = browser.copy();
    tampered.set("auth_token", `${browser.value("auth_token").slice(0, -6)}AAAAAA`);
    await tampered.ask(world.at("/orders"));
    for (const token of [
      wrong.value,
      await signed(signingKey("RS256", "k1"), { iss: world.oidc.issuer, aud: "app" }),
    ]) {
      note("a bearer token", token.split(".").at(-1)!);
      await call(own.port, { path: "/maybe/x", headers: ["Authorization", `Bearer ${token}`] });
    }
    for (const hop of (await browser.go(world.at("/auth/logout"))).hops) noteUrl(hop);
    assert.ok(secrets.length >= 12, secrets.map(({ name }) => name).join());
    const headers = ["Authorization", `Bearer ${OWN.token.value}`];
    const port = await managementPort(own);
    const told = await Promise.all(
      ["config", "stats", "metrics", "routes"].map((path) => call(port, { path: `/management/${path}`, headers })),
    );
    const shown = run(["print-config", "-config", own.file]).stdout;
    await own.line(({ msg, status }) => msg === "request" && status === 401);
    await own.stop();
    const log = own.lines.map((line) => JSON.stringify(line)).join("\n");
    assert.ok(log.includes("login_failed") && log.includes("/auth/callback"), log);
    const places = { log, "print-config": shown, "the management API": told.map(({ text }) => text).join() };
    assert.deepEqual(leaksIn(places, secrets), []);
  });
});

function run(args: readonly string[]): { stdout: string; stderr: string; status: number } {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["dist/main.js", ...args], { encoding: "utf8" });
  return { stdout, stderr, status: status ?? -1 };
}

async function ask2(path: string) {
  return call(gateway.port, { path });
}

/** Configurations with a fault on the line of a secret or beside it. */
function faultyLines(): readonly (readonly [place: string, yaml: string])[] {
  const rest = `router: { rules: [ { id: all, path: "/*", serviceName: up } ] }
  registry: { static: { services: [ { name: up, instances: [ { address: 127.0.0.1, port: ${fine.port} } ] } ] } }`;
  const management = (inner: string) => `management: { enabled: true, ${inner} }`;
  const lines: Readonly<Record<string, string>> = {
    "a key beside a token": management(`auth: { token: ${OWN.token.value}, nope: 1 }`),
    "a token as a list": management(`auth: { token: [ ${OWN.token.value} ] }`),
    "a token as a mapping": management(`auth: { token: { x: ${OWN.token.value} } }`),
    "a user of an unknown form": management(`auth: { users: { ada: { password: ${OWN.operator.value} } } }`),
    "a secret with a key of the wrong kind": `auth: { jwt: { secret: ${OWN.jwtSecret.value}, signingMethod: RS256, issuer: i } }`,
    "an API key with a blank": `auth: { apikey: { keys: { ci: { key: "${OWN.apiKey.value} x" } } } }`,
    "two API keys that are the same": `auth: { apikey: { keys: { a: ${OWN.apiKey.value}, b: ${OWN.apiKey.value} } } }`,
    "an API key as a mapping": `auth: { apikey: { keys: { a: { key: { x: ${OWN.apiKey.value} } } } } }`,
    "an API key beside an unknown key": `auth: { apikey: { keys: { a: { key: ${OWN.apiKey.value}, nope: 1 } } } }`,
    "a password that is no hash": `auth: { basic: { users: { ann: ${OWN.password.value} } } }`,
    "a published key set without TLS": `auth: { jwt: { issuer: i, jwksEndpoint: "http://id.example/keys?key=${OWN.jwksQuery.value}" } }`,
    "a published key set with a password": `auth: { jwt: { issuer: i, jwksEndpoint: "https://a:${OWN.jwksQuery.value}@id.example/keys" } }`,
    "a service for checks with a password": `auth: { forward: { url: "https://a:${OWN.forwardQuery.value}@auth.example/" } }`,
    "a service for checks without TLS": `auth: { forward: { url: "http://auth.example/?key=${OWN.forwardQuery.value}" } }`,
    "a Redis of an unknown form": `redis: { host: "redis://:${OWN.redis.value}@127.0.0.1:6379" }`,
    "a Redis beside an unknown key": `redis: { password: ${OWN.redis.value}, nope: 1 }`,
    "a Redis with a port that is none": `redis: { sentinelPassword: ${OWN.sentinel.value}, port: 70000000 }`,
    "a check with a password": `health: { checks: { partner: { config: { url: "http://a:${OWN.checkQuery.value}@127.0.0.1/", nope: 1 } } } }`,
    "a text that does not end": `auth: { jwt: { secret: "${OWN.jwtSecret.value} } }`,
    "a tab": `redis:\n\t\tpassword: ${OWN.redis.value}`,
    "a name twice": `redis: { password: ${OWN.redis.value}, password: ${OWN.redis.value} }`,
    "an anchor that is not there": `redis: { password: *${OWN.redis.value} }`,
    ...Object.fromEntries(
      ["*X", "@X", "`X", "%X", ">X", "|X", '"X" X', "X: x", "- X", "{ X", "x: - X"].map((written) => [
        `a password written ${written}`,
        `management:\n    auth:\n      users:\n        ada: ${written.replaceAll("X", OWN.operator.value)}`,
      ]),
    ),
  };
  const files = Object.entries(lines).map(([place, line]) => [place, `gateway:\n  ${line}\n  ${rest}\n`] as const);
  const instance = `registry: { static: { services: [ { name: up, instances: [ { address: "http://a:${OWN.session.value}@127.0.0.1:80" } ] } ] } }`;
  return [
    ...files,
    [
      "an instance with a name and a password",
      `gateway:\n  ${instance}\n  router: { rules: [ { id: all, path: "/*", serviceName: up } ] }\n`,
    ],
  ];
}
