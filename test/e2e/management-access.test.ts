// Who gets to the management API and who does not: credentials, addresses, TLS, groups, hostile clients, reloads.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as secureRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { type Call, call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { manage, managementPort, TOKEN } from "../support/management.ts";
import { freePort } from "../support/ports.ts";
import { RawClient } from "../support/raw-client.ts";
import { type Block, configText, eventually, nextLine, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const BY_SIGNAL = { args: ["-hot-reload=false"] };

function text(management: Block, failures: Block = {}): string {
  return configText({
    rules: [{ id: "all", path: "/*", serviceName: "up" }],
    services: { up: 1 },
    more: { auth: { failures }, management: { enabled: true, port: 0, ...management } },
  });
}

async function gatewayFor(t: TestContext, management: Block): Promise<{ gateway: GatewayProcess; port: number }> {
  const gateway = await startGateway(text(management), BY_SIGNAL);
  t.after(() => gateway.kill());
  return { gateway, port: await managementPort(gateway) };
}

/** Status of `/management/info`. */
async function info(port: number, options: Call = {}): Promise<number> {
  return (await call(port, { path: "/management/info", ...options })).status;
}

const bearer = (token: string) => ["Authorization", `Bearer ${token}`];
const basic = (login: string) => ["Authorization", `Basic ${Buffer.from(login).toString("base64")}`];

async function hangUp(gateway: GatewayProcess, management: Block): Promise<string> {
  const line = nextLine(gateway, "the outcome of a reload", (l) => /^Configuration /.test(l.msg ?? ""));
  writeFileSync(gateway.file, text(management));
  gateway.signal("SIGHUP");
  return (await line).msg!;
}

const APPLIED = "Configuration reloaded successfully";

describe("credentials", LIMIT, () => {
  test("a token opens everything, nothing opens only what orchestrators ask", async (t) => {
    const { port } = await gatewayFor(t, { auth: { token: TOKEN } });
    const refused = await call(port, { path: "/management/info" });
    assert.deepEqual([refused.status, refused.text], [401, '{"error":"Invalid token"}\n']);
    assert.equal(refused.headers["www-authenticate"], 'Bearer realm="Management API"');
    assert.equal(await info(port, { headers: bearer(TOKEN) }), 200);
    assert.equal(await info(port, { headers: ["Authorization", TOKEN] }), 200);
    assert.equal(await info(port, { path: `/management/info?a=b&token=${TOKEN}` }), 200);
    assert.equal(await info(port, { headers: bearer("wrong") }), 401);
    assert.equal(await info(port, { path: "/management/info?token=wrong" }), 401);
    assert.equal(await info(port, { path: "/management/health" }), 401);
    assert.equal(await info(port, { path: "/management/health/live" }), 200);
    // What exists is not told to those who may not ask.
    assert.equal(await info(port, { path: "/management/no-such-thing" }), 401);
    assert.equal(await info(port, { method: "DELETE" }), 401);
  });

  test("a user is asked for as browsers understand it, and named in the log", async (t) => {
    const { gateway, port } = await gatewayFor(t, { auth: { type: "basic", users: { ada: "pw" } } });
    const refused = await call(port, { path: "/management/info" });
    assert.equal(refused.headers["www-authenticate"], 'Basic realm="Management API"');
    assert.equal(await info(port, { headers: basic("ada:pw") }), 200);
    assert.equal(await info(port, { headers: basic("ada:no") }), 401);
    const line = nextLine(gateway, "the call", (l) => l.msg === "Management call");
    await call(port, { method: "POST", path: "/management/config/reload", headers: basic("ada:pw") });
    assert.equal((await line).user, "ada");
  });

  test("without a credential one is made, shown once on standard error, and kept over reloads", async (t) => {
    const { gateway, port } = await gatewayFor(t, {});
    const shown = /^Management API token, .*: (\S{32})$/;
    const line = await gateway.line((l) => shown.test(l.msg ?? ""));
    const token = shown.exec(line.msg!)![1]!;
    assert.equal(await info(port, { headers: bearer(token) }), 200);
    assert.equal(await info(port), 401);
    assert.equal(await hangUp(gateway, { allowedIPs: ["127.0.0.0/8"] }), APPLIED);
    assert.equal(await info(port, { headers: bearer(token) }), 200);
    assert.equal(gateway.lines.filter((l) => shown.test(l.msg ?? "")).length, 1);
  });

  test("that are wrong are counted by address, for users and tokens; then even the right one must wait", async (t) => {
    const gateway = await startGateway(text({ auth: { token: TOKEN, users: { ada: "pw" } } }, { max: 4 }), BY_SIGNAL);
    t.after(() => gateway.kill());
    const port = await managementPort(gateway);
    assert.equal(await info(port), 401);
    const guesses: Call[] = [
      { headers: bearer("a") },
      { headers: ["Authorization", "b"] },
      { headers: basic("ada:no") },
      { path: "/management/no-such-thing?token=c" },
    ];
    for (const guess of guesses) assert.equal(await info(port, guess), 401);
    const refused = await manage(port, "GET", "/info");
    assert.deepEqual([refused.status, refused.text], [429, '{"error":"Too many invalid credentials"}\n']);
    assert.ok(Number(refused.headers["retry-after"]) > 50);
    assert.equal(await info(port, { headers: basic("ada:pw") }), 429);
    assert.equal(await info(port), 401, "who brings nothing guesses nothing");
    assert.equal(await info(port, { path: "/management/health/live" }), 200);
    const told = await gateway.line(({ msg }) => msg === "Invalid credential for the management API");
    assert.equal(told.by, "127.0.0.1");
    // A reload for another reason forgives nothing; one that counts in another way begins anew.
    const again = async (max: number, allowedIPs: string[] = []) => {
      const auth = { token: TOKEN };
      const line = nextLine(gateway, "a reload", (l) => /^Configuration /.test(l.msg ?? ""));
      writeFileSync(gateway.file, text({ auth, allowedIPs }, { max }));
      gateway.signal("SIGHUP");
      assert.equal((await line).msg, APPLIED);
      return (await manage(port, "GET", "/info")).status;
    };
    assert.equal(await again(4, ["127.0.0.1"]), 429);
    assert.equal(await again(5), 200);
  });

  test("none are needed on a loopback address where the file says so, but pages in a browser are refused", async (t) => {
    const { port } = await gatewayFor(t, { auth: { enabled: false } });
    assert.equal(await info(port), 200);
    assert.equal(await info(port, { headers: ["Host", "evil.example"] }), 403);
    assert.equal(await info(port, { headers: ["Origin", "http://evil.example"] }), 403);
    assert.equal(await info(port, { headers: ["Sec-Fetch-Site", "cross-site"] }), 403);
  });
});

describe("addresses and groups", LIMIT, () => {
  test("peers outside allowedIPs get 403, whatever they show", async (t) => {
    const { gateway, port } = await gatewayFor(t, { auth: { token: TOKEN }, allowedIPs: ["10.0.0.0/8"] });
    const reply = await manage(port, "GET", "/info");
    assert.deepEqual(
      [reply.status, reply.text],
      [403, '{"error":"This address is not allowed to use the management API"}\n'],
    );
    assert.equal(await info(port, { path: "/management/health/live" }), 403);
    assert.equal(await hangUp(gateway, { auth: { token: TOKEN }, allowedIPs: ["10.0.0.0/8", "127.0.0.1"] }), APPLIED);
    assert.equal((await manage(port, "GET", "/info")).status, 200);
  });

  test("connections of peers that may not ask leave room for those that may", async (t) => {
    const { port } = await gatewayFor(t, { auth: { token: TOKEN }, allowedIPs: ["10.0.0.0/8"] });
    const clients = await Promise.all(Array.from({ length: 30 }, () => RawClient.to(port)));
    t.after(() => {
      for (const client of clients) client.socket.destroy();
    });
    let closed = 0;
    const most = new Promise<void>((resolve) => {
      for (const client of clients) void client.closed.then(() => ++closed >= 22 && resolve());
    });
    await soon(most, "22 of 30 strangers are turned away at once");
  });

  const groups: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    [
      "health",
      [
        ["GET", "/health"],
        ["GET", "/health/live"],
        ["GET", "/health/ready"],
        ["GET", "/info"],
      ],
    ],
    [
      "metrics",
      [
        ["GET", "/stats"],
        ["GET", "/metrics"],
      ],
    ],
    [
      "routes",
      [
        ["GET", "/routes"],
        ["POST", "/routes/reload"],
        ["GET", "/rate-limits"],
        ["PUT", "/rate-limits/x"],
      ],
    ],
    [
      "services",
      [
        ["GET", "/services"],
        ["GET", "/services/up"],
        ["PUT", "/services/up/instances/up-1"],
        ["GET", "/circuit-breakers"],
        ["POST", "/circuit-breakers/reset"],
      ],
    ],
    [
      "config",
      [
        ["GET", "/config"],
        ["POST", "/config/reload"],
        ["POST", "/debug/log-level"],
      ],
    ],
  ];
  test("a group that is off is not there, and the others are", async (t) => {
    const { gateway, port } = await gatewayFor(t, { auth: { token: TOKEN } });
    for (const [group] of groups) {
      assert.equal(await hangUp(gateway, { auth: { token: TOKEN }, endpoints: { [group]: false } }), APPLIED);
      for (const [other, calls] of groups) {
        const [method, path] = calls[0]!;
        if (other !== group) assert.equal((await manage(port, method, path)).status, 200, `${group} off: ${path}`);
        else for (const [m, p] of calls) assert.equal((await manage(port, m, p)).status, 404, `${group} off: ${p}`);
      }
    }
  });

  test("another base path is the only one, also none at all", async (t) => {
    const { gateway, port } = await gatewayFor(t, { auth: { token: TOKEN }, basePath: "/ops/v1/" });
    assert.equal(await info(port, { path: "/ops/v1/info", headers: bearer(TOKEN) }), 200);
    for (const path of ["/management/info", "/info", "/ops/v1info", "/ops/v1", "/"]) {
      assert.equal(await info(port, { path, headers: bearer(TOKEN) }), 404, path);
    }
    assert.equal(await hangUp(gateway, { auth: { token: TOKEN }, basePath: "/" }), APPLIED);
    assert.equal(await info(port, { path: "/info", headers: bearer(TOKEN) }), 200);
  });
});

