// Starts the compiled gateway in a child process on a free port, as a user would, and stops it again.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { isAlive } from "./children.ts";

/** A line of the gateway's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** A gateway in a child process. */
export interface GatewayProcess {
  readonly port: number;
  readonly pid: number;
  /** Path of its configuration file; write to it for a reload. */
  readonly file: string;
  readonly folder: string;
  /** Everything it has logged so far. */
  readonly lines: LogLine[];
  /** Waits for a log line; lines already there count. */
  line(matches: (line: LogLine) => boolean): Promise<LogLine>;
  signal(name: NodeJS.Signals): void;
  /** TERM, then the exit code. */
  stop(): Promise<number>;
  /** KILL and clean up; harmless when it has ended. */
  kill(): Promise<void>;
  readonly exited: Promise<number>;
}

/** Options of {@link startGateway}. */
export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Limit of open files; as that of this process when it is left out. */
  readonly openFiles?: number;
}

const READY_MS = 20_000;

/**
 * Starts a gateway on `yaml`, whose `frontend.http.port` should be 0, and waits until it listens.
 * @throws Error with its output when it ends instead
 */
export async function startGateway(yaml: string, options: StartOptions = {}): Promise<GatewayProcess> {
  return (await launch(yaml, options)).gateway;
}

/** Ends those that run now. One that a test has left, because its time was over, would keep the run from its end. */
const running = new Set<() => Promise<void>>();
after(() => Promise.all([...running].map((kill) => kill())));

/** A process, and what it writes. */
interface Launched {
  readonly gateway: GatewayProcess;
  readonly child: ChildProcess;
  readonly log: Log;
}

async function launch(yaml: string, options: StartOptions): Promise<Launched> {
  const folder = mkdtempSync(join(tmpdir(), "gateway-test-"));
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, yaml);
  const command = [process.execPath, "dist/main.js", "-config", file, ...(options.args ?? [])];
  const { openFiles } = options;
  const limited = openFiles === undefined ? [] : ["/bin/sh", "-c", `ulimit -n ${openFiles}; exec "$@"`, "sh"];
  const [program, ...args] = [...limited, ...command];
  const child = spawn(program!, args, {
    env: { PATH: process.env.PATH, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = new Log(child);
  const exited = once(child, "exit").then(([code]) => (code as number | null) ?? -1);
  const listening = log.line((line) => tellsPort(line) && line.listener === "http");
  const ended = exited.then((code) => {
    throw new Error(`gateway ended with ${code} before it listened:\n${log.text}`);
  });
  ended.catch(() => undefined);
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  running.add(kill);
  void exited.then(() => running.delete(kill));
  await Promise.race([listening, ended, timeout(READY_MS, () => `gateway is not ready:\n${log.text}`)]);
  const gateway: GatewayProcess = {
    port: portOf(log, "http"),
    pid: child.pid!,
    file,
    folder,
    lines: log.lines,
    line: (matches) => log.line(matches),
    signal: (name) => child.kill(name),
    async stop() {
      child.kill("SIGTERM");
      const code = await exited;
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
    kill,
    exited,
  };
  return { gateway, child, log };
}

/**
 * Gateways that serve the tests of a file in turn, which saves each of them the start: a gateway that one test has killed
 * is reloaded with the configuration of the next. What it has learned stays, so such tests share no endpoint, and count
 * from where counters stand. One that has ended in any other way is not used again.
 */
export class GatewayPool {
  #free: Launched[] = [];

  /** A gateway with this configuration; its lines begin here, and a changed file alone does not reload it. */
  async take(yaml: string): Promise<GatewayProcess> {
    const used = this.#free.find(({ child }) => isAlive(child));
    if (used === undefined) return this.#view(await launch(yaml, { args: ["-hot-reload=false"] }));
    this.#free = this.#free.filter((one) => one !== used);
    await reload(used, yaml);
    return this.#view(used);
  }

  #view(launched: Launched): GatewayProcess {
    const { gateway, log } = launched;
    let taken = true;
    const kill = () => {
      if (taken) this.#free.push(launched);
      taken = false;
      return Promise.resolve();
    };
    return { ...gateway, port: portOf(log, "http"), lines: log.lines, kill };
  }
}

async function reload({ gateway, log }: Launched, yaml: string): Promise<void> {
  const before = log.lines.filter(tellsPort);
  log.turn();
  writeFileSync(gateway.file, yaml);
  gateway.signal("SIGHUP");
  const ended = gateway.exited.then((code) => assert.fail(`gateway ended with ${code}:\n${log.text}`));
  ended.catch(() => undefined);
  const done = await Promise.race([log.line((line) => /^Configuration /.test(line.msg ?? "")), ended]);
  assert.match(done.msg!, /reloaded|unchanged/, log.text);
  // Listeners that stay are not told of again.
  const again = new Set(log.lines.filter(tellsPort).map((line) => line.listener));
  log.lines.unshift(...before.filter((line) => !again.has(line.listener)));
}

function portOf(log: Log, listener: string): number {
  return log.lines.find((line) => tellsPort(line) && line.listener === listener)!.port as number;
}

/** Whether a line says where a listener is bound: others name listeners, too. */
function tellsPort(line: LogLine): boolean {
  return line.listener !== undefined && line.port !== undefined;
}

/** What a process writes, line by line. */
class Log {
  /** Since the last {@link turn}. */
  lines: LogLine[] = [];
  /** Everything, as written. */
  text = "";
  #waiting = new Set<(line: LogLine) => void>();

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) {
      let rest = "";
      stream.on("data", (chunk: Buffer) => {
        this.text += chunk;
        const parts = (rest + chunk).split("\n");
        rest = parts.pop()!;
        for (const part of parts) this.#take(part);
      });
    }
  }

  /** From here on nothing is known of what was written before, and who still waits waits in vain. */
  turn(): void {
    this.lines = [];
    this.#waiting = new Set();
  }

  line(matches: (line: LogLine) => boolean): Promise<LogLine> {
    return new Promise((resolve) => {
      const found = this.lines.find(matches);
      if (found !== undefined) return resolve(found);
      const waiting = this.#waiting;
      const look = (line: LogLine) => {
        if (!matches(line)) return;
        waiting.delete(look);
        resolve(line);
      };
      waiting.add(look);
    });
  }

  #take(line: string): void {
    let parsed: LogLine;
    try {
      parsed = JSON.parse(line) as LogLine;
    } catch {
      parsed = { msg: line };
    }
    this.lines.push(parsed);
    for (const look of [...this.#waiting]) look(parsed);
  }
}

function timeout(ms: number, message: () => string): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(message())), ms).unref());
}

/** A configuration with one rule `/*` to one endpoint; `more` is YAML added at the indentation of sections. */
export function configFor(port: number, more = "", rule = ""): string {
  return `gateway:
  frontend: { http: { host: 127.0.0.1, port: 0, echo: true } }
  router:
    rules:
      - { id: all, path: "/*", serviceName: up${rule === "" ? "" : `, ${rule}`} }
  registry: { static: { services: [ { name: up, instances: [ { id: up-1, address: 127.0.0.1, port: ${port} } ] } ] } }
  shutdown: { delay: 200ms, timeout: 5s }
${more}`;
}
