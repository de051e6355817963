// Makes a temporary folder and a place for processes that are both gone when this program ends, however it ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Processes } from "./processes.ts";

export interface Workspace {
  readonly folder: string;
  readonly processes: Processes;
}

/** Opens the workspace and registers its closing for a normal end, an error and a signal. */
export function openWorkspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "gateway-bench-"));
  const processes = new Processes(folder);
  process.once("exit", () => {
    processes.killAll();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
    ["SIGHUP", 1],
  ] as const) {
    process.once(signal, () => process.exit(128 + number));
  }
  return { folder, processes };
}
