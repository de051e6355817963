// Every configuration that ships: loads without a word, fits the schema, starts, and routes requests as its tests say.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as send } from "node:http";
import { request as sendSecure } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { parse } from "yaml";
import { boot } from "../../src/boot.ts";
import type { Config } from "../../src/config/config.ts";
import { configSchema } from "../../src/config/show/json-schema.ts";
import type { PortMoves } from "../../src/config/text/move-ports.ts";
import { oneLine } from "../../src/config/text/problem.ts";
import { SourceFiles } from "../../src/config/text/source-files.ts";
import { type Backends, startBackends } from "../../src/demo/backends.ts";
import { DEMO_CERTIFICATES, makeDemoCertificates } from "../../src/demo/certificates.ts";
import { mockProviders, providerPorts } from "../../src/demo/llm/configured.ts";
import { DEMO_PORTS } from "../../src/demo/ports.ts";
import { loadChecked } from "../../src/snapshot/check/checked.ts";
import { dryRun, indexRules } from "../../src/snapshot/check/dry-run.ts";
import { faults } from "../support/json-schema.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { trackedFiles } from "../support/tracked.ts";

const ALL = [...trackedFiles("configs").filter((name) => name.endsWith(".yaml")), "gateway.yaml"].sort();
/** Fragments that only make sense inside the file that includes them. */
const FRAGMENTS = ALL.filter((name) => dirname(name).endsWith("/include"));
const WHOLE = ALL.filter((name) => !FRAGMENTS.includes(name));
/** Routes whose service is not among the demo backends: nobody listens there, and the gateway says so. */
const UNREACHABLE = new Set(["secure"]);
/** Keys that examples expect in the environment. */
const KEYS = { OPENAI_API_KEY: "sk-test", OPENROUTER_API_KEY: "sk-or-test" };
/** For services that take JSON, and for models. */
const BODY = JSON.stringify({ name: "Ada" });
const CHAT = JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hello" }] });

// As `gateway demo` does for the configurations that name them.
before(() => makeDemoCertificates(DEMO_CERTIFICATES));

/** One finished request, as the access log tells it. */
interface Line {
  readonly requestId: string;
  readonly route?: string;
  readonly status: number;
  readonly error?: string;
}

