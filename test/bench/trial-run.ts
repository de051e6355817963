// Runs a trial: starts backend and subjects, warms them up, and measures them in interleaved rounds.
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Workspace } from "./cleanup.ts";
import type { LeftOut } from "./contenders.ts";
import type { LoadReport, Orders } from "./load/window.ts";
import type { Cores } from "./machine.ts";
import { freePort } from "./ports.ts";
import { rssMegabytes } from "./proc.ts";
import type { Child } from "./processes.ts";
import { isInstalled } from "./tools.ts";
import type { Trial, TrialCase, TrialSubject } from "./trial.ts";
import { typescript } from "./typescript.ts";

/** One measurement. */
export interface TrialSample extends LoadReport {
  readonly round: number;
  readonly caseId: string;
  readonly subject: string;
}

/** What came of a trial. */
export interface TrialResult {
  readonly trial: Trial;
  readonly samples: readonly TrialSample[];
  readonly leftOut: readonly LeftOut[];
  /** Memory before any load, MB. */
  readonly idleRssMb: Readonly<Record<string, number>>;
}

/** How it is run. */
export interface TrialSettings {
  readonly rounds: number;
  readonly seconds: number;
  readonly cores: Cores;
  readonly say: (line: string) => void;
}

interface Running {
  readonly id: string;
  readonly port: number;
  readonly child: Child | undefined;
}

const START_MS = 15_000;
const WARM_UP_SECONDS = 3;

/** Everything is ended again before it answers. */
export async function runTrial(trial: Trial, workspace: Workspace, settings: TrialSettings): Promise<TrialResult> {
  const run = new TrialRun(trial, workspace, settings);
  try {
    return await run.run();
  } finally {
    await workspace.processes.close();
  }
}

class TrialRun {
  readonly #trial: Trial;
  readonly #workspace: Workspace;
  readonly #settings: TrialSettings;
  readonly #samples: TrialSample[] = [];
  readonly #leftOut: LeftOut[] = [];
  #upstreamPort = 0;

  constructor(trial: Trial, workspace: Workspace, settings: TrialSettings) {
    this.#trial = trial;
    this.#workspace = workspace;
    this.#settings = settings;
  }

  async run(): Promise<TrialResult> {
    const { processes } = this.#workspace;
    const { rounds, seconds, cores, say } = this.#settings;
    const { id, upstream, subjects, cases } = this.#trial;
    const upstreamPort = await freePort();
    this.#upstreamPort = upstreamPort;
    const backend = processes.start(`${id}-upstream`, upstream(upstreamPort), cores.load);
    if (!(await listens(upstreamPort, backend))) throw new Error(`the backend of ${id}: ${backend.lastWords()}`);
    const running: Running[] = [];
    const idleRssMb: Record<string, number> = {};
    for (const subject of subjects) {
      const started = await this.#start(subject, upstreamPort);
      if (started === null) continue;
      running.push(started);
      if (started.child !== undefined) idleRssMb[started.id] = rssMegabytes(started.child.pid);
    }
    for (const one of cases) {
      if (one.once === true) continue;
      for (const subject of running) await this.#attempt(subject, one, -1, WARM_UP_SECONDS);
    }
    for (let round = 0; round < rounds; round++) {
      for (const [position, one] of cases.entries()) {
        if (one.once === true && round > 0) continue;
        for (let n = 0; n < running.length; n++) {
          const subject = running[(n + round + position) % running.length]!;
          const sample = await this.#attempt(subject, one, round, seconds);
          if (sample !== null) say(`round ${round + 1}/${rounds} ${one.id} ${subject.id}: ${progress(one, sample)}`);
        }
      }
    }
    return { trial: this.#trial, samples: this.#samples, leftOut: this.#leftOut, idleRssMb };
  }

  async #start(subject: TrialSubject, upstreamPort: number): Promise<Running | null> {
    const { processes, folder } = this.#workspace;
    const { id, program, prepare } = subject;
    if (program !== undefined && !isInstalled(program)) return this.#leave(id, `${program} is not installed`);
    if (prepare === undefined) return { id, port: upstreamPort, child: undefined };
    const port = await freePort();
    const name = `${this.#trial.id}-${id}`;
    const child = processes.start(name, prepare(join(folder, name), port, upstreamPort), this.#settings.cores.subject);
    if (!(await listens(port, child))) return this.#leave(id, `does not listen\n${child.lastWords()}`);
    await sleep(1000);
    return { id, port, child };
  }

  /** Measures once; a subject that fails is left out from then on. */
  async #attempt(subject: Running, one: TrialCase, round: number, seconds: number): Promise<TrialSample | null> {
    const { id, port, child } = subject;
    if (this.#leftOut.some((left) => left.id === id) || one.only?.includes(id) === false) return null;
    const { cores } = this.#settings;
    const core = child === undefined ? -1 : (cores.subject ?? -1);
    const upstreamPort = this.#upstreamPort;
    const orders: Orders = { ...one.orders, port, upstreamPort, subject: id, pid: child?.pid ?? 0, core, seconds };
    const launch = typescript(`load/${one.generator}.ts`, JSON.stringify(orders));
    try {
      const text = await this.#workspace.processes.output(one.generator, launch, cores.load);
      const sample = { ...(JSON.parse(text) as LoadReport), round, caseId: one.id, subject: id };
      if (sample.units === 0) throw new Error("nothing was done");
      if (round >= 0) this.#samples.push(sample);
      await sleep(300); // closed connections are noticed outside of the next measurement
      return sample;
    } catch (error) {
      return this.#leave(id, `${one.id}: ${(error as Error).message}\n${child?.lastWords() ?? ""}`.trim());
    }
  }

  #leave(id: string, reason: string): null {
    this.#leftOut.push({ id, reason });
    this.#settings.say(`left out: ${id} (${reason})`);
    return null;
  }
}

/** Waits until somebody accepts connections on the port. */
async function listens(port: number, child: Child): Promise<boolean> {
  const end = performance.now() + START_MS;
  while (performance.now() < end && child.alive()) {
    const accepted = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (accepted) return true;
    await sleep(20);
  }
  return false;
}

function progress(one: TrialCase, sample: TrialSample): string {
  if (one.unit === null) return `${sample.rssMb.toFixed(0)} MB, ${sample.errors} errors`;
  const each = (sample.cpuMicroseconds / sample.units).toFixed(1);
  const rest = `${sample.unitsPerSecond.toFixed(0)} ${one.unit}s/s, p99 ${sample.p99Ms?.toFixed(1)} ms, max ${sample.maxMs?.toFixed(1)} ms`;
  return `${each} µs CPU/${one.unit}, ${rest}, ${sample.errors} errors`;
}
