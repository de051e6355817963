// One measurement: load on one subject for some seconds, and what it cost the subject.
import { existsSync, truncateSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCase } from "./cases.ts";
import type { Contender } from "./contenders.ts";
import { accessLogFile } from "./gateway-config.ts";
import { cpuNanoseconds, rssMegabytes } from "./proc.ts";
import type { Processes } from "./processes.ts";
import { type LoadResult, runWrk } from "./wrk.ts";

export interface Sample extends LoadResult {
  readonly round: number;
  readonly caseId: string;
  readonly subject: string;
  readonly cpuMicrosecondsPerRequest: number | undefined;
  readonly rssMb: number | undefined;
}

/** Measures one subject on one case; its CPU time is that of the whole process tree across the load. */
export async function measure(
  contender: Contender,
  one: BenchCase,
  round: number,
  seconds: number,
  processes: Processes,
  loadCore: number | undefined,
): Promise<Sample> {
  const { child } = contender;
  const before = child ? cpuNanoseconds(child.pid) : 0;
  const load = await runWrk(processes, loadCore, contender.port, one, seconds);
  const used = child ? cpuNanoseconds(child.pid) - before : 0;
  const sample = {
    round,
    caseId: one.id,
    subject: contender.id,
    ...load,
    cpuMicrosecondsPerRequest: child && load.requests > 0 ? used / 1000 / load.requests : undefined,
    rssMb: child ? rssMegabytes(child.pid) : undefined,
  };
  if (existsSync(accessLogFile(contender.folder))) truncateSync(accessLogFile(contender.folder));
  await sleep(200); // let the closed connections be noticed outside of the next measurement
  return sample;
}
