// Starts the subjects, checks that each answers every case rightly, and remembers who was left out and why.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCase } from "./cases.ts";
import { freePort } from "./ports.ts";
import { probe, waitUntilReady } from "./probe.ts";
import { rssMegabytes } from "./proc.ts";
import type { Child, Processes } from "./processes.ts";
import type { Subject } from "./subjects.ts";

export interface Contender {
  readonly id: string;
  readonly port: number;
  /** Speaks HTTPS to its clients. */
  readonly secure: boolean;
  /** The cases it takes part in; all when absent. */
  readonly only: readonly string[] | undefined;
  /** Nothing for the upstream itself, whose CPU is not measured. */
  readonly child: Child | undefined;
  readonly folder: string;
  /** Memory after start and before any load. */
  readonly idleRssMb: number | undefined;
}

export interface LeftOut {
  readonly id: string;
  readonly reason: string;
}

/** Starts one subject; answers why not when it is missing, does not come up, or answers wrongly. */
export async function startContender(
  subject: Subject,
  processes: Processes,
  core: number | undefined,
  folder: string,
  upstreamPort: number,
  cases: readonly BenchCase[],
): Promise<Contender | LeftOut> {
  const { id, prepare, secure = false, only } = subject;
  const reason = subject.missing();
  if (reason !== undefined) return { id, reason };
  if (!prepare) return { id, secure, only, port: upstreamPort, child: undefined, folder, idleRssMb: undefined };
  const port = await freePort();
  const ownFolder = join(folder, id);
  const child = processes.start(id, prepare(ownFolder, port, upstreamPort), core);
  const complaint = await bringUp(
    port,
    secure,
    child,
    cases.filter((one) => takesPart(one, only)),
  );
  if (complaint !== undefined) return { id, reason: [complaint, child.lastWords()].join("\n").trim() };
  await sleep(1000);
  return { id, secure, only, port, child, folder: ownFolder, idleRssMb: rssMegabytes(child.pid) };
}

/** Whether somebody takes part in a case. */
export function takesPart(one: BenchCase, only: readonly string[] | undefined): boolean {
  return only === undefined || only.includes(one.id);
}

async function bringUp(
  port: number,
  secure: boolean,
  child: Child,
  cases: readonly BenchCase[],
): Promise<string | undefined> {
  const [first] = cases;
  if (!first) return "no case";
  const complaint = await waitUntilReady(port, first, child.alive, { secure });
  if (complaint !== undefined) return complaint;
  for (const one of cases) {
    const wrong = await probe(port, one, secure);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
