// The race itself: warm-up, then interleaved rounds in which each subject takes its turn on each case.
import type { BenchCase } from "./cases.ts";
import { type Contender, type LeftOut, takesPart } from "./contenders.ts";
import type { Cores } from "./machine.ts";
import { measure, type Sample } from "./measure.ts";
import type { Child, Processes } from "./processes.ts";
import { runWrk } from "./wrk.ts";

export interface Race {
  readonly contenders: readonly Contender[];
  /** Grows when a subject breaks down on the way. */
  readonly leftOut: LeftOut[];
  readonly cases: readonly BenchCase[];
  readonly processes: Processes;
  readonly cores: Cores;
  readonly upstream: Child;
  readonly say: (line: string) => void;
}

const warmUpSeconds = 4;

/** Four seconds for each subject, shared by the cases, so that every path is compiled before it counts. */
export async function warmUp(race: Race): Promise<void> {
  const seconds = Math.max(1, Math.round(warmUpSeconds / race.cases.length));
  for (const contender of race.contenders) {
    if (!contender.child) continue;
    race.say(`warming up ${contender.id}`);
    for (const one of race.cases) {
      if (!takesPart(one, contender.only)) continue;
      await attempt(race, contender, `warm-up of ${one.id}`, () =>
        runWrk(race.processes, race.cores.load, contender, one, seconds),
      );
    }
  }
}

/** All measurements; the order of the subjects moves on by one with every case and every round. */
export async function runRounds(race: Race, rounds: number, seconds: number): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [position, one] of race.cases.entries()) {
      for (const contender of rotate(race.contenders, round + position)) {
        if (!takesPart(one, contender.only)) continue;
        const sample = await attempt(race, contender, `${one.id} in round ${round + 1}`, () =>
          measure(contender, one, round, seconds, race.processes, race.cores),
        );
        if (!sample) continue;
        samples.push(sample);
        race.say(`round ${round + 1}/${rounds} ${one.id} ${contender.id}: ${progress(sample)}`);
      }
    }
  }
  return samples;
}

/** Does something with a subject that is still in the race; one that breaks down leaves it, and the others go on. */
async function attempt<T>(
  race: Race,
  contender: Contender,
  step: string,
  action: () => Promise<T>,
): Promise<T | undefined> {
  const { id, child } = contender;
  if (race.leftOut.some((one) => one.id === id)) return undefined;
  let failure = "the process ended";
  try {
    const result = await action();
    if (race.upstream.alive() && child?.alive() !== false) return result;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  if (!race.upstream.alive()) throw new Error(`the upstream ended during the run\n${race.upstream.lastWords()}`);
  const reason = [`broke down at ${step}: ${failure}`, child?.lastWords()].join("\n").trim();
  race.leftOut.push({ id, reason });
  race.say(`left out: ${id} (${reason})`);
  return undefined;
}

function rotate<T>(list: readonly T[], by: number): readonly T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

function progress(sample: Sample): string {
  const cpu = sample.cpuMicrosecondsPerRequest;
  const rest = `${sample.requestsPerSecond.toFixed(0)} requests/s, ${sample.errors} errors`;
  return cpu === undefined ? rest : `${cpu.toFixed(1)} µs CPU/request, ${rest}`;
}
