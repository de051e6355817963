// The command line as a user meets it: every command, flags in every form, exit codes, signals, and no configuration at all.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { COMMANDS } from "../../src/cli/main.ts";
import { configFor, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { rawBackend } from "../support/raw.ts";

const MAIN = resolve("dist/main.js");
const VERSION = (JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version;
const CONFIG = (id = "all") => `gateway:
  frontend: { http: { host: 127.0.0.1, port: 0 } }
  router: { rules: [ { id: ${id}, path: /*, serviceName: up } ] }
  registry: { static: { services: [ { name: up, instances: [ { address: 127.0.0.1, port: 9 } ] } ] } }
  shutdown: { delay: 0, timeout: 5s }
`;

const folder = mkdtempSync(join(tmpdir(), "cli-"));
const good = join(folder, "good.yaml");
const bad = join(folder, "bad.yaml");
const warned = join(folder, "warned.yaml");
before(() => {
  writeFileSync(good, CONFIG());
  writeFileSync(
    bad,
    "gateway:\n  frontend: { http: { prt: 1 } }\n  router: { rules: [ { path: a, serviceName: b } ] }\n",
  );
  writeFileSync(warned, `${CONFIG()}  session: {}\n`);
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** Runs a command to its end. */
async function gateway(
  args: readonly string[],
  { env = {}, cwd = folder, input = "" }: Surroundings = {},
): Promise<Result> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { PATH: process.env.PATH, ...env } });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

interface Daemon {
  readonly port: number;
  /** Waits for text in what it writes. */
  says(text: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<number | null>;
}

/** Starts the daemon and waits until it listens. */
async function daemon(args: readonly string[], { env = {}, cwd = folder, input }: Surroundings = {}): Promise<Daemon> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { PATH: process.env.PATH, ...env } });
  running.add(child);
  let text = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      text += chunk;
      for (const look of waiting) look();
    });
  }
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  const ended = once(child, "close").then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const says = (wanted: string) =>
    new Promise<void>((done, fail) => {
      const look = () => {
        if (!text.includes(wanted)) return;
        waiting.delete(look);
        done();
      };
      waiting.add(look);
      look();
      void ended.then((code) => fail(new Error(`ended with ${code} before it said ${wanted}:\n${text}`)));
    });
  await says("Listening on");
  const port = Number(/Listening on [^"]*?:(\d+)/.exec(text)![1]);
  return { port, says, ended, signal: (name) => child.kill(name) };
}

const running = new Set<ReturnType<typeof spawn>>();
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

async function stop(d: Daemon): Promise<void> {
  d.signal("SIGTERM");
  assert.equal(await d.ended, 0);
}

async function get(port: number, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  return { status: response.status, body: await response.text() };
}

/** Runs at most two at a time: the machine has two cores. */
const both = <A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> => Promise.all([a, b]);

describe("help", { concurrency: 2 }, () => {
  for (const { name, summary, flags } of COMMANDS) {
    test(`${name} -h says what it is and takes, on stderr, and ends well`, async () => {
      const { code, out, err } = await gateway([...name.split(" "), "-h"]);
      assert.deepEqual([code, out], [0, ""]);
      assert.ok(err.includes(summary), err);
      for (const flag of Object.keys(flags))
        assert.match(err, new RegExp(`(^|[\\s,])-${flag}\\b`, "m"), `-${flag} is not explained`);
    });
  }
  test("without a command it lists all commands", async () => {
    const [long, doubled] = await both(gateway(["-help"]), gateway(["--h"]));
    for (const { code, err } of [long, doubled]) {
      assert.equal(code, 0);
      for (const { name } of COMMANDS) assert.match(err, new RegExp(`^\\s+${name}\\s`, "m"));
    }
  });
});

describe("a command line that is not understood ends with 2 and the usage", { concurrency: 2 }, () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["unknown flag", ["-nope"], /unknown flag -nope/],
    ["unknown flag of a command", ["check", "--log-level", "info"], /unknown flag -log-level/],
    ["unknown command", ["serve"], /unknown command "serve"; did you mean "run"\?/],
    ["a file for a command", ["my.yaml"], /unknown command "my.yaml"; set the file with -config/],
    ["the command behind the flags", ["-config", "x", "check"], /unexpected "check"; the command comes first/],
    ["flag without value", ["-config"], /-config needs a value/],
    ["bad boolean", ["-hot-reload=maybe"], /-hot-reload takes true or false/],
    ["boolean with a separate value", ["-hot-reload", "false"], /unexpected "false".*-hot-reload=false/],
    ["too many words", ["check", "-c", "x", "y"], /unexpected "y"; set the file with -config/],
    ["explain without a URL", ["explain", "GET"], /explain needs METHOD and URL/],
    ["explain with a bad header", ["explain", "-H", "nocolon", "GET", "/"], /Name: value/],
    ["a flag named like a property of every object", ["-constructor", "x"], /unknown flag -constructor/],
  ];
  for (const [name, args, expected] of cases) {
    test(name, async () => {
      const { code, out, err } = await gateway(args);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, expected);
      assert.match(err, /^Usage: gateway /m);
    });
  }
});

