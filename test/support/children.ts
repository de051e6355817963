// Child processes: whether they run, and their end.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Whether a process was started and has not ended. */
export function isAlive(child: ChildProcess | null): child is ChildProcess {
  return child !== null && child.exitCode === null && child.signalCode === null;
}

/** Kills a process, if it runs, and waits for its end. */
export async function killed(child: ChildProcess | null): Promise<void> {
  if (!isAlive(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
