// Reloads while traffic runs: nothing is lost, nothing half applied, and what was learned stays.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, type TestContext, test } from "node:test";
import { type Answer, type Backend, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { begin, call, digestOf, headOf, keepAlive, read } from "../support/client.ts";
import { type GatewayProcess, type StartOptions, startGateway } from "../support/gateway.ts";
import { sample, scrape, sumOf } from "../support/metrics.ts";
import { freePort } from "../support/ports.ts";
import { RawClient } from "../support/raw-client.ts";
import { type Block, configText, eventually, nextLine, soon } from "../support/setup.ts";

const LIMIT = { timeout: 110_000 };
const RELOADS = 1000;
/** Only SIGHUP reloads: every reload is one that the test asked for. */
const BY_SIGNAL = { args: ["-hot-reload=false"] };
const APPLIED = "Configuration reloaded successfully";

async function backendFor(t: TestContext, answer: Answer = mirror): Promise<Backend> {
  const backend = await startBackend(answer);
  t.after(() => backend.close());
  return backend;
}

async function gatewayFor(t: TestContext, text: string, options: StartOptions = {}): Promise<GatewayProcess> {
  const gateway = await startGateway(text, options);
  t.after(() => gateway.kill());
  return gateway;
}

/** Runs `change` and waits for the line that says what became of it. */
async function outcome(gateway: GatewayProcess, change: () => void): Promise<string> {
  const line = nextLine(gateway, "the outcome of a reload", (l) => /^Configuration /.test(l.msg ?? ""));
  change();
  return (await line).msg!;
}

function hangUp(gateway: GatewayProcess, text: string): Promise<string> {
  return outcome(gateway, () => {
    writeFileSync(gateway.file, text);
    gateway.signal("SIGHUP");
  });
}

const status = async (port: number, path: string) => (await call(port, { path })).status;

/** Sends requests one after the other until `running` says no. @returns how many there were */
async function loop(port: number, method: string, running: () => boolean): Promise<number> {
  const agent = keepAlive();
  let count = 0;
  while (running()) {
    const body = method === "POST" ? `body ${count}` : undefined;
    const reply = await call(port, {
      method,
      path: `/steady/${count}`,
      agent,
      ...(body === undefined ? {} : { body }),
    });
    assert.equal(reply.status, 200);
    const seen = JSON.parse(reply.text) as { url: string; bytes: number };
    assert.deepEqual([seen.url, seen.bytes], [`/steady/${count}`, body?.length ?? 0]);
    count++;
  }
  agent.close();
  return count;
}

test(`${RELOADS} reloads under load fail no request and cut no stream of an unchanged route`, LIMIT, async (t) => {
  const backend = await backendFor(t);
  let download: ServerResponse | null = null;
  const streams = await backendFor(t, (request, response) => {
    if (request.method === "PUT") return mirror(request, response);
    download = response;
    response.flushHeaders();
  });
  const textOf = (generation: number) =>
    configText({
      rules: [
        { id: "steady", path: "/steady/*", serviceName: "steady" },
        { id: "streams", path: "/streams", serviceName: "streams", timeout: 0, maxRequestSize: 0 },
        { id: "generation", path: `/generation/${generation}`, serviceName: "steady" },
      ],
      services: { steady: backend.port, streams: streams.port },
      more: { telemetry: { logging: { enabled: false } } },
    });
  const gateway = await gatewayFor(t, textOf(0), BY_SIGNAL);
  const { port } = gateway;

  const uploadBody = new PassThrough();
  const upload = call(port, { method: "PUT", path: "/streams", body: uploadBody });
  const response = await headOf(begin(port, { path: "/streams" }));
  const downloaded = digestOf(response);
  let running = true;
  const loops = ["GET", "GET", "GET", "POST", "POST"].map((method) => loop(port, method, () => running));
  const failed = Promise.race(
    [...loops, upload, downloaded].map((p) => p.then(() => new Promise<never>(() => undefined))),
  );
  failed.catch(() => undefined);

  const agent = keepAlive();
  const reloads = async () => {
    for (let generation = 1; generation <= RELOADS; generation++) {
      writeFileSync(gateway.file, textOf(generation));
      gateway.signal("SIGHUP");
      download!.write(`${generation}\n`);
      uploadBody.write(`${generation}\n`);
      await eventually(`generation ${generation}`, async () => {
        const reply = await call(port, { path: `/generation/${generation}`, agent });
        return reply.status === 200;
      });
    }
  };
  await Promise.race([reloads(), failed]);
  agent.close();
  running = false;
  const counts = await Promise.all(loops);
  assert.ok(Math.min(...counts) > 100, `too little traffic to prove anything: ${counts.join()}`);

  const all = Array.from({ length: RELOADS }, (_, i) => `${i + 1}\n`).join("");
  download!.end();
  uploadBody.end();
  assert.equal((await downloaded).bytes, all.length);
  assert.equal(JSON.parse((await upload).text).bytes, all.length);
  await eventually("a line for every reload", () => gateway.lines.filter((l) => l.msg === APPLIED).length === RELOADS);
  // The pool was kept all the time: as many connections as there were clients, give or take the ones trimmed.
  assert.ok(backend.accepted <= 10, `${backend.accepted} connections`);
});

describe("a refused configuration", LIMIT, () => {
  test("changes nothing, is logged with its place, and shows in the metrics until it is mended", async (t) => {
    const backend = await backendFor(t);
    const setup = { services: { up: backend.port }, more: { metrics: { enabled: true } } };
    const good = configText({ ...setup, rules: [{ path: "/a", serviceName: "up" }] });
    const gateway = await gatewayFor(t, good, BY_SIGNAL);
    const success = async () => sample(await scrape(gateway.port), "gateway_config_last_reload_success");
    assert.equal(await success(), 1);
    const bad = good.replace('"path": "/a"', '"path": "/b",\n"paht": "/b"');
    const line = bad.slice(0, bad.indexOf('"paht"')).split("\n").length;
    assert.match(await hangUp(gateway, bad), /rejected/);
    const refusal = gateway.lines.find((l) => /rejected/.test(l.msg ?? ""))!;
    assert.equal(refusal.level, "error");
    const problems = (refusal.problems as string[]).join("\n");
    assert.ok(problems.includes(`${gateway.file}:${line}:`), problems);
    assert.match(problems, /"paht".*did you mean "path"/);
    assert.equal(await success(), 0);
    assert.equal(await status(gateway.port, "/a"), 200);
    assert.equal(await status(gateway.port, "/b"), 404);
    assert.match(await hangUp(gateway, good), /unchanged/);
    assert.equal(await success(), 1);
    assert.equal(await hangUp(gateway, good.replace('"/a"', '"/b"')), APPLIED);
    assert.equal(await status(gateway.port, "/b"), 200);
  });

  test("may be no YAML at all, or gone", async (t) => {
    const backend = await backendFor(t);
    const good = configText({ services: { up: backend.port }, rules: [{ path: "/a", serviceName: "up" }] });
    const gateway = await gatewayFor(t, good, BY_SIGNAL);
    // A file being written is empty for a moment: without any route it is as broken as the others.
    const noRoutes = JSON.stringify({ gateway: { frontend: { http: { port: 0, host: "127.0.0.1" } } } });
    for (const text of ["gateway: [", "\u0000", "gateway: { router: 1 }", "", noRoutes]) {
      assert.match(await hangUp(gateway, text), /rejected/, JSON.stringify(text));
      assert.equal(await status(gateway.port, "/a"), 200);
    }
    rmSync(gateway.file);
    assert.match(await outcome(gateway, () => gateway.signal("SIGHUP")), /rejected/);
    assert.equal(await status(gateway.port, "/a"), 200);
  });

  test("may carry tests that fail: they are named", async (t) => {
    const backend = await backendFor(t);
    const textOf = (path: string) =>
      configText({
        services: { up: backend.port },
        rules: [{ id: "a", path, serviceName: "up" }],
        more: { tests: [{ name: "a stays", request: "GET /a", expect: { route: "a" } }] },
      });
    const gateway = await gatewayFor(t, textOf("/a"), BY_SIGNAL);
    assert.match(await hangUp(gateway, textOf("/b")), /rejected/);
    assert.match(JSON.stringify(gateway.lines.at(-1)), /a stays: expected route .*a.*, got status 404/);
    assert.equal(await status(gateway.port, "/a"), 200);
    assert.equal(await hangUp(gateway, textOf("/a*")), APPLIED);
  });

  test("may name a port that is taken: the old port and the old routes stay", async (t) => {
    const backend = await backendFor(t);
    const rule = (path: string) => ({ services: { up: backend.port }, rules: [{ path, serviceName: "up" }] });
    const gateway = await gatewayFor(t, configText(rule("/a")), BY_SIGNAL);
    assert.match(await hangUp(gateway, configText({ ...rule("/b"), front: { port: backend.port } })), /rejected/);
    assert.equal(await status(gateway.port, "/a"), 200);
    assert.equal(await status(gateway.port, "/b"), 404);
  });
});

describe("the file watch", LIMIT, () => {
  async function watched(t: TestContext) {
    const backend = await backendFor(t);
    const textOf = (path: string, more: Block = {}) =>
      configText({ services: { up: backend.port }, rules: [{ id: "x", path, serviceName: "up", ...more }] });
    return { backend, textOf };
  }

  test("notices a file written in place, again and again", async (t) => {
    const { textOf } = await watched(t);
    const gateway = await gatewayFor(t, textOf("/a"));
    for (const path of ["/b", "/c", "/d"]) {
      assert.equal(await outcome(gateway, () => writeFileSync(gateway.file, textOf(path))), APPLIED);
      assert.equal(await status(gateway.port, path), 200);
    }
    assert.equal(await status(gateway.port, "/a"), 404);
  });

  test("notices a file replaced by renaming, again and again", async (t) => {
    const { textOf } = await watched(t);
    const gateway = await gatewayFor(t, textOf("/a"));
    for (const path of ["/b", "/c", "/d"]) {
      const change = () => {
        writeFileSync(`${gateway.file}.tmp`, textOf(path));
        renameSync(`${gateway.file}.tmp`, gateway.file);
      };
      assert.equal(await outcome(gateway, change), APPLIED);
      assert.equal(await status(gateway.port, path), 200);
    }
  });

  test("notices a file that is moved away and written anew, as some editors do", async (t) => {
    const { textOf } = await watched(t);
    const gateway = await gatewayFor(t, textOf("/a"));
    for (const path of ["/b", "/c"]) {
      renameSync(gateway.file, `${gateway.file}~`);
      writeFileSync(gateway.file, textOf(path));
      await eventually(path, async () => (await status(gateway.port, path)) === 200);
    }
  });

  test("notices a mounted volume whose link is swapped, again and again", async (t) => {
    const { textOf } = await watched(t);
    const gateway0 = await gatewayFor(t, textOf("/unused"), BY_SIGNAL);
    const mount = join(gateway0.folder, "mount");
    const publish = (version: string, path: string) => {
      mkdirSync(join(mount, `..${version}`), { recursive: true });
      writeFileSync(join(mount, `..${version}`, "gateway.yaml"), textOf(path));
      symlinkSync(`..${version}`, join(mount, "..data_tmp"));
      renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
    };
    publish("2026_01", "/a");
    symlinkSync(join("..data", "gateway.yaml"), join(mount, "gateway.yaml"));
    const gateway = await gatewayFor(t, "", { args: ["-config", join(mount, "gateway.yaml")] });
    assert.equal(await status(gateway.port, "/a"), 200);
    for (const [version, path] of [
      ["2026_02", "/b"],
      ["2026_03", "/c"],
    ] as const) {
      assert.equal(await outcome(gateway, () => publish(version, path)), APPLIED);
      assert.equal(await status(gateway.port, path), 200);
      rmSync(join(mount, `..2026_0${Number(version.at(-1)) - 1}`), { recursive: true });
    }
  });

  test("notices an included file, also one that was included later", async (t) => {
    const { backend, textOf } = await watched(t);
    const including = (names: readonly string[]) =>
      configText({
        services: { up: backend.port },
        rules: [{ id: "own", path: "/own", serviceName: "up" }],
        more: { include: names },
      });
    const gateway = await gatewayFor(t, textOf("/a"));
    const part = (name: string, path: string) => {
      const rules = [{ id: name, path, serviceName: "up" }];
      writeFileSync(join(gateway.folder, `${name}.yaml`), JSON.stringify({ gateway: { router: { rules } } }));
    };
    part("first", "/first");
    assert.equal(await outcome(gateway, () => writeFileSync(gateway.file, including(["first.yaml"]))), APPLIED);
    assert.deepEqual([await status(gateway.port, "/first"), await status(gateway.port, "/own")], [200, 200]);
    assert.equal(await outcome(gateway, () => part("first", "/changed")), APPLIED);
    assert.equal(await status(gateway.port, "/changed"), 200);
    assert.deepEqual([await status(gateway.port, "/first"), await status(gateway.port, "/own")], [404, 200]);
  });

  test("follows the files of a refused load: what is mended in one of them is loaded", async (t) => {
    const { backend, textOf } = await watched(t);
    const gateway = await gatewayFor(t, textOf("/a"));
    const including = configText({ services: { up: backend.port }, rules: [], more: { include: ["below/part.yaml"] } });
    const change = () => writeFileSync(gateway.file, including);
    assert.match(await outcome(gateway, change), /rejected/);
    mkdirSync(join(gateway.folder, "below"));
    const part = { gateway: { router: { rules: [{ path: "/b", serviceName: "up" }] } } };
    const mend = () => writeFileSync(join(gateway.folder, "below", "part.yaml"), JSON.stringify(part));
    assert.equal(await outcome(gateway, mend), APPLIED);
    assert.deepEqual([await status(gateway.port, "/a"), await status(gateway.port, "/b")], [404, 200]);
  });

  test("tries a port that was in use again, and logs the refusal once", async (t) => {
    const { backend, textOf } = await watched(t);
    const gateway = await gatewayFor(t, textOf("/a"));
    const holder = await startBackend(mirror);
    const setup = { services: { up: backend.port }, rules: [{ path: "/b", serviceName: "up" }] };
    const moved = configText({ ...setup, front: { port: holder.port } });
    assert.match(await outcome(gateway, () => writeFileSync(gateway.file, moved)), /rejected/);
    await holder.close();
    const applied = await gateway.line((l) => l.msg === APPLIED);
    assert.equal(applied.reason, "retry");
    assert.equal(gateway.lines.filter((l) => /rejected/.test(l.msg ?? "")).length, 1);
    assert.equal(await status(holder.port, "/b"), 200);
  });

  test("notices a secret file", async (t) => {
    const { textOf } = await watched(t);
    const gateway0 = await gatewayFor(t, textOf("/unused"), BY_SIGNAL);
    const secret = join(gateway0.folder, "host");
    writeFileSync(secret, "one.example\n");
    const gateway = await gatewayFor(t, textOf("/a", { rewriteHost: `\${file:${secret}}` }));
    const host = async () => valuesOf(JSON.parse((await call(gateway.port, { path: "/a" })).text).headers, "host")[0];
    assert.equal(await host(), "one.example");
    assert.equal(await outcome(gateway, () => writeFileSync(secret, "two.example\n")), APPLIED);
    assert.equal(await host(), "two.example");
  });
});

describe("what a reload keeps", LIMIT, () => {
  test("connections and the balancer's turn survive a reload that touches another route", async (t) => {
    const names = ["a", "b", "c"];
    const backends = await Promise.all(names.map((n) => backendFor(t, (_request, response) => void response.end(n))));
    const instances = names.map((id, i) => ({ id, address: "127.0.0.1", port: backends[i]!.port }));
    const textOf = (n: number) =>
      configText({
        services: { up: instances },
        rules: [
          { id: "up", path: "/up", serviceName: "up" },
          { id: "other", path: `/other/${n}`, serviceName: "up" },
        ],
      });
    const gateway = await gatewayFor(t, textOf(0), BY_SIGNAL);
    let turn = "";
    for (let n = 1; n <= 12; n++) {
      turn += (await call(gateway.port, { path: "/up" })).text;
      assert.equal(await hangUp(gateway, textOf(n)), APPLIED);
    }
    assert.equal(turn, "abcabcabcabc");
    assert.deepEqual(
      backends.map((b) => b.accepted),
      [1, 1, 1],
    );
  });

  test("counters go on, and those of a route that is gone disappear", async (t) => {
    const backend = await backendFor(t);
    const textOf = (path: string) =>
      configText({
        services: { up: backend.port },
        rules: [
          { path: "/stays", serviceName: "up" },
          { path, serviceName: "up" },
        ],
        more: { metrics: { enabled: true } },
      });
    const gateway = await gatewayFor(t, textOf("/goes"), BY_SIGNAL);
    const count = async (path: string) => {
      const labels = { method: "GET", path, status: "200" };
      return sumOf(await scrape(gateway.port), "gateway_http_requests_total", labels);
    };
    await call(gateway.port, { path: "/stays" });
    await call(gateway.port, { path: "/goes" });
    assert.deepEqual([await count("/stays"), await count("/goes")], [1, 1]);
    await hangUp(gateway, textOf("/comes"));
    await call(gateway.port, { path: "/stays" });
    assert.deepEqual([await count("/stays"), await count("/goes")], [2, 0]);
  });

  test("a request under way finishes on the backend it was sent to, also when its route and service are gone", async (t) => {
    let held: ServerResponse | null = null;
    const backend = await backendFor(t, (_request, response) => {
      held = response;
    });
    const other = await backendFor(t);
    const setup = (name: string, port: number) =>
      configText({ services: { [name]: port }, rules: [{ path: `/${name}`, serviceName: name }] });
    const gateway = await gatewayFor(t, setup("old", backend.port), BY_SIGNAL);
    const slow = call(gateway.port, { path: "/old" });
    await eventually("the request is there", () => held !== null);
    assert.equal(await hangUp(gateway, setup("new", other.port)), APPLIED);
    assert.equal(await status(gateway.port, "/old"), 404);
    held!.end("finished");
    assert.equal((await slow).text, "finished");
    await eventually("its connection is closed", () => backend.open.size === 0);
  });

  test("client connections survive changed timeouts, and new ones get them", async (t) => {
    const backend = await backendFor(t);
    const textOf = (front: Block) =>
      configText({ services: { up: backend.port }, rules: [{ path: "/x", serviceName: "up" }], front });
    const gateway = await gatewayFor(t, textOf({}), BY_SIGNAL);
    const client = await RawClient.to(gateway.port);
    t.after(() => client.close());
    const ask = async () => {
      client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
      return (await soon(client.reply(), "a reply")).status;
    };
    assert.equal(await ask(), 200);
    assert.equal(await hangUp(gateway, textOf({ idleTimeout: "200ms" })), APPLIED);
    const fresh = await RawClient.to(gateway.port);
    fresh.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await soon(fresh.reply(), "a reply")).status, 200);
    assert.equal(await soon(fresh.end(), "the end of an idle connection"), "");
    assert.equal(await ask(), 200);
  });
});