describe("version", { concurrency: 2 }, () => {
  for (const args of [["version"], ["-version"], ["--version"], ["-version=true"]]) {
    test(`${args.join(" ")} prints it`, async () => {
      const { code, out } = await gateway(args);
      assert.equal(code, 0);
      assert.ok(out.startsWith(`gateway ${VERSION}`), out);
    });
  }
});

describe("check", { concurrency: 2 }, () => {
  for (const args of [
    ["check", "-c", "good.yaml"],
    ["check", "-c=good.yaml"],
    ["check", "--config", "good.yaml"],
    ["validate", "--config=good.yaml"],
    ["-validate", "-config", "good.yaml"],
    ["run", "-validate", "-c", "good.yaml"],
    ["check", "-c", "good.yaml", "--"],
  ]) {
    test(`${args.join(" ")} accepts a good file`, async () => {
      assert.deepEqual(await gateway(args), {
        code: 0,
        out: "good.yaml: valid (1 route, 1 service, 0 tests)\n",
        err: "",
      });
    });
  }
  test("a bad file ends with 1 and every error, with place and line", async () => {
    const { code, out, err } = await gateway(["check", "-c", "bad.yaml"]);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /bad\.yaml:2:23: unknown key "prt" in .*did you mean "port"\?\n {2}2 \| {3}frontend/);
    assert.match(err, /bad\.yaml:3:\d+: .*begins with "\/"/);
    assert.match(err, /unknown service "b"/);
  });
  test("warnings go to stderr and are no failure", async () => {
    const { code, err } = await gateway(["check", "-c", "warned.yaml"]);
    assert.equal(code, 0);
    assert.match(err, /^warning: warned\.yaml:6:3: "session" has no effect/);
  });
  test("descriptors that are none end with 1, at the line that has them", async () => {
    const grpc = "grpc: { enableTranscoding: true, protoDescriptorBase64: dGV4dA== }";
    writeFileSync(join(folder, "descriptors.yaml"), CONFIG().replace("path: /*,", `path: /*, ${grpc},`));
    const { code, err } = await gateway(["check", "-c", "descriptors.yaml"]);
    assert.equal(code, 1);
    assert.match(
      err,
      /^error: descriptors\.yaml:3:\d+: router\.rules\[0\]\.grpc\.protoDescriptorBase64: not a serialized .*\n {2}3 \|/,
    );
  });
  test("a file that is not there ends with 1", async () => {
    const { code, err } = await gateway(["check", "-c", "nope.yaml"]);
    assert.equal(code, 1);
    assert.match(err, /nope\.yaml: cannot read configuration: no such file/);
  });
  test("a failing test of the file ends with 1", async () => {
    writeFileSync(
      join(folder, "failing.yaml"),
      `${CONFIG()}  tests: [ { request: GET /, expect: { route: other } } ]\n`,
    );
    const { code, err } = await gateway(["check", "-c", "failing.yaml"]);
    assert.equal(code, 1);
    assert.match(err, /test failed: .*expected route "other", got route "all"/);
  });
  test("a bad environment override ends with 1 and names the variable", async () => {
    const { code, err } = await gateway(["check", "-c", "good.yaml"], { env: { GATEWAY_PORT: "70000" } });
    assert.equal(code, 1);
    assert.match(err, /GATEWAY_PORT/);
  });
  test("a certificate and a key that do not belong together are found", async () => {
    const files = ["cert", "key"].map((n) => join(resolve("test/golden/cases/files"), `${n}.pem`));
    const tls = `tls: { enabled: true, certFile: ${files[0]}, keyFile: ${files[1]} }`;
    writeFileSync(join(folder, "pair.yaml"), CONFIG().replace("port: 0", `port: 0, ${tls}`));
    const { code, err } = await gateway(["check", "-c", "pair.yaml"]);
    assert.equal(code, 1, err);
  });
});

