// What the built gateway takes from being started to its first right answer: time, CPU and memory over ten starts.
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { cases } from "./cases.ts";
import { openWorkspace } from "./cleanup.ts";
import { gatewayEntry, gatewayProxy } from "./gateway-config.ts";
import { freePort } from "./ports.ts";
import { waitUntilReady } from "./probe.ts";
import { cpuNanoseconds, rssMegabytes } from "./proc.ts";
import { spreadOf } from "./statistics.ts";

const starts = 10;

async function main(): Promise<void> {
  if (!existsSync(gatewayEntry)) throw new Error("dist/main.js is not built");
  const question = cases.find((one) => one.id === "get-1k");
  if (!question) throw new Error("the case get-1k is gone");
  const { folder, processes } = openWorkspace();
  const upstream = createServer((_request, response) => response.end("x".repeat(question.responseBytes)));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port: upstreamPort } = upstream.address() as AddressInfo;

  const took: number[] = [];
  const cpu: number[] = [];
  const rss: number[] = [];
  for (let n = 0; n < starts; n++) {
    const port = await freePort();
    const launch = gatewayProxy(join(folder, String(n)), port, upstreamPort);
    const begin = performance.now();
    const child = processes.start(`gateway-${n}`, launch, undefined);
    const complaint = await waitUntilReady(port, question, child.alive, { pauseMs: 2 });
    if (complaint !== undefined) throw new Error(`${complaint}\n${child.lastWords()}`);
    took.push(performance.now() - begin);
    cpu.push(cpuNanoseconds(child.pid) / 1e6);
    rss.push(rssMegabytes(child.pid));
    await processes.close();
  }
  process.stdout.write(`start to first answer, median (lowest–highest) of ${starts}, node ${process.version}: `);
  process.stdout.write(`${told(took)} ms, CPU ${told(cpu)} ms, RSS ${told(rss)} MB\n`);
}

function told(values: readonly number[]): string {
  const { median, min, max } = spreadOf(values)!;
  return `${median.toFixed(0)} (${min.toFixed(0)}–${max.toFixed(0)})`;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`startup: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
