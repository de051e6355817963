// What operators read: which lines there are at which level, where they go, and why a request was refused.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { configFor, GatewayPool, type GatewayProcess, type LogLine, startGateway } from "../support/gateway.ts";
import { exchange } from "../support/raw.ts";
import { accessLine, eventually, nextLine, PATIENCE_MS, reload, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };

const gateways = new GatewayPool();

let gateway: GatewayProcess;
let backend: Backend;
beforeEach(async () => {
  backend = await startBackend((_, response) => response.end("fine"));
});
afterEach(async () => {
  await gateway?.kill();
  await backend.close();
});

const logging = (text: string) => `  telemetry: { logging: { ${text} } }\n`;
const start = async (more = "", args: readonly string[] = []) => {
  gateway = await startGateway(configFor(backend.port, more), { args: ["-hot-reload=false", ...args] });
};
const ask = async (id: string, ...headers: string[]) => {
  await call(gateway.port, { path: "/a?token=s3cret", headers: ["X-Request-ID", id, ...headers] });
  return accessLine(gateway, id);
};

describe("at the level debug", LIMIT, () => {
  test("the log follows a request: its route, its attempts, connections", async () => {
    await start(logging("level: debug"));
    await ask("one");
    await ask("two");
    const of = (id: string) => gateway.lines.filter((l) => l.requestId === id && l.level === "debug");
    assert.deepEqual(
      of("one").map(({ msg }) => msg),
      ["Route chosen", "Attempt begins", "Attempt ends"],
    );
    const [route, begins, ends] = of("one");
    assert.deepEqual([route!.route, route!.pattern, route!.path], ["all", "/*", "/a"]);
    assert.deepEqual([begins!.service, begins!.instance], ["up", "up-1"]);
    assert.deepEqual([ends!.outcome, ends!.status], ["answered", 200]);
    const connections = gateway.lines.filter((l) => /^Connection /.test(String(l.msg)));
    assert.deepEqual(
      connections.map(({ msg, to }) => [msg, to]),
      [
        ["Connection opened", `http://127.0.0.1:${backend.port}`],
        ["Connection reused", `http://127.0.0.1:${backend.port}`],
      ],
    );
    assert.doesNotMatch(JSON.stringify(gateway.lines), /s3cret/);
  });

  test("names are resolved before one's eyes, and a reload says what it changed", async () => {
    await start(logging("level: debug"));
    const named = configFor(backend.port, logging("level: debug")).replace("address: 127.0.0.1", "address: localhost");
    await reload(gateway, named);
    const changes = await soon(
      gateway.line((l) => l.msg === "Changes by the reload"),
      "the changes",
    );
    assert.deepEqual(
      [changes.servicesChanged, changes.rulesChanged, changes.sectionsChanged],
      [["up"], undefined, undefined],
    );
    await ask("named");
    const resolved = await soon(
      gateway.line((l) => l.msg === "Name resolved"),
      "the name",
    );
    assert.equal(resolved.name, "localhost");
  });

  test("one that finds no instance says what keeps each of them away", async () => {
    await start(logging("level: debug"));
    await reload(gateway, configFor(1, logging("level: debug")).replace("port: 1 }", "port: 1, health: unhealthy }"));
    await ask("nobody");
    const line = await soon(
      gateway.line((l) => l.msg === "No instance may take the request"),
      "the reasons",
    );
    assert.deepEqual([line.requestId, line.instances], ["nobody", ["up-1: registry"]]);
  });

  test("and at no other", async () => {
    await start();
    await ask("quiet");
    assert.ok(gateway.lines.every(({ level }) => level !== "debug"));
  });
});

