// Starts the compiled gateway in a child process on a free port, as a user would, and stops it again.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
  const log = collect(child);
  const exited = once(child, "exit").then(([code]) => (code as number | null) ?? -1);
  const listening = log.line((line) => line.listener === "http");
  const ended = exited.then((code) => {
    throw new Error(`gateway ended with ${code} before it listened:\n${log.text()}`);
  });
  ended.catch(() => undefined);
  const first = await Promise.race([listening, ended, timeout(READY_MS, () => `gateway is not ready:\n${log.text()}`)]);
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    port: first.port as number,
    pid: child.pid!,
    file,
    folder,
    lines: log.lines,
    line: log.line,
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
}

interface Log {
  readonly lines: LogLine[];
  line(matches: (line: LogLine) => boolean): Promise<LogLine>;
  text(): string;
}

function collect(child: ChildProcess): Log {
  const lines: LogLine[] = [];
  const waiting = new Set<(line: LogLine) => void>();
  let text = "";
  const take = (line: string) => {
    let parsed: LogLine;
    try {
      parsed = JSON.parse(line) as LogLine;
    } catch {
      parsed = { msg: line };
    }
    lines.push(parsed);
    for (const look of [...waiting]) look(parsed);
  };
  for (const stream of [child.stdout!, child.stderr!]) {
    let rest = "";
    stream.on("data", (chunk: Buffer) => {
      text += chunk;
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!;
      for (const part of parts) take(part);
    });
  }
  return {
    lines,
    text: () => text,
    line: (matches) =>
      new Promise((resolve) => {
        const found = lines.find(matches);
        if (found !== undefined) return resolve(found);
        const look = (line: LogLine) => {
          if (!matches(line)) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
      }),
  };
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
