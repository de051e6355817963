// What becomes of important requests when four times as many clients come as the gateway can serve, with and without
// shedding: the figures behind the overload lines of docs/performance.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cases } from "./cases.ts";
import { openWorkspace } from "./cleanup.ts";
import { gatewayEntry } from "./gateway-config.ts";
import { chooseCores } from "./machine.ts";
import { freePort } from "./ports.ts";
import { waitUntilReady } from "./probe.ts";
import { cpuNanoseconds, rssMegabytes } from "./proc.ts";
import type { Launch, Processes } from "./processes.ts";
import { spreadOf } from "./statistics.ts";
import { prepareUpstream } from "./upstream.ts";
import { type LoadResult, parseWrk } from "./wrk.ts";

/** Connections of each tier; those of the first alone are enough to keep the gateway busy. */
const TIERS = { high: 128, normal: 128, low: 256 } as const;
type Tier = keyof typeof TIERS;
const ROUNDS = Number(process.argv[2] ?? 5);
const SECONDS = Number(process.argv[3] ?? 5);

function gateway(folder: string, port: number, upstreamPort: number, shedding: boolean): Launch {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "gateway.yaml");
  const rules = Object.keys(TIERS).map(
    (tier) => `      - { id: ${tier}, path: "/${tier}/*", serviceName: up, stripPrefix: true, tier: ${tier} }`,
  );
  writeFileSync(
    file,
    `gateway:
  frontend: { http: { host: 127.0.0.1, port: ${port} } }
  backend: { http: { maxIdleConnsPerHost: 512, maxIdleConns: 512 } }
  overload: { enabled: ${shedding}, maxLoopDelay: ${process.argv[4] ?? "10ms"} }
  router:
    rules:
${rules.join("\n")}
      - { path: /1k, serviceName: up }
  registry: { static: { services: [ { name: up, instances: [ { address: 127.0.0.1, port: ${upstreamPort} } ] } ] } }
  metrics: { enabled: true }
  telemetry: { logging: { output: ${JSON.stringify(join(folder, "access.log"))} } }
`,
  );
  return { command: process.execPath, args: [gatewayEntry, "-config", file] };
}

async function load(processes: Processes, core: number | undefined, port: number, tier: Tier): Promise<LoadResult> {
  const args = ["-t1", `-c${TIERS[tier]}`, `-d${SECONDS}s`, "--latency", "--timeout", "5s"];
  const launch = { command: "wrk", args: [...args, `http://127.0.0.1:${port}/${tier}/1k`] };
  return parseWrk(await processes.output(`wrk-${tier}`, launch, core));
}

interface Row {
  readonly name: string;
  readonly alone: LoadResult[];
  readonly crowd: Record<Tier, LoadResult[]>;
  /** CPU time per answered important request, refusals and all, in the crowd as a multiple of that alone. */
  readonly cost: number[];
}

async function main(): Promise<void> {
  const { folder, processes } = openWorkspace();
  const cores = chooseCores();
  const upstreamPort = await freePort();
  processes.start("upstream", prepareUpstream(folder, upstreamPort), cores.load);
  const rows: Row[] = [];
  for (const shedding of [false, true]) {
    const name = shedding ? "shedding" : "without";
    const port = await freePort();
    const child = processes.start(name, gateway(join(folder, name), port, upstreamPort, shedding), cores.subject);
    const complaint = await waitUntilReady(port, cases[0]!, child.alive, { pauseMs: 50 });
    if (complaint !== undefined) throw new Error(`${complaint}\n${child.lastWords()}`);
    const row: Row = { name, alone: [], crowd: { high: [], normal: [], low: [] }, cost: [] };
    await load(processes, cores.load, port, "high"); // to be warm
    for (let round = 0; round < ROUNDS; round++) {
      const began = cpuNanoseconds(child.pid);
      const alone = await load(processes, cores.load, port, "high");
      const between = cpuNanoseconds(child.pid);
      row.alone.push(alone);
      const tiers = Object.keys(TIERS) as Tier[];
      const results = await Promise.all(tiers.map((tier) => load(processes, cores.load, port, tier)));
      const ended = cpuNanoseconds(child.pid);
      for (const [i, tier] of tiers.entries()) row.crowd[tier].push(results[i]!);
      const each = (nanoseconds: number, { requests }: LoadResult) => nanoseconds / requests;
      row.cost.push(each(ended - between, results[0]!) / each(between - began, alone));
      await sleep(500);
    }
    rows.push(row);
    process.stdout.write(`${name}: ${rssMegabytes(child.pid).toFixed(0)} MB at the end\n`);
  }
  for (const { name, alone, crowd, cost } of rows) {
    print(`${name}, high alone`, alone);
    for (const tier of Object.keys(TIERS) as Tier[]) print(`${name}, crowd, ${tier}`, crowd[tier]);
    const against = (of: (result: LoadResult) => number) =>
      times(crowd.high.map((result, round) => of(result) / of(alone[round]!)));
    process.stdout.write(
      `${name}: of what it is alone, the goodput of high is ${against((r) => r.requests)}, its p99 ${against((r) => r.p99Ms)}, ` +
        `and the CPU the gateway spends for each of its requests ${times(cost)}\n`,
    );
  }
  await processes.close();
}

function times(ratios: readonly number[]): string {
  const { median, min, max } = spreadOf(ratios)!;
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

function print(name: string, results: readonly LoadResult[]): void {
  const middle = (of: (result: LoadResult) => number) => spreadOf(results.map(of))!.median;
  const answered = middle((r) => r.requests / SECONDS).toFixed(0);
  const refused = middle((r) => r.errors / SECONDS).toFixed(0);
  const waits = `p50 ${middle((r) => r.p50Ms).toFixed(2)} ms, p99 ${middle((r) => r.p99Ms).toFixed(2)} ms`;
  process.stdout.write(`${name.padEnd(24)} ${answered.padStart(6)}/s, ${refused} refused/s, ${waits}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`overload: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