describe("outputs", LIMIT, () => {
  const linesOf = (name: string) => {
    const file = join(gateway.folder, name);
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .filter(Boolean)
      .map((text) => JSON.parse(text) as LogLine);
  };

  test("access lines in a file leave the application log where it was; a key of its own moves that, too", async () => {
    await start();
    const output = (more = "") =>
      configFor(backend.port, logging(`output: ${join(gateway.folder, "access.log")}${more}`));
    await reload(gateway, output());
    gateway.signal("SIGUSR1");
    await soon(
      gateway.line((l) => l.msg === "Log files opened again"),
      "a line on standard output",
    );
    await reload(gateway, output(`, applicationOutput: ${join(gateway.folder, "app.log")}`));
    gateway.signal("SIGUSR1");
    await eventually("it is in the file", () => linesOf("app.log").some((l) => l.msg === "Log files opened again"));
    await call(gateway.port, { path: "/a", headers: ["X-Request-ID", "filed"] });
    await eventually("the access line", () => linesOf("access.log").some((l) => l.requestId === "filed"));
    assert.ok(linesOf("app.log").every((l) => l.msg !== "request"));
  });

  test("one that cannot be opened refuses the reload, and everything stays", async () => {
    await start();
    const refused = nextLine(gateway, "the refusal", (l) => /rejected/.test(String(l.msg)));
    writeFileSync(gateway.file, configFor(backend.port, logging("applicationOutput: /nowhere/app.log")));
    gateway.signal("SIGHUP");
    assert.match(
      String((await refused).problems),
      /telemetry\.logging\.applicationOutput: cannot write "\/nowhere\/app\.log"/,
    );
    await ask("still");
  });
});

describe("lines of probes and scrapes", LIMIT, () => {
  const probes: [path: string, agent: string][] = [
    ["/_gateway/ready", "curl/8"],
    ["/_gateway/health/services/up", "curl/8"],
    ["/metrics", "curl/8"],
    ["/a", "kube-probe/1.31"],
    ["/a", "ELB-HealthChecker/2.0"],
  ];
  const askAll = async () => {
    for (const [i, [path, agent]] of probes.entries()) {
      await call(gateway.port, { path, headers: ["User-Agent", agent, "X-Request-ID", `probe-${i}`] });
    }
    await ask("last");
    return gateway.lines.filter((l) => /^probe-/.test(String(l.requestId))).length;
  };
  const METRICS = "  metrics: { enabled: true }\n";

  test("are written", async () => {
    await start(METRICS);
    assert.equal(await askAll(), probes.length);
  });

  test("are left out where the file says so, unless they went wrong", async () => {
    await start(METRICS + logging("skipProbes: true"));
    assert.equal(await askAll(), 0);
    await call(gateway.port, {
      path: "/_gateway/no",
      headers: ["User-Agent", "kube-probe/1.31", "X-Request-ID", "bad"],
    });
    assert.equal((await accessLine(gateway, "bad")).status, 404);
  });
});

test("an access line names user agent, scheme and protocol", LIMIT, async () => {
  await start();
  const line = await ask("agent", "User-Agent", `agent "7" ${"x".repeat(300)}`);
  assert.deepEqual([line.scheme, line.protocol], ["http", "HTTP/1.1"]);
  assert.equal(line.userAgent, `agent "7" ${"x".repeat(246)}`);
});

describe("a request that is refused as bad says why, and nothing of its values", LIMIT, () => {
  for (const [what, request, detail] of [
    ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nX-Key: s3cret\r\n\r\n", /^more than one Host$/],
    ["no host", "GET / HTTP/1.1\r\n\r\n", /^no Host/],
    ["a blank in the host", "GET / HTTP/1.1\r\nHost: a b\r\nX-Key: s3cret\r\n\r\n", /^character 0x20 in Host$/],
    [
      "a control character in a field",
      "GET / HTTP/1.1\r\nHost: a\r\nX-Key: s3cret\x01\r\n\r\n",
      /byte 0x01 in the field X-Key$/,
    ],
    [
      "a length that is none",
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: s3cret\r\n\r\n",
      /byte 0x73 in the field Content-Length$/,
    ],
    ["no method", "\x02\x03 / HTTP/1.1\r\nHost: a\r\n\r\n", /byte 0x02$/],
    [
      "a coding that is not chunked",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      /^Transfer-Encoding is not/,
    ],
    [
      "a bad chunk",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\npassword: s3cret\r\n",
      /byte 0x70$/,
    ],
    [
      "a handshake without a key",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
      /Sec-WebSocket-Key/,
    ],
    ["HTTP/2.0 in words", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", /version/],
  ] as const) {
    test(what, async () => {
      gateway = await gateways.take(configFor(backend.port));
      assert.match(await exchange(gateway.port, request, PATIENCE_MS), /^HTTP\/1\.1 400/);
      const line = await soon(
        gateway.line((l) => l.error === "bad_request"),
        "its line",
      );
      assert.match(String(line.detail), detail);
      assert.doesNotMatch(JSON.stringify(line), /s3cret/);
    });
  }
});
