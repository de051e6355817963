// Reads CPU time and memory of a process tree from /proc: the figures the benchmark trusts most.
import { readdirSync, readFileSync } from "node:fs";

/** The process and all its descendants, parents first. */
export function processTree(pid: number): readonly number[] {
  const tree = [pid];
  for (const parent of tree) {
    for (const task of entries(`/proc/${parent}/task`)) {
      const children = read(`/proc/${parent}/task/${task}/children`).split(" ").filter(Boolean).map(Number);
      tree.push(...children);
    }
  }
  return tree;
}

/** CPU time in nanoseconds that the process, all its threads and all its descendants have used so far. */
export function cpuNanoseconds(pid: number): number {
  let sum = 0;
  for (const one of processTree(pid)) {
    for (const task of entries(`/proc/${one}/task`)) {
      sum += Number(read(`/proc/${one}/task/${task}/schedstat`).split(" ", 1)[0]);
    }
  }
  return sum;
}

/** Resident memory in MB (2^20 bytes) of the process and all its descendants. */
export function rssMegabytes(pid: number): number {
  let kilobytes = 0;
  for (const one of processTree(pid)) {
    kilobytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${one}/status`))?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

/** Highest resident memory in MB (2^20 bytes) of the process since it began, or since its `clear_refs` was set to 5. */
export function peakMegabytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** Time in nanoseconds a core has been busy so far with anything at all, to the 10 ms /proc/stat counts in. */
export function coreBusyNanoseconds(core: number): number {
  const line = new RegExp(`^cpu${core} (.+)$`, "m").exec(read("/proc/stat"))?.[1] ?? "";
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(" ").map(Number);
  return (user + nice + system + irq + softirq + steal) * 10_000_000;
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // the process ended between two looks
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