describe("a changed port", LIMIT, () => {
  test("is bound before the old one is left, and requests on the old one finish", async (t) => {
    let held: ServerResponse | null = null;
    const backend = await backendFor(t, (request, response) => {
      if (request.url === "/slow") held = response;
      else response.end("quick");
    });
    const rules = [{ path: "/*", serviceName: "up" }];
    const gateway = await gatewayFor(t, configText({ services: { up: backend.port }, rules }), BY_SIGNAL);
    const slow = headOf(begin(gateway.port, { path: "/slow" }));
    await eventually("the slow request is there", () => held !== null);
    held!.write("half,");
    const response = await slow;
    const port = await freePort();
    assert.equal(
      await hangUp(gateway, configText({ services: { up: backend.port }, rules, front: { port } })),
      APPLIED,
    );
    assert.equal((await call(port)).text, "quick");
    await eventually("the old port is closed", () =>
      call(gateway.port).then(
        () => false,
        (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
      ),
    );
    held!.end("whole");
    assert.equal((await read(response)).toString(), "half,whole");
  });

  test("resets no keep-alive client of the old port", async (t) => {
    const backend = await backendFor(t);
    const setup = { services: { up: backend.port }, rules: [{ path: "/*", serviceName: "up" }] };
    const gateway = await gatewayFor(t, configText(setup), BY_SIGNAL);
    let port = gateway.port;
    const failures: string[] = [];
    let running = true;
    let sent = 0;
    const clients = Array.from({ length: 4 }, async () => {
      const agent = keepAlive();
      while (running) {
        const to = port;
        try {
          const reply = await call(to, { method: "POST", body: "x", agent });
          if (reply.status !== 200) failures.push(String(reply.status));
          sent++;
        } catch (error) {
          // The old port is closed by now, and the client had not looked yet: nothing was sent.
          if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") failures.push(String(error));
        }
      }
      agent.close();
    });
    for (let i = 0; i < 8; i++) {
      const next = await freePort();
      const before = sent;
      assert.equal(await hangUp(gateway, configText({ ...setup, front: { port: next } })), APPLIED);
      // Traffic goes on at the old port until it is really closed.
      await eventually("the old port is closed", () =>
        call(port).then(
          () => false,
          () => true,
        ),
      );
      port = next;
      await eventually("traffic on the new port", () => sent > before + 50);
    }
    running = false;
    await Promise.all(clients);
    assert.deepEqual(failures, []);
  });
});

test("a reload by signal reads the file as it is then", LIMIT, async (t) => {
  const backend = await backendFor(t);
  const text = configText({ services: { up: backend.port }, rules: [{ path: "/x", serviceName: "up" }] });
  const gateway = await gatewayFor(t, text, BY_SIGNAL);
  assert.equal(readFileSync(gateway.file, "utf8"), text);
  assert.equal(await outcome(gateway, () => gateway.signal("SIGHUP")), "Configuration unchanged");
});
