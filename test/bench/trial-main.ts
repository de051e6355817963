// What the programs that run trials have in common: their command line, the machine, and the report at the end.
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openWorkspace } from "./cleanup.ts";
import { gatewayEntry } from "./gateway-config.ts";
import { chooseCores, describeMachine } from "./machine.ts";
import { installPeers, installPrograms } from "./tools.ts";
import type { Trial } from "./trial.ts";
import { type Goal, renderTrials } from "./trial-report.ts";
import { runTrial, type TrialResult } from "./trial-run.ts";

/** One such program. */
export interface TrialProgram {
  readonly title: string;
  /** Its file in test/bench. */
  readonly file: string;
  readonly trials: readonly Trial[];
  readonly goals: (results: readonly TrialResult[]) => readonly Goal[];
}

/** Runs it with the arguments behind the script name, and ends the process. */
export function runProgram(program: TrialProgram, args: readonly string[]): void {
  main(program, args).then(
    () => process.exit(0),
    (error: unknown) => {
      say(`bench: ${error instanceof Error ? error.message : String(error)}`);
      say(
        `usage: tsx test/bench/${program.file} [--rounds N] [--seconds N] [--cases a,b] [--subjects a,b] [--json FILE]`,
      );
      say(`  cases: ${casesOf(program).join(", ")}`);
      process.exit(1);
    },
  );
}

async function main(program: TrialProgram, args: readonly string[]): Promise<void> {
  const { rounds, seconds, cases, taking, json } = readOptions(program, args);
  if (!existsSync(gatewayEntry)) throw new Error("dist/main.js is not built");
  const trials = program.trials
    .map((trial) => ({
      ...trial,
      subjects: trial.subjects.filter((one) => taking === null || taking.includes(one.id)),
      cases: trial.cases.filter((one) => cases.includes(one.id)),
    }))
    .filter((trial) => trial.cases.length > 0);
  const subjects = trials.flatMap((trial) => trial.subjects);
  if (subjects.some((one) => one.npmPackage !== undefined)) installPeers(say);
  installPrograms([...new Set(subjects.flatMap((one) => one.program ?? []))], say);
  const machine = describeMachine(
    subjects.map((one) => ({ ...one, id: one.program ?? one.id, missing: () => undefined })),
  );
  const cores = chooseCores();
  const workspace = openWorkspace();
  const results: TrialResult[] = [];
  for (const trial of trials) results.push(await runTrial(trial, workspace, { rounds, seconds, cores, say }));
  const pinning =
    cores.subject === undefined
      ? "nothing pinned (taskset is missing)"
      : `subjects pinned to core ${cores.subject}, load and backend to core ${cores.load}`;
  const report = {
    title: program.title,
    command: [`tsx test/bench/${program.file}`, ...args].join(" "),
    machine,
    setup: `Setup: rounds ${rounds}, ${seconds} s each, ${pinning}`,
    results,
    goals: program.goals(results),
  };
  process.stdout.write(renderTrials(report));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
}

function readOptions(program: TrialProgram, args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "3" },
      cases: { type: "string", default: casesOf(program).join(",") },
      subjects: { type: "string" },
      json: { type: "string" },
    },
  });
  const cases = values.cases.split(",");
  for (const id of cases) if (!casesOf(program).includes(id)) throw new Error(`--cases: unknown "${id}"`);
  const number = (name: "rounds" | "seconds") => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`--${name}: not a whole number above 0: "${values[name]}"`);
    return value;
  };
  return {
    rounds: number("rounds"),
    seconds: number("seconds"),
    cases,
    taking: values.subjects?.split(",") ?? null,
    json: values.json,
  };
}

function casesOf(program: TrialProgram): readonly string[] {
  return program.trials.flatMap((trial) => trial.cases.map((one) => one.id));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
