// One measurement: load on one subject for some seconds, and what it cost the subject.
import { existsSync, truncateSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCase } from "./cases.ts";
import type { Contender } from "./contenders.ts";
import { accessLogFile } from "./gateway-config.ts";
import type { Cores } from "./machine.ts";
import { coreBusyNanoseconds, cpuNanoseconds, rssMegabytes } from "./proc.ts";
import type { Processes } from "./processes.ts";
import { type LoadResult, runWrk } from "./wrk.ts";

export interface Sample extends LoadResult {
  readonly round: number;
  readonly caseId: string;
  readonly subject: string;
  readonly cpuMicrosecondsPerRequest: number | undefined;
  readonly rssMb: number | undefined;
  /** Share of the subject's core, 0 to 1, that went to anything but the subject: how far to trust the rest. */
  readonly foreignShare: number | undefined;
}

/** Measures one subject on one case; its CPU time is that of the whole process tree across the load. */
export async function measure(
  contender: Contender,
  one: BenchCase,
  round: number,
  seconds: number,
  processes: Processes,
  cores: Cores,
): Promise<Sample> {
  const { child } = contender;
  const begin = performance.now();
  const busyBefore = cores.subject === undefined ? 0 : coreBusyNanoseconds(cores.subject);
  const before = child ? cpuNanoseconds(child.pid) : 0;
  const load = await runWrk(processes, cores.load, contender, one, seconds);
  const used = child ? cpuNanoseconds(child.pid) - before : 0;
  const busy = cores.subject === undefined ? undefined : coreBusyNanoseconds(cores.subject) - busyBefore;
  const elapsed = (performance.now() - begin) * 1e6;
  const sample = {
    round,
    caseId: one.id,
    subject: contender.id,
    ...load,
    cpuMicrosecondsPerRequest: child && load.requests > 0 ? used / 1000 / load.requests : undefined,
    rssMb: child ? rssMegabytes(child.pid) : undefined,
    foreignShare: busy === undefined ? undefined : Math.max(0, busy - used) / elapsed,
  };
  if (existsSync(accessLogFile(contender.folder))) truncateSync(accessLogFile(contender.folder));
  await sleep(200); // let the closed connections be noticed outside of the next measurement
  return sample;
}
