// Health by a program: exit code 0 is well. No shell, next to no environment, and it is killed with all its children.
import { spawn } from "node:child_process";
import { type Probe, reasonOf } from "./probe.ts";

/** A program to run. */
export interface ExecTarget {
  /** Absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** All it gets beside `PATH`. */
  readonly env: Readonly<Record<string, string>>;
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs the program in a process group of its own. What it writes is dropped. */
export function execProbe({ command, args, env }: ExecTarget): Probe {
  return (done) => {
    const child = spawn(command, args, { cwd: "/", env: { PATH, ...env }, stdio: "ignore", detached: true });
    let running = true;
    child.on("error", (error) => {
      running = child.pid !== undefined;
      done(`cannot be run: ${reasonOf(error)}`);
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