for (const name of ALL) {
  test(`${name} names its schema in the first line and explains itself`, () => {
    const [first, second] = readFileSync(name, "utf8").split("\n");
    assert.equal(first, `# yaml-language-server: $schema=${relative(dirname(name), "docs/gateway.schema.json")}`);
    assert.match(second ?? "", /^# .{20,}/);
  });
  test(`${name} fits the JSON Schema key by key`, () => {
    const text = readFileSync(name, "utf8");
    assert.deepEqual(faults(configSchema(), parse(text, { merge: true })), []);
  });
}

for (const name of WHOLE) {
  test(`${name} loads without a warning and carries tests that pass`, () => {
    const { config, warnings } = loadChecked({ file: name, env: KEYS });
    assert.deepEqual(warnings.map(oneLine), []);
    assert.ok(config.tests.length > 0);
  });
}

test("every fragment is included by a file that ships", () => {
  const files = new SourceFiles();
  for (const name of WHOLE) loadChecked({ file: name, env: {} }, files);
  const included = [...files.stamps.keys()];
  for (const name of FRAGMENTS)
    assert.ok(
      included.some((file) => file.endsWith(`/${name}`)),
      name,
    );
});

describe("started, with the demo backends behind", () => {
  const folder = mkdtempSync(join(tmpdir(), "examples-"));
  let backends: Backends;
  let moves: PortMoves;
  before(async () => {
    const named = Object.values(DEMO_PORTS).flat() as number[];
    const providers = WHOLE.filter((name) => !name.endsWith("llm-ollama.yaml")).flatMap((name) => {
      const { llm } = loadChecked({ file: name, env: KEYS }).config;
      named.push(...providerPorts(llm));
      return mockProviders(llm, () => 0);
    });
    backends = await startBackends({ http: DEMO_PORTS.http.map(() => 0), webSocket: 0, events: 0, grpc: 0 }, providers);
    const ports = new Map(named.map((port, i) => [port, backends.servers[i]!.port]));
    moves = { listeners: null, dialled: ports, others: NOBODYS_PORT };
  });
  after(async () => {
    await backends.close();
    rmSync(folder, { recursive: true });
  });

  for (const [i, name] of WHOLE.entries()) {
    test(`${name} takes every route its tests name`, async () => {
      const log = join(folder, `${i}.log`);
      const env = {
        ...KEYS,
        GATEWAY_FRONTEND_HTTP_HOST: "127.0.0.1",
        GATEWAY_SHUTDOWN_DELAY: "0",
        GATEWAY_TELEMETRY_LOGGING_OUTPUT: log,
        GATEWAY_TELEMETRY_LOGGING_FORMAT: "json",
        // Nobody is asked for certificates while examples are tested.
        ACME_DIRECTORY: `https://127.0.0.1:${NOBODYS_PORT}/directory`,
        ACME_FOLDER: join(folder, "acme"),
        OIDC_ISSUER: `https://127.0.0.1:${NOBODYS_PORT}`,
      };
      const load = { file: name, env, moves };
      const gateway = await boot({ load, logLevel: "error", hotReload: false });
      const { config } = loadChecked({ file: name, env });
      const target = ({ listener }: Asked): Target => ({
        port: gateway.addresses().find((bound) => bound.name === listener)!.port,
        secure: config.listeners.find((wanted) => wanted.name === listener)!.tls !== null,
      });
      const statuses: number[] = [];
      for (const [n, asked] of requestsOf(config).entries()) {
        let status = await ask(target(asked), asked, n);
        // What a service says of itself is fetched while the gateway runs already.
        while (status === 503) status = await ask(target(asked), asked, n);
        statuses.push(status);
      }
      await gateway.stop();
      const lines = readFileSync(log, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Line);
      check(config, lines, statuses);
    });
  }
});

/** A listener to ask. */
interface Target {
  readonly port: number;
  readonly secure: boolean;
}

interface Asked {
  readonly listener: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly route: string | null;
  readonly status: number | null;
}

/** The tests of a configuration as requests. */
function requestsOf(config: Config): Asked[] {
  return config.tests.map((t) => {
    const [method = "", path = ""] = t.request.split(" ");
    const headers = Object.fromEntries(Object.entries(t.headers).map(([k, v]) => [k, String(v)]));
    const listener = t.listener || config.listeners[0]!.name;
    return { listener, method, path, headers, route: t.expect.route, status: t.expect.status };
  });
}

function ask({ port, secure }: Target, asked: Asked, n: number): Promise<number> {
  const { method, path } = asked;
  const id = { "X-Request-ID": `n${n}` };
  if (asked.headers.Upgrade === "websocket") return handshake(`ws://127.0.0.1:${port}${path}`, id);
  // Services that take JSON get some; what a test calls otherwise has no body.
  const content = path.endsWith("/chat/completions") ? CHAT : BODY;
  const body = method === "POST" && asked.headers["Content-Type"] === undefined ? content : "";
  const type = body === "" ? {} : { "Content-Type": "application/json" };
  const headers = { ...type, ...asked.headers, ...id, Connection: "close" };
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path, headers, ...(secure ? clientOf(asked) : {}) };
    const request = (secure ? sendSecure : send)(options, (response) => {
      response.resume();
      // A stream may have no end.
      const endless = response.headers["content-type"] === "text/event-stream";
      if (endless) response.once("data", () => request.destroy());
      response.on(endless ? "close" : "end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** A client of HTTPS that trusts the demo's authority and has a certificate of it. */
function clientOf({ headers }: Asked) {
  const file = (name: string) => readFileSync(join(DEMO_CERTIFICATES, name));
  const own = { cert: file("client.pem"), key: file("client-key.pem") };
  return { ca: file("ca.pem"), ...own, servername: headers.Host ?? "localhost" };
}

/** Opens a WebSocket and closes it again. @returns a status as if it had been a request */
async function handshake(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const socket = new WebSocket(url, { headers });
  await once(socket, "open");
  socket.close();
  await once(socket, "close");
  return 200;
}

/** Compares what was logged and answered with what the tests of the file say. */
function check(config: Config, lines: readonly Line[], statuses: readonly number[]): void {
  const index = indexRules(config.rules);
  for (const [n, asked] of requestsOf(config).entries()) {
    const what = `${asked.method} ${asked.path}`;
    const line = lines.findLast((l) => l.requestId === `n${n}`);
    if (asked.status !== null) assert.equal(statuses[n], asked.status, what);
    if (asked.route === null) continue;
    const fields = Object.entries(asked.headers).flat();
    const rule = dryRun(index, { listener: asked.listener, method: asked.method, url: asked.path, fields }).rule!;
    // A rule may keep its requests out of the access log; then the answer alone speaks for it.
    if (rule.accessLog) assert.equal(line?.route, asked.route, what);
    if (UNREACHABLE.has(asked.route)) assert.deepEqual([statuses[n], line?.error], [502, "connect_failed"], what);
    else assert.ok(statuses[n]! >= 200 && statuses[n]! < 300, `${what}: ${statuses[n]}`);
  }
}