describe("hostile clients", LIMIT, () => {
  let gateway: GatewayProcess;
  let port: number;
  let slow: RawClient;
  before(async () => {
    gateway = await startGateway(text({ auth: { token: TOKEN } }), BY_SIGNAL);
    port = await managementPort(gateway);
    slow = await RawClient.to(port);
    slow.send("GET /management/info HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  });
  after(() => gateway.kill());

  const HEAD = `Host: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\n`;
  async function raw(bytes: string): Promise<number> {
    const client = await RawClient.to(port);
    client.send(bytes);
    const { status } = await soon(client.reply(), "a reply");
    client.socket.destroy();
    return status;
  }

  test("are told what is wrong with their bytes", async () => {
    assert.equal(await raw("nonsense\r\n\r\n"), 400);
    assert.equal(await raw(`GET /management/info HTTP/1.1\r\n${HEAD}X: ${"a".repeat(20_000)}\r\n\r\n`), 431);
    assert.equal(await raw(`GET /management/info HTTP/1.1\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`), 400);
    assert.equal(
      await raw(
        `POST /management/config/reload HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ),
      400,
    );
  });

  test("find nothing by twisting the path", async () => {
    for (const path of [
      "/management/../management/info /management/./info /management//info /management/info/ /MANAGEMENT/info",
      "/management%2Finfo /management/inf%6f /management/services/../info /management/services/%2e%2e/ //management/info",
      "http://x/management/info * /management/info%00 /management/info;a=b /management",
    ].flatMap((line) => line.split(" "))) {
      assert.equal(await raw(`GET ${path} HTTP/1.1\r\n${HEAD}\r\n`), 404, path);
    }
  });

  test("bodies are small JSON objects", async () => {
    const send = (body: string | Buffer, type = "application/json") =>
      call(port, {
        method: "POST",
        path: "/management/debug/log-level",
        headers: [...bearer(TOKEN), "Content-Type", type],
        body,
      });
    assert.equal((await send('{"level":"info"}', "application/json; charset=utf-8")).status, 200);
    assert.equal((await send('{"level":"info"')).status, 400);
    assert.equal((await send("null")).status, 400);
    assert.equal((await send('{"level":"info"}', "text/plain")).status, 415);
    assert.equal((await send('{"level":"info"}', "application/jsonx")).status, 415);
    assert.equal((await send(`{"level":"${"x".repeat(65_536)}"}`)).status, 413);
    assert.equal(
      await raw(
        `POST /management/debug/log-level HTTP/1.1\r\n${HEAD}Content-Type: application/json\r\n` +
          `Transfer-Encoding: chunked\r\n\r\n11000\r\n${" ".repeat(0x11000)}\r\n`,
      ),
      413,
    );
  });

  test("another method is told which there are, and HEAD is GET without a body", async () => {
    const reply = await manage(port, "DELETE", "/services/up");
    assert.deepEqual([reply.status, reply.headers.allow], [405, "GET, HEAD"]);
    assert.equal(reply.text, '{"error":"Method not allowed"}\n');
    const head = await manage(port, "HEAD", "/info");
    assert.deepEqual([head.status, head.text], [200, ""]);
    assert.equal((await manage(port, "OPTIONS", "/info")).status, 405);
  });

  test("no answer is kept by anybody or shared with pages of other origins", async () => {
    const reply = await manage(port, "GET", "/info");
    assert.equal(reply.headers["cache-control"], "no-store");
    assert.equal(reply.headers["access-control-allow-origin"], undefined);
    const foreign = { headers: [...bearer(TOKEN), "Origin", "http://evil.example"] };
    assert.equal(await info(port, foreign), 403);
    assert.equal(await info(port, { headers: [...bearer(TOKEN), "Origin", `http://127.0.0.1:${port}`] }), 200);
  });

  test("what is pipelined behind a request is not done", async () => {
    const client = await RawClient.to(port);
    const known = gateway.lines.length;
    client.send(`GET /management/info HTTP/1.1\r\n${HEAD}\r\n`);
    client.send(`POST /management/config/reload HTTP/1.1\r\n${HEAD}Content-Length: 0\r\n\r\n`);
    assert.equal((await soon(client.reply(), "the first answer")).status, 200);
    await soon(client.closed, "the connection is closed");
    await manage(port, "PUT", "/rate-limits/last");
    const last = "PUT /rate-limits/last";
    await soon(
      gateway.line((l) => l.call === last),
      "the line of the last call",
    );
    const calls = gateway.lines.slice(known).filter((l) => l.msg === "Management call");
    assert.deepEqual(
      calls.map((l) => l.call).filter((name) => name !== "POST /debug/log-level"),
      [last],
    );
  });

  test("a client that leaves in the middle of its body harms nobody", async () => {
    const client = await RawClient.to(port);
    client.send(`POST /management/debug/log-level HTTP/1.1\r\n${HEAD}Content-Length: 100\r\n\r\n{`);
    client.socket.end();
    await soon(client.closed, "the connection is closed");
    assert.equal((await manage(port, "GET", "/info")).status, 200);
    assert.deepEqual(
      gateway.lines.filter((l) => l.level === "error"),
      [],
    );
  });

  test("connections on which nothing is asked make way for calls", async (t) => {
    const { port } = await gatewayFor(t, { auth: { token: TOKEN } });
    const silent = await Promise.all(Array.from({ length: 64 }, () => RawClient.to(port)));
    t.after(() => {
      for (const client of silent) client.socket.destroy();
    });
    assert.equal((await manage(port, "GET", "/info")).status, 200);
    await soon(silent[0]!.closed, "the oldest is closed");
  });

  test("a head that comes drop by drop is given up", async () => {
    await slow.closed;
    assert.equal((await slow.reply()).status, 408);
  });
});

describe("TLS", LIMIT, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gateway-management-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("serves HTTPS, and with clientAuth only to clients with a certificate; allowedIPs hold there too", async (t) => {
    const authority = makeAuthority(folder, "authority");
    const server = makeCertificate(folder, "server", authority, ["IP:127.0.0.1"]);
    const client = makeCertificate(folder, "client", authority);
    const tls = { enabled: true, certFile: server.cert, keyFile: server.key };
    const ca = readFileSync(authority.cert);
    const shown = { cert: readFileSync(client.cert), key: readFileSync(client.key) };
    const { gateway, port } = await gatewayFor(t, { auth: { token: TOKEN }, tls });
    const ask = (more: object = {}) =>
      new Promise<number>((resolve, reject) => {
        const headers = { Authorization: `Bearer ${TOKEN}` };
        const options = { host: "127.0.0.1", port, path: "/management/info", ca, headers, agent: false, ...more };
        const request = secureRequest(options, (response) => {
          response.resume().on("end", () => resolve(response.statusCode!));
        });
        request.on("error", reject);
        request.end();
      });
    assert.equal(await ask(), 200);
    const silent = await Promise.all(Array.from({ length: 64 }, () => RawClient.to(port)));
    assert.equal(await ask(), 200, "who never begins a handshake makes way");
    for (const { socket } of silent) socket.destroy();
    await assert.rejects(call(port, { path: "/management/info" }));
    const verified = { ...tls, clientAuth: "verify", clientCAFile: authority.cert };
    assert.equal(await hangUp(gateway, { auth: { token: TOKEN }, tls: verified }), APPLIED);
    assert.equal(await ask(shown), 200);
    await assert.rejects(ask());
    assert.equal(await hangUp(gateway, { auth: { token: TOKEN }, tls, allowedIPs: ["10.0.0.1"] }), APPLIED);
    assert.equal(await ask(), 403);
  });
});

/** Waits until nobody listens on a port: it closes just after the reload is reported. */
async function closed(port: number): Promise<void> {
  const refused = () =>
    info(port, { headers: bearer(TOKEN) }).then(
      () => false,
      () => true,
    );
  await eventually(`port ${port} is closed`, refused);
}

describe("reloads", LIMIT, () => {
  test("another token counts from then on, another port is bound, and the section may go and come", async (t) => {
    const [one, two] = [await freePort(), await freePort()];
    const { gateway, port } = await gatewayFor(t, { port: one, auth: { token: "old" } });
    assert.equal(port, one);
    assert.equal(await hangUp(gateway, { port: one, auth: { token: TOKEN } }), APPLIED);
    assert.equal(await info(one, { headers: bearer("old") }), 401);
    assert.equal(await info(one, { headers: bearer(TOKEN) }), 200);
    assert.equal(await hangUp(gateway, { port: two, auth: { token: TOKEN } }), APPLIED);
    assert.equal(await info(two, { headers: bearer(TOKEN) }), 200);
    await closed(one);
    assert.equal(await hangUp(gateway, { enabled: false }), APPLIED);
    await closed(two);
  });

  test("a reload asked for on the port that goes away is still answered", async (t) => {
    const [one, two] = [await freePort(), await freePort()];
    const { gateway } = await gatewayFor(t, { port: one, auth: { token: TOKEN } });
    writeFileSync(gateway.file, text({ port: two, auth: { token: TOKEN } }));
    assert.equal((await manage(one, "POST", "/config/reload")).status, 200);
    assert.equal((await manage(two, "GET", "/info")).status, 200);
  });

  test("a port that is taken refuses the reload, and the answer says so", async (t) => {
    const { gateway, port } = await gatewayFor(t, { auth: { token: TOKEN } });
    // The file says 0 for the main port, so only the system knows that it is the same.
    writeFileSync(gateway.file, text({ port: gateway.port, auth: { token: TOKEN } }));
    const reply = await manage(port, "POST", "/config/reload");
    assert.equal(reply.status, 400);
    assert.match(reply.text, /cannot listen on 127\.0\.0\.1:\d+: the port is in use/);
    assert.equal((await manage(port, "GET", "/info")).status, 200);
  });
});
