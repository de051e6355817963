// The benchmark: every subject on every case in interleaved rounds, reported as CPU time per request.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cases as allCases, type BenchCase } from "./cases.ts";
import { openWorkspace, type Workspace } from "./cleanup.ts";
import { type Contender, type LeftOut, startContender } from "./contenders.ts";
import { type Cores, chooseCores, describeMachine } from "./machine.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { freePort } from "./ports.ts";
import { waitUntilReady } from "./probe.ts";
import type { Child } from "./processes.ts";
import { type Race, runRounds, warmUp } from "./race.ts";
import { type Result, renderReport } from "./report.ts";
import { spreadOf } from "./statistics.ts";
import { subjects as allSubjects } from "./subjects.ts";
import { summarise } from "./summary.ts";
import { installPeers, installPrograms, isInstalled } from "./tools.ts";
import { prepareUpstream, upstreamTitle } from "./upstream.ts";

async function main(args: readonly string[], options: Options): Promise<void> {
  const cases = allCases.filter((one) => options.cases.includes(one.id));
  const taking = allSubjects.filter((one) => options.subjects.includes(one.id));
  if (taking.some((one) => one.npmPackage)) installPeers(say);
  installPrograms([...new Set(["wrk", "nginx", ...taking.flatMap((one) => one.program ?? [])])], say);
  if (!isInstalled("wrk")) throw new Error("the load generator wrk is not installed");

  const machine = describeMachine(taking);
  const cores = chooseCores();
  const workspace = openWorkspace();
  const { processes, folder } = workspace;
  const upstream = await startUpstream(workspace, cores, cases);
  const contenders: Contender[] = [];
  const leftOut: LeftOut[] = [];
  for (const subject of taking) {
    const started = await startContender(subject, processes, cores.subject, folder, upstream.port, cases);
    if ("reason" in started) leftOut.push(started);
    else contenders.push(started);
  }
  for (const { id, reason } of leftOut) say(`left out: ${id} (${reason})`);

  const race: Race = { contenders, leftOut, cases, processes, cores, upstream: upstream.child, say };
  await warmUp(race);
  const samples = await runRounds(race, options.rounds, options.seconds);
  await processes.close();

  const idle = contenders.flatMap(({ id, idleRssMb }) => (idleRssMb === undefined ? [] : [[id, idleRssMb] as const]));
  const result: Result = {
    command: ["tsx test/bench/run.ts", ...args].join(" "),
    machine,
    setup: describeSetup(options, cores),
    foreignShare: spreadOf(samples.flatMap((sample) => sample.foreignShare ?? [])),
    cases,
    rows: cases.flatMap((one) => taking.flatMap((subject) => summarise(samples, one.id, subject.id) ?? [])),
    leftOut,
    idleRssMb: Object.fromEntries(idle),
  };
  process.stdout.write(renderReport(result));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ ...result, samples }, null, 2)}\n`);
}

async function startUpstream(
  { folder, processes }: Workspace,
  cores: Cores,
  cases: readonly BenchCase[],
): Promise<{ readonly child: Child; readonly port: number }> {
  const port = await freePort();
  const child = processes.start("upstream", prepareUpstream(join(folder, "upstream"), port), cores.load);
  for (const one of cases) {
    const complaint = await waitUntilReady(port, one, child.alive);
    if (complaint !== undefined) throw new Error(`the upstream: ${complaint}\n${child.lastWords()}`);
  }
  return { child, port };
}

function describeSetup(options: Options, cores: Cores): string {
  const pinning =
    cores.subject === undefined
      ? "nothing pinned (taskset is missing)"
      : `subjects pinned to core ${cores.subject}, load and upstream to core ${cores.load}`;
  return `Setup: rounds ${options.rounds}, ${options.seconds} s each, 64 connections, upstream ${upstreamTitle()}, ${pinning}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(error: unknown, help = ""): never {
  say(`bench: ${error instanceof Error ? error.message : String(error)}${help}`);
  process.exit(1);
}

function readArguments(args: readonly string[]): Options {
  try {
    return readOptions(args);
  } catch (error) {
    return fail(error, `\n${usage}`);
  }
}

const commandLine = process.argv.slice(2);
main(commandLine, readArguments(commandLine)).then(
  () => process.exit(0),
  (error: unknown) => fail(error),
);
