// Describes the machine and the versions of everybody in the race, so that a figure can be judged later.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, loadavg, release } from "node:os";
import { join } from "node:path";
import type { Subject } from "./subjects.ts";
import { isInstalled, searchPath } from "./tools.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  readonly loadAverage: number;
  readonly versions: Readonly<Record<string, string>>;
}

export interface Cores {
  /** Where the subject runs. */
  readonly subject: number | undefined;
  /** Where the load generator and the upstream run. */
  readonly load: number | undefined;
}

/** What the report says about this machine and the given subjects. */
export function describeMachine(taking: readonly Subject[]): Machine {
  const versions: Record<string, string> = {};
  for (const subject of taking) {
    if (subject.program && isInstalled(subject.program)) versions[subject.id] = programVersion(subject.program);
    if (subject.npmPackage) versions[subject.npmPackage] = packageVersion(subject.npmPackage);
  }
  versions.wrk = programVersion("wrk");
  return {
    cpu: /^model name\s*:\s*(.+)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown",
    cores: availableParallelism(),
    kernel: release(),
    node: process.version,
    loadAverage: loadavg()[0] ?? 0,
    versions,
  };
}

/** The first two cores this process may use; the same one twice on a machine with one; none without taskset. */
export function chooseCores(): Cores {
  if (!isInstalled("taskset")) return { subject: undefined, load: undefined };
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  const allowed = list.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  });
  return { subject: allowed[0], load: allowed[1] ?? allowed[0] };
}

function programVersion(program: string): string {
  const { stdout, stderr } = spawnSync(program, ["-v"], { encoding: "utf8", env: { PATH: searchPath } });
  return /(\d+\.\d+[\w.+~-]*)/.exec(`${stdout}${stderr}`)?.[1] ?? "unknown";
}

function packageVersion(name: string): string {
  try {
    const text = readFileSync(join(import.meta.dirname, "node_modules", name, "package.json"), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return "not installed";
  }
}
