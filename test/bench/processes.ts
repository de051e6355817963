// Starts child processes pinned to a core, and makes sure that none of them outlives the benchmark.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processTree } from "./proc.ts";
import { searchPath } from "./tools.ts";

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** False once the process has ended, for whatever reason. */
  alive(): boolean;
  /** The end of what the process wrote to stdout and stderr. */
  lastWords(): string;
}

export class Processes {
  readonly #folder: string;
  readonly #running = new Set<ChildProcess>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a long-running process on one core; its output goes to a file in the temporary folder. */
  start(name: string, launch: Launch, core: number | undefined): Child {
    const logFile = join(this.#folder, `${name}.out`);
    const log = openSync(logFile, "a");
    const { command, args } = pin(launch, core);
    const child = spawn(command, args, { cwd: this.#folder, env: environment(), stdio: ["ignore", log, log] });
    closeSync(log);
    const pid = this.#track(name, child);
    return {
      name,
      pid,
      alive: () => child.exitCode === null && child.signalCode === null,
      lastWords: () => readFileSync(logFile, "utf8").trim().split("\n").slice(-5).join("\n"),
    };
  }

  /** Runs a process on one core to its end and answers what it wrote to stdout. */
  output(name: string, launch: Launch, core: number | undefined): Promise<string> {
    const { command, args } = pin(launch, core);
    const child = spawn(command, args, { cwd: this.#folder, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    this.#track(name, child);
    return new Promise((resolve, reject) => {
      let out = "";
      let errors = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        errors += text;
      });
      child.once("error", reject);
      child.once("close", (code) => {
        if (code === 0) resolve(out);
        else reject(new Error(`${name} ended with code ${code}: ${errors.trim()}`));
      });
    });
  }

  /** Asks everything to end, waits a little for it, and kills what is left. */
  async close(waitMs = 2000): Promise<void> {
    const ended = [...this.#running].map(
      (child) =>
        new Promise<void>((resolve) => {
          child.once("exit", () => resolve());
          child.kill("SIGTERM");
        }),
    );
    const waiting = new AbortController();
    await Promise.race([Promise.all(ended), sleep(waitMs, undefined, { signal: waiting.signal }).catch(() => {})]);
    waiting.abort();
    this.killAll();
  }

  /** Ends everything at once, parents first so that none restarts a worker; safe to call twice and at exit. */
  killAll(): void {
    for (const child of this.#running) kill(child);
    this.#running.clear();
  }

  #track(name: string, child: ChildProcess): number {
    this.#running.add(child);
    child.once("exit", () => this.#running.delete(child));
    child.once("error", () => this.#running.delete(child));
    if (child.pid === undefined) throw new Error(`cannot start ${name}`);
    return child.pid;
  }
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  for (const pid of processTree(child.pid)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // already gone
    }
  }
}

function pin(launch: Launch, core: number | undefined): Launch {
  if (core === undefined) return launch;
  return { command: "taskset", args: ["-c", String(core), launch.command, ...launch.args] };
}

/** A small fixed environment, so that no loader option or gateway override of the caller leaks into a subject. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: searchPath, LC_ALL: "C", NODE_ENV: "production" };
}
