// Health by a program: exit code 0 is healthy. It runs without a shell, with a minimal environment, and is killed with all its
// children.
import { type ChildProcess, spawn } from "node:child_process";
import type { Shortage } from "../wire/shortage.ts";
import { type Probe, reasonOf } from "./probe.ts";

/** A program to run. */
export interface ExecTarget {
  /** Absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** Environment variables besides `PATH`. */
  readonly env: Readonly<Record<string, string>>;
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs the program in a separate process group. Its output is discarded. */
export function execProbe(shortage: Shortage, { command, args, env }: ExecTarget): Probe {
  return (done) => {
    const fail = (error: Error) => done(shortage.caused(error) ? undefined : `cannot be run: ${reasonOf(error)}`);
    let child: ChildProcess;
    try {
      child = spawn(command, args, { cwd: "/", env: { PATH, ...env }, stdio: "ignore", detached: true });
    } catch (error) {
      fail(error as Error);
      return () => undefined;
    }
    let running = true;
    child.on("error", (error) => {
      running = child.pid !== undefined;
      fail(error);
    });
    child.on("exit", (code, signal) => {
      running = false;
      done(code === 0 ? null : code === null ? `ended by ${signal}` : `exit code ${code}`);
    });
    child.unref();
    return () => {
      if (running && child.pid !== undefined) killGroup(child.pid);
      running = false;
    };
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in this very moment.
  }
}