describe("which file", { concurrency: 2 }, () => {
  const place = join(folder, "place");
  before(() => {
    mkdirSync(join(place, "configs"), { recursive: true });
    for (const name of ["flag", "first", "second", "third", "configs/gateway"]) {
      writeFileSync(join(place, `${name}.yaml`), CONFIG(name.replace("configs/gateway", "default")));
    }
  });
  const env = { GATEWAY_CONFIG: "first.yaml", GATEWAY_CONFIG_PATH: "second.yaml", CONFIG_FILE: "third.yaml" };
  const without = (...names: readonly string[]) =>
    Object.fromEntries(Object.entries(env).filter(([k]) => !names.includes(k)));
  const cases: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>, string])[] = [
    ["the flag wins", ["-c", "flag.yaml"], env, "flag"],
    ["then GATEWAY_CONFIG", [], env, "first"],
    ["then GATEWAY_CONFIG_PATH", [], without("GATEWAY_CONFIG"), "second"],
    ["an empty variable counts as unset", [], { ...env, GATEWAY_CONFIG: "" }, "second"],
    ["then CONFIG_FILE", [], without("GATEWAY_CONFIG", "GATEWAY_CONFIG_PATH"), "third"],
    ["then the default path", [], {}, "default"],
  ];
  for (const [name, args, variables, expected] of cases) {
    test(name, async () => {
      const { code, out } = await gateway(["explain", ...args, "GET", "/"], { cwd: place, env: variables });
      assert.equal(code, 0);
      assert.match(out, new RegExp(`route +${expected} `));
    });
  }
  test("a named file that is not there is an error, not the default", async () => {
    assert.equal((await gateway(["check"], { cwd: place, env: { GATEWAY_CONFIG: "nope.yaml" } })).code, 1);
  });
  test("- is standard input", async () => {
    const { code, out } = await gateway(["explain", "-config", "-", "GET", "/"], { input: CONFIG("piped") });
    assert.equal(code, 0);
    assert.match(out, /route +piped +\(\/\*, -:3\)/);
  });
});

describe("print-config, explain, schema", { concurrency: 2 }, () => {
  test("print-config prints values with their origin", async () => {
    const { code, out } = await gateway(["print-config", "-c", "good.yaml"], {
      env: { GATEWAY_METRICS_ENABLED: "true" },
    });
    assert.equal(code, 0);
    assert.match(out, /host: 127\.0\.0\.1 # good\.yaml:2\n/);
    assert.match(out, /enabled: true # .*GATEWAY_METRICS_ENABLED\n/);
  });
  test("print-config of a bad file ends with 1", async () => {
    const { code, out } = await gateway(["print-config", "-c", "bad.yaml"]);
    assert.deepEqual([code, out], [1, ""]);
  });
  test("explain names route, service and why others lose", async () => {
    const rules =
      "rules: [ { id: a, path: /a/*, serviceName: up, hosts: x.org }, { id: b, path: /a/b, methods: GET, serviceName: up }, { id: c, path: /c, serviceName: up }, { id: d, path: /*, match: { headers: { k: v } }, serviceName: up } ]";
    writeFileSync(join(folder, "several.yaml"), CONFIG().replace(/rules: \[.*\]/, rules));
    const [yes, no] = await both(
      gateway(["explain", "-c", "several.yaml", "-H", "Host: X.org:80", "-H", "k: v", "get", "/a/./c?x=1"]),
      gateway(["explain", "-c", "several.yaml", "POST", "http://y.org/a/b"]),
    );
    assert.equal(yes.code, 0, yes.err);
    assert.match(yes.out, /^GET \/a\/\.\/c\?x=\*\*\* {2}\(several\.yaml\)\n +canonical path +\/a\/c\n +route +a /);
    assert.match(yes.out, /- b \(\/a\/b\): path does not match/);
    assert.match(yes.out, /- d \(\/\*\): less specific/);
    assert.equal(no.code, 1);
    assert.match(no.out, /no route: the gateway answers 405 \(Allow: GET, HEAD\)/);
    assert.match(no.out, /- a .*host "y\.org" is not among x\.org/);
    assert.match(no.out, /- b .*method POST is not among GET/);
    assert.match(no.out, /- d .*header k does not match/);
  });
  test("schema prints JSON with the root key", async () => {
    const { code, out } = await gateway(["schema"]);
    assert.equal(code, 0);
    assert.ok("gateway" in (JSON.parse(out) as { properties: object }).properties);
  });
});

describe("without any configuration", () => {
  const empty = join(folder, "empty");
  before(() => mkdirSync(empty));
  test("it serves health and a welcome page, on 127.0.0.1 only", async () => {
    const d = await daemon([], { cwd: empty, env: { GATEWAY_PORT: "0" } });
    const [health, welcome] = await both(get(d.port, "/_gateway/health"), get(d.port, "/"));
    assert.equal((JSON.parse(health.body) as { status: string }).status, "healthy");
    assert.equal(welcome.status, 200);
    assert.match(welcome.body, /has no routes yet/);
    assert.equal((await get(d.port, "/other")).status, 404);
    await d.says("Listening on 127.0.0.1:");
    await stop(d);
  });
  test("print-config shows port 8080 on 127.0.0.1", async () => {
    const { out } = await gateway(["print-config"], { cwd: empty });
    assert.match(out, /host: 127\.0\.0\.1 #/);
    assert.match(out, /port: 8080 #/);
  });
});

describe("healthcheck", () => {
  test("is 0 while the gateway runs, 1 when nothing answers", async () => {
    const d = await daemon(["-c", "good.yaml"]);
    const url = `http://127.0.0.1:${d.port}/_gateway/ready`;
    const [byUrl, byConfig] = await both(
      gateway(["healthcheck", "-url", url]),
      gateway(["healthcheck", "-c", "good.yaml"], { env: { GATEWAY_PORT: String(d.port) } }),
    );
    assert.deepEqual([byUrl.code, byUrl.out, byConfig.code], [0, "ready\n", 0]);
    await stop(d);
    const { code, out } = await gateway(["healthcheck", "-url", url]);
    assert.equal(code, 1);
    assert.match(out, /^not ready: /);
  });
  test("is 1 for any other status", async () => {
    const server = createServer((_, response) => response.writeHead(503).end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { code, out } = await gateway([
      "healthcheck",
      "-url",
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ]);
    server.close();
    assert.deepEqual([code, out], [1, "not ready (503)\n"]);
  });
});

describe("start", () => {
  test("a port that is taken ends with 1 and says so", async () => {
    const taken = await rawBackend(() => undefined);
    const { code, out, err } = await gateway(["-c", "good.yaml"], { env: { GATEWAY_PORT: String(taken.port) } });
    await taken.close();
    assert.equal(code, 1);
    assert.match(out + err, /port is in use/);
  });
  test("a log file that cannot be opened ends with 1", async () => {
    const env = { GATEWAY_TELEMETRY_LOGGING_OUTPUT: "no/such/folder/x.log" };
    const { code, out, err } = await gateway(["-c", "good.yaml"], { env });
    assert.equal(code, 1);
    assert.match(out + err, /cannot write .*directory .*no\/such\/folder does not exist; create it first/);
  });
  test("a bad file ends with 1", async () => assert.equal((await gateway(["run", "-c", "bad.yaml"])).code, 1));
  test("a configuration from standard input serves", async () => {
    const d = await daemon(["-config", "-"], { input: CONFIG() });
    assert.equal((await get(d.port, "/_gateway/ready")).status, 200);
    await stop(d);
  });
});

describe("signals", () => {
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    test(`${name} ends it with 0`, async () => {
      const d = await daemon(["-c", "good.yaml"]);
      d.signal(name);
      assert.equal(await d.ended, 0);
    });
  }

  test("a second signal ends it at once with 1, while a request is under way", async () => {
    let asked: () => void = () => undefined;
    const waiting = new Promise<void>((done) => (asked = done));
    const silent = await rawBackend((socket) => void socket.on("data", () => asked()));
    const g = await startGateway(configFor(silent.port));
    const answer = get(g.port, "/").then(
      () => "answered",
      () => "cut off",
    );
    await waiting;
    g.signal("SIGTERM");
    await g.line((l) => l.msg === "Draining");
    // A repetition in the same moment is the same signal passed on twice, so it is sent until it counts.
    const again = setInterval(() => g.signal("SIGTERM"), 50);
    assert.equal(await g.exited, 1);
    clearInterval(again);
    assert.equal(await answer, "cut off");
    await g.kill();
    await silent.close();
  });

  test("HUP reloads; a bad file is refused and the old one stays", async () => {
    await reloadTest(["-hot-reload=false"], (g) => g.signal("SIGHUP"));
  });

  test("without HUP a changed file reloads by itself", async () => {
    await reloadTest([]);
  });

  test("-hot-reload=false leaves a changed file alone until HUP", async () => {
    const g = await startGateway(configFor(9), { args: ["-hot-reload=false"] });
    writeFileSync(g.file, configFor(9).replace("id: all", "id: other"));
    g.signal("SIGHUP");
    const { reason } = await g.line((l) => l.msg === "Configuration reloaded successfully");
    // Had the watcher been there, it would have asked first or again, by another name.
    assert.equal(reason, "SIGHUP");
    assert.equal(await g.stop(), 0);
    assert.deepEqual(
      g.lines.filter((l) => l.reason === "file"),
      [],
    );
  });

  test("HUP on an unchanged file changes nothing and says so", async () => {
    const g = await startGateway(configFor(9), { args: ["-hot-reload=false"] });
    g.signal("SIGHUP");
    await g.line((l) => l.msg === "Configuration unchanged");
    assert.equal(await g.stop(), 0);
  });

  test("HUP on a configuration from standard input keeps it: there is nothing left to read", async () => {
    const d = await daemon(["-config", "-"], { input: CONFIG() });
    d.signal("SIGHUP");
    await d.says('"reason":"SIGHUP"');
    // The route leads to a closed port: 502 as long as it is there.
    assert.equal((await get(d.port, "/")).status, 502);
    await stop(d);
  });

  for (const [signal, message] of [
    ["SIGUSR1", "Log files opened again"],
    ["SIGHUP", "Configuration unchanged"],
  ] as const) {
    test(`${signal} while the gateway starts is answered when it runs`, async () => {
      // Sent by the process to itself, when it looks what it writes its log to.
      const send = `process.kill(process.pid, "${signal}")`;
      const code = `Object.defineProperty(process.stdout, "isTTY", { get() { ${send}; return false; } });`;
      const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
      const g = await startGateway(configFor(9), { args: ["-hot-reload=false"], env });
      await g.line((l) => l.msg === message);
      assert.deepEqual(
        g.lines.filter((l) => /debugger/i.test(l.msg ?? "")),
        [],
      );
      assert.equal(await g.stop(), 0);
    });
  }

  test("USR1 opens the log file anew after it was moved", async () => {
    const file = join(folder, "access.log");
    const env = { GATEWAY_TELEMETRY_LOGGING_OUTPUT: file, GATEWAY_TELEMETRY_LOGGING_FORMAT: "json" };
    const d = await daemon(["-c", "good.yaml"], { env });
    await get(d.port, "/_gateway/health?before");
    renameSync(file, `${file}.1`);
    const there = appears(folder, file);
    d.signal("SIGUSR1");
    await there;
    await get(d.port, "/after");
    await stop(d);
    assert.match(readFileSync(file, "utf8"), /"path":"\/after"/);
    // Lines wait a moment before they are written: one from before the move may stand in either file, but in one of them.
    const both = readFileSync(file, "utf8") + readFileSync(`${file}.1`, "utf8");
    assert.equal(both.match(/"path":"\/_gateway\/health"/g)?.length, 1);
  });
});

/** Changes the configuration of a running gateway to another route, then to nonsense, then to a third. */
async function reloadTest(
  args: readonly string[],
  nudge: (g: GatewayProcess) => void = () => undefined,
): Promise<void> {
  const g = await startGateway(configFor(9), { args });
  const change = async (text: string, msg: string) => {
    const seen = new Set(g.lines);
    writeFileSync(g.file, text);
    nudge(g);
    await g.line((l) => l.msg === msg && !seen.has(l));
  };
  const other = configFor(9).replace('path: "/*"', 'path: "/other"');
  assert.deepEqual([(await get(g.port, "/")).status, (await get(g.port, "/other")).status], [502, 502]);
  await change(other, "Configuration reloaded successfully");
  assert.deepEqual([(await get(g.port, "/")).status, (await get(g.port, "/other")).status], [404, 502]);
  await change("gateway: { nonsense: 1 }", "Configuration rejected; the running one stays in effect");
  assert.deepEqual([(await get(g.port, "/")).status, (await get(g.port, "/other")).status], [404, 502]);
  await change(configFor(9), "Configuration reloaded successfully");
  assert.equal((await get(g.port, "/")).status, 502);
  assert.equal(await g.stop(), 0);
}

/** Resolves when the file is there. */
function appears(directory: string, file: string): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (!existsSync(file)) return;
      watcher.close();
      done();
    };
    const watcher = watch(directory, look);
    look();
  });
}
